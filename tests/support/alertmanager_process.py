"""A real Alertmanager by itself, and a receiver that notes what it is told and when."""

from __future__ import annotations

import http.server
import json
import os
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.process import Process, start

WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A notification as it arrived at a path."""

    at_s: float
    path: str
    body: dict[str, Any]


class Sink:
    """Takes every POST, and notes it."""

    def __init__(self) -> None:
        self.delivered: queue.Queue[Delivered] = queue.Queue()
        noted = self.delivered

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                at_s = time.time()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                noted.put(Delivered(at_s=at_s, path=self.path, body=body))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Who is being answered as the server closes is waited for: its socket would be closed by nobody.
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, within_s: float = WITHIN_S) -> Delivered:
        """Return the next notification, as soon as it is there; raises queue.Empty."""
        return self.delivered.get(timeout=within_s)


@contextmanager
def open_sink() -> Iterator[Sink]:
    """Serve until the block is left."""
    sink = Sink()
    with sink.server:
        thread = threading.Thread(target=sink.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield sink
        finally:
            sink.server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """One that runs."""

    url: str

    def fire(self, *alerts: Mapping[str, str], for_s: float = 3600.0) -> None:
        """Post alerts with these labels, which began a moment ago; with a negative time they are over."""
        now = datetime.now(UTC)
        more = {
            "startsAt": (now - timedelta(seconds=10)).isoformat(),
            "endsAt": (now + timedelta(seconds=for_s)).isoformat(),
            "annotations": {"summary": "it is slow"},
        }
        body = [{"labels": dict(labels), **more} for labels in alerts]
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=10).raise_for_status()

    def reload(self) -> None:
        """Let it read its config anew."""
        requests.post(f"{self.url}/-/reload", timeout=10).raise_for_status()


@contextmanager
def run_alertmanager(engines: Engines, folder: Path, config: str) -> Iterator[Alertmanager]:
    """Run an Alertmanager on a config until the block is left.

    The files that the config names are in the folder, its zones in `zoneinfo` there.
    """
    (folder / "alertmanager.yml").write_text(config)
    (address,) = find_free_addresses(1)
    process = start(
        "alertmanager",
        [
            str(engines.alertmanager),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        env={
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "ZONEINFO": str(folder / "zoneinfo"),
        },
        log_path=folder / "alertmanager.log",
    )
    try:
        await_answer(f"http://{address}/-/ready", process)
        yield Alertmanager(url=f"http://{address}")
    finally:
        process.stop()


def find_free_addresses(count: int) -> list[str]:
    """Return addresses of loopback that nobody listens at, all different."""
    return [f"127.0.0.1:{port}" for port in find_free_ports(count)]


def await_answer(url: str, process: Process) -> None:
    """Wait until a process answers well at an address."""
    deadline = time.monotonic() + WITHIN_S
    while not _is_ready(url):
        process.check()
        assert time.monotonic() < deadline, f"no answer at {url}"
        process.wait(0.05)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
