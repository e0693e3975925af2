"""A lone Alertmanager for tests, what it delivers to, and a network to it that can fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from alertdrill.runner.synthetic.parts import Worker, running
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.process import Process

AWAIT_WALL_S = 30.0
FAST = {"group_by": ["..."], "group_wait": "200ms", "group_interval": "1s", "repeat_interval": "1h"}


def await_that(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + AWAIT_WALL_S
    while not condition():
        assert time.monotonic() < give_up_at, f"never happened: {what}"
        time.sleep(0.02)


@dataclass
class Sink:
    """Takes webhooks and Slack messages; `status` is what it answers, by path if that is in `statuses`."""

    url: str
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def list_webhooks(self, path: str = "/hook") -> list[dict[str, Any]]:
        """Return what arrived at a path."""
        return [body for where, body in self.taken if where == path]


@contextmanager
def open_sink() -> Iterator[Sink]:
    """Run a sink."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = sink.statuses.get(self.path, 200)
            if status < 300:
                sink.taken.append((self.path, body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink = Sink(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Lone:
    """A running Alertmanager."""

    url: str
    api: Api
    part: Worker
    process: Process

    def list_alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are not resolved."""
        found: list[dict[str, Any]] = self.api.get("/api/v2/alerts").json()
        return found

    def fire(self, for_s: float = 600.0, **labels: str) -> None:
        """Hand in an alert as a Prometheus would."""
        ends = datetime.fromtimestamp(time.time() + for_s, UTC).isoformat()
        self.api.post("/api/v2/alerts", [{"labels": labels, "endsAt": ends}])
        await_that(lambda: any(one["labels"] == labels for one in self.list_alerts()), "the alert is there")

    def silence(self, name: str, value: str) -> None:
        """Silence alerts with this label for ten minutes."""
        now_s = time.time()
        starts, ends = (datetime.fromtimestamp(at_s, UTC).isoformat() for at_s in (now_s, now_s + 600))
        matcher = {"name": name, "value": value, "isRegex": False, "isEqual": True}
        self.api.post(
            "/api/v2/silences",
            {"matchers": [matcher], "startsAt": starts, "endsAt": ends, "createdBy": "t", "comment": "t"},
        )

    def restart(self) -> None:
        """Stop it, and start it anew on the same port; it forgets its alerts."""
        self.process.stop()
        self.process = self.part.start()


@contextmanager
def open_alertmanager(
    engines: Engines, folder: Path, config: Mapping[str, Any], *flags: str
) -> Iterator[Lone]:
    """Run an Alertmanager with a config, which is JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(json.dumps(config))
    (port,) = find_free_ports(1)
    url = f"http://127.0.0.1:{port}"
    part = Worker(
        name="alertmanager",
        argv=[
            str(engines.alertmanager),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            *(flags if any("--cluster" in flag for flag in flags) else ["--cluster.listen-address=", *flags]),
        ],
        url=url,
        ready_path="/-/ready",
        folder=folder,
    )
    with running(part) as process:
        lone = Lone(url=url, api=Api("alertmanager", url), part=part, process=process)
        try:
            yield lone
        finally:
            lone.process.stop()


class Line:
    """A TCP line to a port that can be cut and mended; what is under way is cut too."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def cut(self) -> None:
        """Let nothing through any more."""
        self._is_cut = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let everything through again."""
        self._is_cut = False

    def close(self) -> None:
        """End it."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with ExitStack() as resources:
            threads: list[threading.Thread] = []
            while True:
                try:
                    client, _ = self._listener.accept()
                except OSError:
                    break
                resources.callback(client.close)
                if self._is_cut:
                    client.close()
                    continue
                self.connections += 1
                server = resources.enter_context(socket.create_connection(("127.0.0.1", self._port)))
                self._sockets += [client, server]
                for source, target in ((client, server), (server, client)):
                    threads.append(threading.Thread(target=_pump, args=(source, target)))
                    threads[-1].start()
            self.cut()
            for thread in threads:
                thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def open_line(url: str) -> Iterator[Line]:
    """Run a line to a server of this machine."""
    line = Line(int(url.rpartition(":")[2]))
    try:
        yield line
    finally:
        line.close()
