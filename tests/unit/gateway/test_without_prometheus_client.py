"""The gateway without prometheus-client: metrics are answered with 503, and all else is as ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.fake_providers import WHOLE
from support.patience import PATIENCE_S

from alertdrill.gateway.__main__ import attach_surfaces

ROOT = Path(__file__).parents[3]
START_WITHOUT = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "prometheus_client":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv[0] = "alertdrill.gateway"
runpy.run_module("alertdrill.gateway", run_name="__main__")
"""
TOKENS = {"ALERTDRILL_ADMIN_TOKEN": "the-admin-token", "ALERTDRILL_PROVIDER_KEY": "the-provider-key"}
CALL = {"model": "openai:o1", "messages": [{"role": "user", "content": "x"}]}
RUN = {"mode": "run", "model": "openai:o1", "input": "x"}


class _Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(WHOLE["openai"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    """Yield the URL of a provider."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Provider) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def gateway(provider: str, tmp_path: Path) -> Iterator[HTTPConnection]:
    """Yield a connection to a gateway whose interpreter cannot import the library."""
    config = tmp_path / "gateway.json"
    config.write_text(
        json.dumps({"speed": 1, "data_dir": str(tmp_path / "data"), "providers": {"openai": provider}})
    )
    process = subprocess.Popen(
        [sys.executable, "-c", START_WITHOUT, "--config", str(config), "--listen", "127.0.0.1:0"],
        cwd=ROOT,
        env=os.environ | TOKENS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line, process.communicate(timeout=PATIENCE_S)[1]
        host, _, port = json.loads(line)["listen"].rpartition(":")
        connection = HTTPConnection(host, int(port), timeout=PATIENCE_S)
        yield connection
        connection.close()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert "prometheus-client is not installed" in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def ask(gateway: HTTPConnection, method: str, path: str, body: object = None) -> tuple[int, dict]:
    """Send a request as the operator; return the status and the answer."""
    headers = {"Authorization": "Bearer the-admin-token"}
    gateway.request(method, path, None if body is None else json.dumps(body), headers)
    response = gateway.getresponse()
    return response.status, json.loads(response.read())


def test_only_metrics_are_missing(gateway):
    """Chat and runs work, plainly and under a system's prefix; metrics are 503 in the shape of errors."""
    for prefix in ("", "/mantis", "/metis"):
        assert ask(gateway, "POST", f"{prefix}/v1/chat/completions", CALL)[0] == 200
        assert ask(gateway, "POST", f"{prefix}/v1/predict", RUN)[0] == 202
    assert ask(gateway, "GET", "/healthz")[1]["status"] == "ok"
    for path in ("/metrics", "/metrics/mantis", "/metrics/metis"):
        status, problem = ask(gateway, "GET", path)
        assert (status, problem["error"]["code"]) == (503, "metrics_unavailable")
    assert ask(gateway, "GET", "/metrics/nobody")[0] == 404


class _Broken:
    """Finds that what the library itself needs is missing."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Say so, when the library is looked for."""
        if name == "prometheus_client":
            raise ModuleNotFoundError("No module named 'other'", name="other")


def test_another_missing_module_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that library may be missing: a broken one is said so."""
    monkeypatch.delitem(sys.modules, "prometheus_client", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Broken(), *sys.meta_path])
    with pytest.raises(ModuleNotFoundError, match="other"):
        attach_surfaces(None)
