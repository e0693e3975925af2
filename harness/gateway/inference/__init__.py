"""Inference: versioned models behind a bounded executor, at once or as jobs from a queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from harness.gateway.features import Core


class Inference:
    """The routes of inference and jobs."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return []


@asynccontextmanager
async def open_inference(_core: Core) -> AsyncIterator[Inference]:
    """Yield the feature."""
    yield Inference()
