"""A gateway and a provider's control API in one small server, which notes what it was asked."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

ADMIN_TOKEN = "the-admin-token"
CONTROL_TOKEN = "the-control-token"
INFERENCE = ("/chat/completions", "/completions", "/responses", "/infer", "/jobs")
"""What is answered as a model would: with `answer_status`, after `delay_s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request: when it came (epoch seconds), what it was, and the key id that it was made with."""

    at_s: float
    method: str
    path: str
    key: str | None
    body: Any


@dataclass(slots=True, kw_only=True)
class FakeGateway:
    """Listens on a free loopback port inside a `with` block.

    `delay_s` (wall) passes before each chat answer, `admin_delay_s` before the admin or control API does
    anything. `answer_status` is the chat answer's status; with `truncate` the connection breaks off in the
    middle of it. `asked` has the path of every request, with its prefix.
    """

    speed: float = 60.0
    delay_s: float = 0.0
    admin_delay_s: float = 0.0
    answer_status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"id": "resp_1", "choices": []})
    truncate: bool = False
    control_status: int = 200
    seen: list[Seen] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gateway = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[Seen]:
        """The chat requests, under whichever prefix, in order."""
        return [seen for seen in self.seen if seen.path.endswith("/v1/chat/completions")]

    @property
    def controls(self) -> list[tuple[str, str, Any]]:
        """Method, path and body of the requests to the control API, in order."""
        return [
            (seen.method, seen.path, seen.body) for seen in self.seen if seen.path.startswith("/control/")
        ]

    def issue(self, key: str) -> dict[str, str]:
        """Issue a key."""
        token = f"token-of-{key}"
        self.tokens[token] = key
        return {"id": key, "token": token}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    gateway: FakeGateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client go away in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def parse_request(self) -> bool:
        """Read a request; what comes under a prefix is answered as what comes under none."""
        parsed = super().parse_request()
        if parsed:
            self.server.gateway.asked.append(self.path)
            self.path = self.path.removeprefix("/gatewayz")
        return parsed

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._answer(200, {"status": "ok", "speed": self.server.gateway.speed})
        elif self.path.startswith("/v1/"):
            self._serve()
        else:
            self._note()
            self._answer(404, {})

    def do_POST(self) -> None:
        gateway, body = self.server.gateway, self._note()
        if self.path.endswith(INFERENCE):
            self._chat()
            return
        if self.path.startswith("/v1/"):
            self._answer_client(201)
            return
        time.sleep(gateway.admin_delay_s)
        if self._token() != ADMIN_TOKEN:
            self._answer(403, {})
        elif self.path == "/admin/keys" and body["id"] in gateway.tokens.values():
            self._answer(409, {})
        elif self.path == "/admin/keys":
            self._answer(201, gateway.issue(body["id"]))
        else:
            key, verb = self.path.split("/")[3:]
            gateway.revoked.add(key)
            self._answer(201, gateway.issue(f"{key}-2") if verb == "rotate" else {"id": key})

    def do_PUT(self) -> None:
        if self.path.startswith("/v1/"):
            self._serve()
            return
        time.sleep(self.server.gateway.admin_delay_s)
        body = self._note()
        if self.path.startswith("/admin/accounts/"):
            self._answer(200 if self._token() == ADMIN_TOKEN else 401, body)
            return
        right = self._token() == CONTROL_TOKEN
        self._answer(self.server.gateway.control_status if right else 401, {})

    do_DELETE = do_PUT  # noqa: N815 - named by the standard library

    def _serve(self) -> None:
        self._note()
        self._answer_client(200)

    def _answer_client(self, status: int) -> None:
        known = self.server.gateway.tokens.get(self._token())
        self._answer(status if known else 401, {"id": "it"})

    def _chat(self) -> None:
        gateway = self.server.gateway
        key = gateway.tokens.get(self._token())
        if key is None or key in gateway.revoked:
            self._answer(401, {"error": "who are you?"})
            return
        time.sleep(gateway.delay_s)
        self._answer(gateway.answer_status, gateway.answer, truncate=gateway.truncate)

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _note(self) -> Any:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(raw) if raw else None
        gateway = self.server.gateway
        key = gateway.tokens.get(self._token())
        gateway.seen.append(Seen(at_s=time.time(), method=self.command, path=self.path, key=key, body=body))
        return body

    def _answer(self, status: int, document: dict[str, Any], *, truncate: bool = False) -> None:
        raw = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw) + (10 if truncate else 0)))
        self.end_headers()
        self.wfile.write(raw)
        self.close_connection = truncate

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Say nothing."""
