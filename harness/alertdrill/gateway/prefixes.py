"""Prefixes: one gateway is several deployments, each with its own routing and its own metrics.

`/NAME/v1/…` is `/v1/…` under the prefix NAME: a system hears only what came under its own prefix, and what
came under none (plain `/v1/…`), which every system hears. Nobody hears what came under the prefix `aside`.
The prefix is a context variable: tasks that a request starts are still under its prefix. Work that a request
leaves to a task which runs already must take its context along (`contextvars.copy_context`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ASIDE = "aside"
_prefix: ContextVar[str | None] = ContextVar("prefix", default=None)


def current_prefix() -> str | None:
    """Return the prefix that the work at hand came under; None for none."""
    return _prefix.get()


def hears(system: str) -> bool:
    """Return whether a system hears of the work at hand."""
    return _prefix.get() in (None, system)


def open_prefixes(routes: Iterable[web.RouteDef], systems: Iterable[str]) -> list[web.RouteDef]:
    """Return the routes, and each of them again under the prefix of every system and under `aside`."""
    plain = list(routes)
    return plain + [
        web.RouteDef(route.method, f"/{prefix}{route.path}", route.handler, dict(route.kwargs))
        for prefix in (*systems, ASIDE)
        for route in plain
    ]


def make_doorway(systems: Iterable[str]) -> Middleware:
    """Return the middleware that puts each request's work under the prefix in its path."""
    prefixes = frozenset((*systems, ASIDE))

    @web.middleware
    async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
        first = request.path.removeprefix("/").partition("/")[0]
        # A connection's requests share a context, so the prefix is closed again behind each.
        token = _prefix.set(first if first in prefixes else None)
        try:
            return await handler(request)
        finally:
            _prefix.reset(token)

    return enter


def find_endpoint(request: web.Request) -> str:
    """Return the pattern of the route that a request takes, without prefix; `unknown` if it takes none."""
    resource = request.match_info.route.resource
    if resource is None:
        return "unknown"
    prefix = current_prefix()
    return resource.canonical.removeprefix(f"/{prefix}") if prefix else resource.canonical
