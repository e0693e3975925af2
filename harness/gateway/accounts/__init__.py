"""Accounts: credits, rate limits, caches and subscriptions of the gateway's users."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from harness.gateway.features import Core


class Accounts:
    """The routes of accounts."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return []


@asynccontextmanager
async def open_accounts(_core: Core) -> AsyncIterator[Accounts]:
    """Yield the feature."""
    yield Accounts()
