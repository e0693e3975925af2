"""Takes what Alertmanager delivers by HTTPS: PagerDuty, Slack, webhooks and Opsgenie.

Each connection has one request, so that a fault takes effect at once.
"""

from __future__ import annotations

import hmac
import json
import socket
import struct
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from alertdrill.alertmanager.addresses import Address, derive_key, parse_path
from alertdrill.pager.attempt import Answer, Attempt
from alertdrill.pager.intake import Desk, FailingAnswers
from alertdrill.pager.opsgenie import parse_call, read_call
from alertdrill.pager.pagerduty import THROTTLED, read_event
from alertdrill.pager.slack import read_message
from alertdrill.pager.webhook import read_notification
from alertdrill.runtime.http_server import read_body

MAX_BODY_BYTES = 4 * 1024 * 1024
FAILING: Mapping[str, FailingAnswers] = {
    "pagerduty": FailingAnswers(
        rate_limit=THROTTLED,
        error=Answer(status=500, body={"status": "error", "message": "Internal Server Error"}),
    ),
    "slack": FailingAnswers(
        rate_limit=Answer(status=429, body="rate_limited"), error=Answer(status=500, body="rollup_error")
    ),
    "webhook": FailingAnswers(
        rate_limit=Answer(status=429, body="too many requests"), error=Answer(status=500, body="error")
    ),
    "opsgenie": FailingAnswers(
        rate_limit=Answer(status=429, body={"message": "You are making too many requests!"}),
        error=Answer(status=500, body={"message": "Internal Server Error"}),
    ),
}

Read = Callable[[bytes], Attempt]


def make_deliveries(desk: Desk, token: str) -> web.Application:
    """Return the server of all inboxes but those of e-mail."""

    async def deliver(request: web.Request) -> web.StreamResponse:
        address, read, key = _find_inbox(request, token)
        fault = desk.faults.find(address)
        if fault and fault.how in {"tls", "refuse"}:
            return _break(request)
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, key.encode()):
            raise web.HTTPUnauthorized(text="this is not the inbox's key")
        answer = desk.take(address, read(await read_body(request)), FAILING[address.integration])
        if isinstance(answer, Answer):
            return _write(answer)
        if answer == "timeout" and (fault := desk.faults.find(address)):
            await fault.over.wait()
        return _break(request, is_reset=answer == "reset")

    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_close_afterwards])
    app.router.add_post("/{path:.*}", deliver)
    app.router.add_put("/{path:.*}", deliver)
    return app


def refuse(request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return what the service whose inbox is asked for answers to what it cannot take."""
    if request.path.startswith("/pagerduty/"):
        document = {"status": "error", "message": sentence, "errors": [sentence]}
        return web.json_response(document, status=status)
    if request.path.startswith("/opsgenie/"):
        return web.json_response({"message": sentence}, status=status)
    return web.Response(status=status, text=sentence)


@web.middleware
async def _close_afterwards(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.force_close()
        raise
    response.force_close()
    return response


def _find_inbox(request: web.Request, token: str) -> tuple[Address, Read, str]:
    """Return the inbox of a request, what reads its body, and the `Authorization` that it wants."""
    path = request.raw_path.partition("?")[0]
    try:
        path.encode("ascii")  # what is not quoted is no path of ours
        if path.startswith("/opsgenie/"):
            call = parse_call(request.method, path)
            key = f"GenieKey {derive_key(token, call.address)}"
            return call.address, lambda body: read_call(call, body), key
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        if path.startswith("/pagerduty/"):
            address = parse_path(path.removesuffix("/v2/enqueue"))
        else:
            address = parse_path(path)
    except ValueError:
        raise web.HTTPNotFound(text="there is no such inbox") from None
    bearer = f"Bearer {token}"
    match address.integration:
        case "pagerduty":
            return address, lambda body: read_event(address, body, token), bearer
        case "slack":
            return address, lambda body: read_message(address, body), bearer
        case "webhook":
            return address, lambda body: read_notification(address, body), bearer
        case _:
            raise web.HTTPNotFound(text="there is no such inbox")


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
