"""A small gateway of somebody's own, as a process: chat completions by a provider, and metrics of them.

    python small_gateway.py --port 8080 --upstream http://127.0.0.1:9101

It runs in wall time. `--misbehave` makes it a bad one, in ways that no drill must be fooled by.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

MISBEHAVIOURS = ("slow", "locked-metrics", "errors-in-body", "late-metrics")
SLOW_S = 0.15
"""What each call takes of a slow one, one after another."""
LATE_S = 14.0


class SmallGateway:
    """Counts what it answers, by model and status."""

    def __init__(self, upstream: str, key: str, misbehaviour: str) -> None:
        self._upstream = upstream
        self._key = key
        self._misbehaviour = misbehaviour
        self._lock = asyncio.Lock()
        self._began_s = time.monotonic()
        self._registry = CollectorRegistry()
        self._requests = Counter("own_requests", "Answers.", ["model", "status"], registry=self._registry)
        self._latency = Histogram("own_latency_seconds", "Durations.", ["model"], registry=self._registry)

    def make_app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._show)
        app.router.add_post("/v1/chat/completions", self._complete)
        return app

    async def _ready(self, _request: web.Request) -> web.Response:
        return web.Response(text="ready")

    async def _show(self, request: web.Request) -> web.Response:
        if self._misbehaviour == "locked-metrics" and not self._is_allowed(request):
            return web.Response(status=401)
        if self._misbehaviour == "late-metrics" and time.monotonic() - self._began_s < LATE_S:
            return web.Response(text="\n", headers={"Content-Type": CONTENT_TYPE_LATEST})
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def _complete(self, request: web.Request) -> web.Response:
        if not self._is_allowed(request):
            return web.json_response({"error": {"message": "the key is wrong"}}, status=401)
        asked = await request.json()
        since_s = time.monotonic()
        if self._misbehaviour == "slow":
            async with self._lock:
                await asyncio.sleep(SLOW_S)
        status, answer = await self._ask(asked)
        if self._misbehaviour == "errors-in-body" and status >= 500:
            status, answer = 200, {"error": {"message": "the provider failed"}}
        self._requests.labels(asked["model"], str(status)).inc()
        self._latency.labels(asked["model"]).observe(time.monotonic() - since_s)
        return web.json_response(answer, status=status)

    async def _ask(self, asked: dict[str, object]) -> tuple[int, object]:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{self._upstream}/v1/chat/completions", json=asked) as answer,
            ):
                return answer.status, await answer.json()
        except aiohttp.ClientError:
            return 502, {"error": {"message": "the provider cannot be reached"}}

    def _is_allowed(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self._key}"


def main() -> None:
    """Serve on loopback until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--key", default="the-key")
    parser.add_argument("--misbehave", default="", choices=("", *MISBEHAVIOURS))
    options = parser.parse_args()

    async def make() -> web.Application:
        return SmallGateway(options.upstream, options.key, options.misbehave).make_app()

    web.run_app(make(), host="127.0.0.1", port=options.port, print=None)


if __name__ == "__main__":
    main()
