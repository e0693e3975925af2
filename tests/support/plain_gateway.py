"""Somebody's gateway in one small server: it has one key, and nothing that only the reference gateway has."""

from __future__ import annotations

import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-key-of-the-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True, kw_only=True)
class PlainGateway:
    """Listens on a free loopback port inside a `with` block.

    It passes calls on to `upstream`, or answers them itself where there is none. With `moved_to` it answers
    with a redirection, with `tls` over HTTPS.
    """

    upstream: str | None = None
    moved_to: str | None = None
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    _server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gateway = self
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self._server.server_port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    gateway: PlainGateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client go that does not like the certificate, or was ended."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        gateway = self.server.gateway
        headers = {name.lower(): value for name, value in self.headers.items()}
        gateway.asked.append(
            Asked(method=self.command, path=self.path, headers=headers, body=json.loads(raw or b"null"))
        )
        if headers.get("authorization") != f"Bearer {KEY}":
            self._answer(401, json.dumps({"error": f"who is {headers.get('authorization')}?"}).encode())
        elif gateway.moved_to is not None:
            self._answer(307, b"{}", {"Location": gateway.moved_to + self.path})
        elif gateway.upstream is None:
            self._answer(200, b"{}")
        else:
            self._answer(*_pass_on(gateway.upstream + self.path, raw))

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - named by the standard library

    def _answer(self, status: int, raw: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Say nothing."""


def _pass_on(url: str, raw: bytes) -> tuple[int, bytes]:
    request = urllib.request.Request(url, raw, {"Content-Type": "application/json"})  # noqa: S310 - a stub on loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        return 502, json.dumps({"error": str(error)}).encode()
