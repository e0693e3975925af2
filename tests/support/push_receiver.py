"""A server that takes what is pushed to it, and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushReceiver:
    """Where it listens, what it answers, and what it was sent."""

    url: str = ""
    status: int = 200
    says: str = ""
    pushed: list[Pushed] = field(default_factory=list)


@contextmanager
def run_push_receiver() -> Iterator[PushReceiver]:
    """Serve on a free port until the block ends."""
    receiver = PushReceiver()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.pushed.append(
                Pushed(method=self.command, path=self.path, headers=dict(self.headers), body=body)
            )
            answer = receiver.says.format(**{name.lower(): value for name, value in self.headers.items()})
            self.send_response(receiver.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_PUT = do_POST = _take  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
