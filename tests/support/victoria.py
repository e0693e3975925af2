"""VictoriaMetrics from Debian's package, as a store that is not Prometheus, and a door before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.process import Process, start
from support.debian_packages import unpack

READY_WITHIN_S = 30.0
POLL_S = 0.05


def find_program(name: str) -> Path:
    """Return a program of the package: victoria-metrics, vmalert and others."""
    return unpack("victoria-metrics", "bookworm") / "usr/bin" / name


@contextmanager
def run_victoria(folder: Path, *flags: str) -> Iterator[str]:
    """Run a store with its data in a folder, and yield its URL."""
    (port,) = find_free_ports(1)
    argv = [
        str(find_program("victoria-metrics")),
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-memory.allowedBytes=512MB",
        *flags,
    ]
    process = start("victoria-metrics", argv, env={}, log_path=folder / "victoria-metrics.log")
    try:
        url = f"http://127.0.0.1:{port}"
        _await_ready(process, f"{url}/health")
        yield url
    finally:
        process.stop(grace_s=10.0)


def _await_ready(process: Process, url: str) -> None:
    give_up_at = time.monotonic() + READY_WITHIN_S
    with requests.Session() as session:
        session.trust_env = False
        while True:
            process.check()
            try:
                if session.get(url, timeout=1.0).ok:
                    return
            except requests.RequestException:
                assert time.monotonic() < give_up_at, f"{url} never answered"
            time.sleep(POLL_S)


@dataclass(kw_only=True)
class Proxy:
    """A proxy that lets through what has the right headers, and counts what it let through and what not."""

    wants: Mapping[str, str]
    to: str
    url: str = ""
    passed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@contextmanager
def open_proxy(to: str, wants: Mapping[str, str]) -> Iterator[Proxy]:
    """Run a proxy before a store: without every header that it wants, it answers 401 and echoes what came."""
    proxy = Proxy(wants=wants, to=to)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0]
            if any(self.headers.get(name) != value for name, value in proxy.wants.items()):
                proxy.refused.append(path)
                self.answer(401, f"not with\n{self.headers}".encode())
                return
            proxy.passed.append(path)
            upstream = HTTPConnection(proxy.to.removeprefix("http://"), timeout=60)
            kept = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            upstream.request(self.command, self.path, body, kept)
            answer = upstream.getresponse()
            self.answer(answer.status, answer.read())
            upstream.close()

        do_POST = do_GET  # noqa: N815 - as the base class has it

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
