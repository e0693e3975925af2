"""A server that a watch of parts asks, and how often it asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alertdrill.runtime.part_watch import PartWatch


class Answering(BaseHTTPRequestHandler):
    """Answers 401 to everything, as who wants a token does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Refuse."""
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Serve in this process, and give the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/healthz"
        finally:
            server.shutdown()
            thread.join()


def await_questions(watch: PartWatch, count: int) -> None:
    """Wait until so many more questions were asked."""
    wanted, give_up_at = watch.asked + count, time.monotonic() + 30
    while watch.asked < wanted:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
