"""A proxy before a server, which spoils some of the answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Spoil = Callable[[int, str, int, bytes], tuple[int, bytes, int]]
"""(number of the request, path, status, body) -> (status, body, the length that is said of it)."""


@contextmanager
def open_faulty_proxy(to: str, spoil: Spoil) -> Iterator[str]:
    """Run the proxy, and yield its URL; requests count from 1."""
    count = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal count
            count += 1
            number = count
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream = HTTPConnection(to.removeprefix("http://"), timeout=60)
            kept = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            upstream.request(self.command, self.path, body, kept)
            answer = upstream.getresponse()
            path = self.path.partition("?")[0]
            status, spoiled, length = spoil(number, path, answer.status, answer.read())
            upstream.close()
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(spoiled)

        do_POST = do_GET  # noqa: N815 - as the base class has it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
