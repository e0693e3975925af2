"""Takes webhooks of an Alertmanager that is somebody's own, whose config says where they go: `/RECEIVER`.

It is plain HTTP without a key, for that config is theirs to write; faults are for inboxes of redirected ones.
"""

from __future__ import annotations

from urllib.parse import unquote

from aiohttp import web

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer
from alertdrill.alertmanager.receivers.webhook import read_notification
from alertdrill.pager.intake import Desk
from alertdrill.runtime.http_server import read_body

MAX_BODY_BYTES = 4 * 1024 * 1024


def make_webhooks(desk: Desk) -> web.Application:
    """Return the server of the webhooks of all receivers."""

    async def deliver(request: web.Request) -> web.Response:
        address = Address(receiver=unquote(request.match_info["receiver"]), integration="webhook")
        answer = desk.take(address, read_notification(address, await read_body(request)))
        assert isinstance(answer, Answer)  # noqa: S101 - no fault is asked for here
        return web.Response(status=answer.status, text=str(answer.body))

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/{receiver}", deliver)
    return app
