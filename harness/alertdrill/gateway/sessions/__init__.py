"""Sessions: conversations with tools, judged by an evaluator, remembered as patterns; and their spend.

Everything here lives as long as the process, and has a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from alertdrill.gateway.features import Core
from alertdrill.gateway.sessions.analytics import Analytics
from alertdrill.gateway.sessions.api import SessionsApi
from alertdrill.gateway.sessions.table import SessionTable


class Sessions:
    """The routes of sessions and of analytics."""

    def __init__(self, api: SessionsApi, analytics: Analytics) -> None:
        self._api = api
        self._analytics = analytics

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [*self._api.list_routes(), *self._analytics.list_routes()]


@asynccontextmanager
async def open_sessions(core: Core) -> AsyncIterator[Sessions]:
    """Yield the feature; sessions that are idle end while it is open."""
    table = SessionTable(core.clock, core.emit)
    sweeping = asyncio.create_task(table.keep_sweeping())
    try:
        yield Sessions(SessionsApi(core, table), Analytics(core))
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
