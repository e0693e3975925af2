"""Takes what Alertmanager delivers by HTTPS, as each kind of receiver does (`alertmanager/receivers/`).

Each connection has one request, so that a fault takes effect at once.
"""

from __future__ import annotations

import json
import socket
import struct

from aiohttp import web
from aiohttp.typedefs import Handler

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.attempt import Answer
from alertdrill.alertmanager.receivers.kind import HttpContract, Inbox, Request
from alertdrill.pager.intake import Desk
from alertdrill.pager.tunnel import lead_back
from alertdrill.runtime.http_server import read_body

MAX_BODY_BYTES = 4 * 1024 * 1024


def make_deliveries(desk: Desk, token: str) -> web.Application:
    """Return the server of all inboxes but those of e-mail."""

    async def deliver(request: web.Request) -> web.StreamResponse:
        inbox = _find_inbox(request, token)
        address = inbox.address
        fault = desk.faults.find(address)
        if fault and fault.how in {"tls", "refuse"}:
            return _break(request)
        if not inbox.is_open:
            raise web.HTTPUnauthorized(text="this is not the inbox's key")
        answer = desk.take(address, inbox.read(await read_body(request)))
        if isinstance(answer, Answer):
            return _write(answer)
        if answer == "timeout" and (fault := desk.faults.find(address)):
            await fault.over.wait()
        return _break(request, is_reset=answer == "reset")

    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_close_afterwards])
    for method in sorted({one for kind in RECEIVER_KINDS.values() if kind.http for one in kind.http.methods}):
        app.router.add_route(method, "/{path:.*}", deliver)
    return app


def refuse(request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return what the service whose inbox is asked for answers to what it cannot take."""
    contract = _find_contract(request)
    answer = Answer(status=status, body=sentence)
    return _write(contract.write_refusal(status, sentence) if contract else answer)


@web.middleware
async def _close_afterwards(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await (lead_back(request) if request.method == "CONNECT" else handler(request))
    except web.HTTPException as error:
        error.force_close()
        raise
    response.force_close()
    return response


def _find_contract(request: web.BaseRequest) -> HttpContract | None:
    """Return how the service is called that a request is for: by its own name, or by the inbox's path."""
    name = request.path.strip("/").partition("/")[0]
    for kind in RECEIVER_KINDS.values():
        if kind.http and (kind.integration == name or _name_host(request) in kind.http.hosts):
            return kind.http
    return None


def _name_host(request: web.BaseRequest) -> str:
    return request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")


def _find_inbox(request: web.Request, token: str) -> Inbox:
    path, _, query = request.raw_path.partition("?")
    contract = _find_contract(request)
    try:
        path.encode("ascii")  # what is not quoted is no path of ours
        methods = contract.methods if contract else ("POST",)
        if request.method not in methods:
            raise web.HTTPMethodNotAllowed(request.method, methods)
        if contract is None:
            raise ValueError(f"{path!r} is no inbox")
        asked = Request(
            method=request.method,
            path=path,
            query=query,
            host=_name_host(request),
            headers={name.lower(): value for name, value in request.headers.items()},
        )
        return contract.find_inbox(asked, token)
    except ValueError:
        raise web.HTTPNotFound(text="there is no such inbox") from None


def _write(answer: Answer) -> web.Response:
    if isinstance(answer.body, str):
        return web.Response(status=answer.status, text=answer.body)
    return web.Response(
        status=answer.status, text=json.dumps(dict(answer.body)), content_type="application/json"
    )


def _break(request: web.Request, *, is_reset: bool = False) -> web.Response:
    """Drop the connection; what is returned is written nowhere."""
    transport = request.transport
    if transport is not None:
        if is_reset:
            reset_on_close(transport.get_extra_info("socket"))
        transport.abort()
    return web.Response(status=500)


def reset_on_close(connection: socket.socket) -> None:
    """Let a connection end with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
