"""Sessions: conversations with tools, judged by an evaluator, remembered as patterns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from harness.gateway.features import Core


class Sessions:
    """The routes of sessions."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return []


@asynccontextmanager
async def open_sessions(_core: Core) -> AsyncIterator[Sessions]:
    """Yield the feature."""
    yield Sessions()
