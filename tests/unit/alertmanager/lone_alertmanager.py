"""A real Alertmanager by itself, and a receiver that notes what it is told and when."""

from __future__ import annotations

import http.server
import json
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import trustme

from harness.engines import Engines
from harness.process import start

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
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self) -> Delivered:
        """Return the next notification, as soon as it is there."""
        return self.delivered.get(timeout=WITHIN_S)


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

    def fire(self, *alerts: Mapping[str, str]) -> None:
        """Post alerts with these labels, which fire for an hour."""
        now = datetime.now(UTC)
        body = [
            {
                "labels": dict(labels),
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(hours=1)).isoformat(),
            }
            for labels in alerts
        ]
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=10).raise_for_status()

    def reload(self) -> None:
        """Let it read its config anew."""
        requests.post(f"{self.url}/-/reload", timeout=10).raise_for_status()


@contextmanager
def run_alertmanager(engines: Engines, folder: Path, config: str) -> Iterator[Alertmanager]:
    """Run an Alertmanager on a config until the block is left; its zones are in `folder / "zoneinfo"`."""
    (folder / "alertmanager.yml").write_text(config)
    (folder / "token").write_text("pager-token")
    trustme.CA().cert_pem.write_to_path(str(folder / "ca.pem"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
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
        deadline = time.monotonic() + WITHIN_S
        while not _is_ready(f"http://{address}"):
            process.check()
            assert time.monotonic() < deadline
            process.wait(0.05)
        yield Alertmanager(url=f"http://{address}")
    finally:
        process.stop()


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False
