"""Whether the gateway is to be sent requests: once its configuration is loaded, until it is told to end.

`/healthz` says that it is alive, which it is until its end; `/readyz` that it takes requests.
"""

from __future__ import annotations

from aiohttp import web

from alertdrill.gateway.problems import Problem


class Readiness:
    """Ready until it drains."""

    def __init__(self) -> None:
        self._drains = False

    def drain(self) -> None:
        """Be ready no more."""
        self._drains = True

    async def answer(self, _request: web.Request) -> web.StreamResponse:
        """Return 200; raises Problem (503) while the gateway drains."""
        if self._drains:
            raise Problem(503, "the gateway is shutting down", type_="server_error", code="shutting_down")
        return web.json_response({"status": "ready"})
