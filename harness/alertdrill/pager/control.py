"""The pager's control API and its page: the journal, the clock, and what receivers are told.

Everything but health and the page wants `Authorization: Bearer <token>`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from typing import Any, get_args

from aiohttp import web
from aiohttp.typedefs import Handler

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Failing
from alertdrill.core.expectation import Integration
from alertdrill.pager.intake import Desk
from alertdrill.runtime.http_server import read_body

MAX_BODY_BYTES = 64 * 1024
MOST_SHOWN = 1_000
"""Of the notifications, the newest that the page shows."""
MAX_SPAN_S = 30 * 86_400.0
MAX_SPEED = 100_000.0
MAX_EPOCH_S = 1e11
OPEN_TO_ALL = {"/", "/healthz"}
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest of the policy is the page's own
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Control:
    """What the control API does to a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer_health(self, _request: web.Request) -> web.Response:
        """Say that the pager is there."""
        return web.json_response({"status": "ok"})

    async def show_page(self, _request: web.Request) -> web.Response:
        """Return the page, which is the same for everybody."""
        from alertdrill.pager.page import draw_page  # takes as long to load as all else, for who looks

        return web.Response(text=draw_page(), content_type="text/html", charset="utf-8", headers=PAGE_HEADERS)

    async def describe_page(self, request: web.Request) -> web.Response:
        """Return what the page shows, and its version; nothing where that is still the one it has."""
        from alertdrill.pager.page import describe_page

        journal, rule_time, now_s = self._desk.journal, self._desk.rule_time, time.time()
        states, told = journal.find_states(), rule_time.clock
        acknowledged = sum(state == "acknowledged" for state in states.values())
        version = f"{journal.taken} {acknowledged} {told and told.origin_s} {rule_time.speed}"
        if request.query.get("after") == version:
            return web.Response(status=204)
        notices = journal.list_notifications()[-MOST_SHOWN:]
        origin_s = notices[0]["received_s"] if notices else now_s
        clock = told or Clock(speed=rule_time.speed, origin_s=origin_s)
        data = await asyncio.to_thread(
            describe_page, notices, states, clock, is_told=told is not None, now_s=now_s
        )
        return web.json_response({"version": version, "data": data})

    async def list_notifications(self, request: web.Request) -> web.Response:
        """Return the notifications with numbers beyond `after`."""
        after = request.query.get("after", "0")
        if not after.isdecimal() or len(after) > 18:
            raise web.HTTPBadRequest(text="after wants the number of a notification")
        return web.json_response({"notices": self._desk.journal.list_notifications(int(after))})

    async def list_incidents(self, _request: web.Request) -> web.Response:
        """Return the incidents."""
        return web.json_response({"incidents": self._desk.journal.list_incidents()})

    async def set_clock(self, request: web.Request) -> web.Response:
        """Learn when rule time 0 is, and how fast it runs."""
        asked = await _read(request, {"speed", "origin_s"})
        speed = _read_number(asked, "speed", MAX_SPEED)
        origin_s = _read_number(asked, "origin_s", MAX_EPOCH_S)
        self._desk.rule_time.change(Clock(speed=speed, origin_s=origin_s))
        return web.Response(status=204)

    async def begin_fault(self, request: web.Request) -> web.Response:
        """Let a receiver fail."""
        asked = await _read(request, {"how", "integration", "for_s"})
        known: dict[Any, Failing] = {how: how for how in get_args(Failing)}
        how = asked.get("how")
        if not isinstance(how, str) or how not in known:
            raise web.HTTPBadRequest(text=f"how wants one of {', '.join(known)}")
        for_s = None if asked.get("for_s") is None else _read_number(asked, "for_s", MAX_SPAN_S)
        for_wall_s = None if for_s is None else self._desk.rule_time.span_wall_s(for_s)
        integration = _read_integration(asked.get("integration"))
        try:
            self._desk.faults.begin(request.match_info["receiver"], integration, known[how], for_wall_s)
        except ValueError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.Response(status=204)

    async def end_fault(self, request: web.Request) -> web.Response:
        """Let a receiver, or one integration of it, work again."""
        integration = _read_integration(request.query.get("integration"))
        self._desk.faults.end(request.match_info["receiver"], integration)
        return web.Response(status=204)

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Acknowledge an incident, as a person does."""
        if not self._desk.journal.incidents.acknowledge(request.match_info["id"]):
            raise web.HTTPNotFound(text="there is no such incident that is not closed")
        return web.Response(status=204)

    async def watch_heartbeats(self, request: web.Request) -> web.Response:
        """Make a receiver a dead-man's switch."""
        asked = await _read(request, {"timeout_s"})
        try:
            self._desk.heartbeats.watch(
                request.match_info["receiver"], _read_number(asked, "timeout_s", MAX_SPAN_S)
            )
        except ValueError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.Response(status=204)

    async def forget_heartbeats(self, request: web.Request) -> web.Response:
        """Make a receiver an ordinary one again."""
        self._desk.heartbeats.forget(request.match_info["receiver"])
        return web.Response(status=204)


def make_control(desk: Desk, token: str) -> web.Application:
    """Return the control API's server."""
    wanted = f"Bearer {token}".encode()

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if request.path not in OPEN_TO_ALL and not hmac.compare_digest(given, wanted):
            raise web.HTTPUnauthorized(text="a bearer token is needed")
        return await handler(request)

    control = Control(desk)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[authenticate])
    app.router.add_get("/", control.show_page)
    app.router.add_get("/page", control.describe_page)
    app.router.add_get("/healthz", control.answer_health)
    app.router.add_get("/notices", control.list_notifications)
    app.router.add_get("/incidents", control.list_incidents)
    app.router.add_post("/incidents/{id}/acknowledge", control.acknowledge)
    app.router.add_put("/control/clock", control.set_clock)
    app.router.add_put("/control/receivers/{receiver}", control.begin_fault)
    app.router.add_delete("/control/receivers/{receiver}", control.end_fault)
    app.router.add_put("/control/heartbeats/{receiver}", control.watch_heartbeats)
    app.router.add_delete("/control/heartbeats/{receiver}", control.forget_heartbeats)
    return app


def refuse(_request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return what the control API answers to what it refuses."""
    return web.json_response({"error": sentence}, status=status)


async def _read(request: web.Request, known: set[str]) -> dict[str, Any]:
    try:
        asked = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or set(asked) - known:
        raise web.HTTPBadRequest(text=f"a JSON object is wanted, of {', '.join(sorted(known))}")
    return asked


def _read_number(asked: dict[str, Any], name: str, most: float) -> float:
    value: Any = asked.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= most:
        raise web.HTTPBadRequest(text=f"{name} wants a number above 0, at most {most:g}")
    return float(value)


def _read_integration(value: Any) -> Integration | None:
    known: dict[Any, Integration] = {name: name for name in get_args(Integration)}
    if value is not None and (not isinstance(value, str) or value not in known):
        raise web.HTTPBadRequest(text=f"integration wants one of {', '.join(known)}")
    return None if value is None else known[value]
