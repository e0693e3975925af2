"""What a self-hosted worker is besides its dialect: slots that requests queue for, health and metrics.

Routers before such workers wait for `GET /health` and choose by `GET /metrics`; both want no key. The metrics
have the names of vLLM's V1 engine; their label `model_name` is the model that a worker was started with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from stub_providers.behaviour import Decision
from stub_providers.metrics import METRICS_TYPE

SLOTS = 256
"""As many requests run at once; vLLM's own bound on its batches."""
TOKENS_PER_SLOT = 2_048
_LABELS = ("model_name", "engine")


class Worker:
    """Runs `slots` requests at once, lets the others wait, in order, and counts both."""

    def __init__(self, model: str, *, slots: int = SLOTS) -> None:
        self._free = asyncio.Semaphore(slots)
        self._registry = CollectorRegistry()
        self._cache_tokens = slots * TOKENS_PER_SLOT
        self._used_tokens = 0
        self._own = (model, "0")
        self._running = self._gauge("num_requests_running", "Requests that are being answered.")
        self._waiting = self._gauge("num_requests_waiting", "Requests that wait for their turn.")
        self._usage = self._gauge("kv_cache_usage_perc", "Share of the KV cache in use; 1 is all of it.")
        self._prompt = self._counter("prompt_tokens", "Tokens of prompts.")
        self._generation = self._counter("generation_tokens", "Tokens of answers.")
        self._success = Counter(
            "vllm:request_success",
            "Requests that were answered, by why their answer ended.",
            (*_LABELS, "finished_reason"),
            registry=self._registry,
        )
        for reason in ("stop", "length"):
            self._success.labels(*self._own, reason)

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes that routers ask for."""
        return [web.get("/health", self._health), web.get("/metrics", self._metrics)]

    @asynccontextmanager
    async def turn(self, decision: Decision) -> AsyncIterator[None]:
        """Wait for a slot, and hold it and the cache of a request while the context lasts."""
        with self._waiting.track_inprogress():
            await self._free.acquire()
        tokens = decision.prompt_tokens + decision.completion_tokens
        self._use(tokens)
        try:
            with self._running.track_inprogress():
                yield
        finally:
            self._use(-tokens)
            self._free.release()

    def count(self, decision: Decision) -> None:
        """Count a request that was answered."""
        self._prompt.inc(decision.prompt_tokens)
        self._generation.inc(decision.completion_tokens)
        self._success.labels(*self._own, "length" if decision.truncated else "stop").inc()

    def _use(self, tokens: int) -> None:
        self._used_tokens += tokens
        self._usage.set(min(1.0, self._used_tokens / self._cache_tokens))

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"vllm:{name}", text, _LABELS, registry=self._registry).labels(*self._own)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"vllm:{name}", text, _LABELS, registry=self._registry).labels(*self._own)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def _metrics(self, _request: web.Request) -> web.Response:
        lines = generate_latest(self._registry).splitlines(keepends=True)
        # vLLM has no such series; the library would leave them out for the whole process only.
        body = b"".join(line for line in lines if not _is_of_creation(line))
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})


def _is_of_creation(line: bytes) -> bool:
    name = line.split()[2] if line.startswith(b"#") else line.partition(b"{")[0]
    return name.endswith(b"_created")
