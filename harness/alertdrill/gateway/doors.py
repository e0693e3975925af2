"""Doors: one gateway is several deployments, each with its own routing and its own metrics.

`/NAME/v1/…` is `/v1/…` through the door NAME: a system hears only what came through its own door, and what
came through none (plain `/v1/…`), which every system hears. Nobody hears what came through the door `aside`.
The door is a context variable: tasks that a request starts are still behind its door. Work that a request
leaves to a task which runs already must take its context along (`contextvars.copy_context`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ASIDE = "aside"
_door: ContextVar[str | None] = ContextVar("door", default=None)


def current_door() -> str | None:
    """Return the door that the work at hand came through; None for none."""
    return _door.get()


def hears(system: str) -> bool:
    """Return whether a system hears of the work at hand."""
    return _door.get() in (None, system)


def open_doors(routes: Iterable[web.RouteDef], systems: Iterable[str]) -> list[web.RouteDef]:
    """Return the routes, and each of them again behind the door of every system and behind `aside`."""
    plain = list(routes)
    return plain + [
        web.RouteDef(route.method, f"/{door}{route.path}", route.handler, dict(route.kwargs))
        for door in (*systems, ASIDE)
        for route in plain
    ]


def make_doorway(systems: Iterable[str]) -> Middleware:
    """Return the middleware that puts each request's work behind the door in its path."""
    doors = frozenset((*systems, ASIDE))

    @web.middleware
    async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
        first = request.path.removeprefix("/").partition("/")[0]
        # A connection's requests share a context, so the door is closed again behind each.
        token = _door.set(first if first in doors else None)
        try:
            return await handler(request)
        finally:
            _door.reset(token)

    return enter


def find_endpoint(request: web.Request) -> str:
    """Return the pattern of the route that a request takes, without its door; `unknown` if it takes none."""
    resource = request.match_info.route.resource
    if resource is None:
        return "unknown"
    door = current_door()
    return resource.canonical.removeprefix(f"/{door}") if door else resource.canonical
