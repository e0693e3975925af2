"""Alertmanager's webhook receiver, and the journal of what arrived.

The payload is version 4 of the format in Alertmanager's documentation of `webhook_config`. Each alert of a
notification becomes one page, with the instant at which it arrived.
"""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections import deque
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_PAGES = 20_000
"""The journal forgets its oldest pages beyond this many."""

log = logging.getLogger("pager")

Page = dict[str, Any]


class Pager:
    """The receiver and its journal."""

    def __init__(self) -> None:
        self._journal: deque[Page] = deque(maxlen=MAX_PAGES)

    async def answer_health(self, _request: web.Request) -> web.Response:
        """Say that the pager is there."""
        return web.json_response({"status": "ok"})

    async def list_pages(self, _request: web.Request) -> web.Response:
        """Return the journal, oldest page first."""
        return web.json_response({"pages": list(self._journal)})

    async def receive(self, request: web.Request) -> web.Response:
        """Take a notification into the journal; 400 for what is none."""
        received_s = time.time()
        try:
            payload = json.loads(await request.read())
            pages = read_notification(request.match_info["receiver"], payload, received_s)
        except ValueError as error:
            log.warning("refused a notification: %s", error)
            raise web.HTTPBadRequest(text=str(error)) from error
        self._journal.extend(pages)
        for page in pages:
            log.info("%s %s %s", page["receiver"], page["status"], json.dumps(page["labels"], sort_keys=True))
        return web.Response()


def make_app(token: str) -> web.Application:
    """Return the pager's server; all but its health wants `Authorization: Bearer <token>`."""
    wanted = f"Bearer {token}".encode()

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if request.path != "/healthz" and not hmac.compare_digest(given, wanted):
            raise web.HTTPUnauthorized(text="a bearer token is needed")
        return await handler(request)

    pager = Pager()
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[authenticate])
    app.router.add_get("/healthz", pager.answer_health)
    app.router.add_get("/pages", pager.list_pages)
    app.router.add_post("/webhook/{receiver}", pager.receive)
    return app


def read_notification(receiver: str, payload: Any, received_s: float) -> list[Page]:
    """Return a page for each alert of a webhook notification.

    Raises ValueError when the payload is not one of version 4, or is addressed to another receiver.
    """
    if not isinstance(payload, dict) or payload.get("version") != "4":
        raise ValueError("not an Alertmanager webhook notification of version 4")
    if payload.get("receiver") != receiver:
        raise ValueError(f"addressed to receiver {payload.get('receiver')!r}, delivered to {receiver!r}")
    alerts = payload.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise ValueError("a notification without alerts")
    return [_read_page(receiver, alert, received_s) for alert in alerts]


def _read_page(receiver: str, alert: Any, received_s: float) -> Page:
    if not isinstance(alert, dict) or alert.get("status") not in {"firing", "resolved"}:
        raise ValueError("an alert is neither firing nor resolved")
    labels = alert.get("labels")
    if not isinstance(labels, dict) or not labels.get("alertname"):
        raise ValueError("an alert has no alertname")
    return {
        "received_s": received_s,
        "receiver": receiver,
        "status": alert["status"],
        "labels": labels,
        "annotations": alert.get("annotations") or {},
        "starts_at": alert.get("startsAt"),
        "ends_at": alert.get("endsAt"),
        "fingerprint": alert.get("fingerprint"),
    }
