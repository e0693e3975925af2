"""Runs: long work that is started, watched and cancelled over the predict API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from harness.gateway.features import Core


class Runs:
    """The routes of the predict API."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return []


@asynccontextmanager
async def open_runs(_core: Core) -> AsyncIterator[Runs]:
    """Yield the feature."""
    yield Runs()
