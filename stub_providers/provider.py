"""The provider as its clients see it: a dialect in front of the behaviour engine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web
from yarl import URL

from stub_providers.authorization import is_secret
from stub_providers.behaviour import Decision, Engine, ErrorClass, piece_times_s
from stub_providers.dialects.dialect import (
    JSON_TYPE,
    Answer,
    ChatRequest,
    Dialect,
    Failure,
    Refused,
    compose_pieces,
    encode,
)
from stub_providers.door import reset
from stub_providers.http_server import find_sentence, read_body
from stub_providers.ledger import NO_MODEL, Ledger
from stub_providers.worker import Worker

MAX_BODY_BYTES = 8 * 1024 * 1024
Read = Callable[[URL, Mapping[str, str], object], ChatRequest]
"""Validates a request."""


class Provider:
    """Serves one dialect at `speed` seconds of rule time per second of wall time.

    Every request for a completion or an embedding is entered in the ledger when it is over: as `ok`, or as
    the error class that it met. One that lost its connection before a good answer counts as `network`.
    Without a `key` any is accepted, and none too.
    """

    def __init__(
        self,
        *,
        dialect: Dialect,
        engine: Engine,
        ledger: Ledger,
        key: str | None,
        speed: float,
        worker: Worker | None = None,
    ) -> None:
        self._dialect = dialect
        self._engine = engine
        self._ledger = ledger
        self._key = key
        self._speed = speed
        self._worker = worker

    def app(self, models: Callable[[], list[str]]) -> web.Application:
        """Return the application; `models` says which models are listed."""

        async def listing(request: web.Request) -> web.Response:
            if not self._key_is_right(request):
                return _refusal(self._dialect.failures["auth"])
            return _json(self._dialect.model_list(models()))

        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post(self._dialect.chat_path, partial(self._call, self._dialect.read))
        if (embeddings := self._dialect.embeddings) is not None:
            app.router.add_post(
                embeddings.path, partial(self._call, lambda _url, _headers, body: embeddings.read(body))
            )
        app.router.add_get(self._dialect.models_path, listing)
        if self._worker is not None:
            app.add_routes(self._worker.list_routes())
        return app

    def refuse(self, _request: web.BaseRequest, status: int, sentence: str) -> web.Response:
        """Return the dialect's answer to what cannot be taken at all."""
        return _refusal(self._dialect.refusal(status, sentence))

    def _key_is_right(self, request: web.Request) -> bool:
        return self._key is None or is_secret(self._dialect.presented_key(request.headers), self._key)

    async def _call(self, read: Read, request: web.Request) -> web.StreamResponse:
        started_s = time.perf_counter()
        if not self._key_is_right(request):
            self._ledger.count(NO_MODEL, "auth")
            return _refusal(self._dialect.failures["auth"])
        try:
            asked = await self._read(read, request)
        except Refused as refused:
            self._ledger.count(refused.model, "invalid_request")
            return _refusal(refused.failure)
        decision = self._engine.decide(
            asked.model, estimated_prompt_tokens=asked.prompt_tokens, max_tokens=asked.max_tokens
        )
        outcome: str = decision.error or "network"
        try:
            if self._worker is None:
                response = await self._meet(request, asked, decision, started_s)
            else:
                async with self._worker.turn(decision):
                    response = await self._meet(request, asked, decision, time.perf_counter())
            if decision.error is None:
                outcome = "ok"
                if self._worker is not None:
                    self._worker.count(decision)
            return response
        finally:
            self._ledger.count(asked.model, outcome)

    async def _meet(
        self, request: web.Request, asked: ChatRequest, decision: Decision, started_s: float
    ) -> web.StreamResponse:
        if decision.error is not None:
            return await self._fail(request, asked, decision, decision.error, started_s)
        return await self._answer(request, asked, decision, started_s)

    async def _read(self, read: Read, request: web.Request) -> ChatRequest:
        try:
            body = json.loads(await read_body(request))
        except web.HTTPRequestEntityTooLarge:
            raise Refused(self._dialect.oversized_body) from None
        except web.HTTPException as error:
            raise Refused(self._dialect.refusal(error.status, find_sentence(error))) from None
        except (ValueError, RecursionError):
            raise Refused(self._dialect.unreadable_body) from None
        return read(request.rel_url, request.headers, body)

    def _whole(self, answer: Answer) -> dict[str, Any]:
        embeddings = self._dialect.embeddings if answer.request.embeddings else None
        return self._dialect.whole(answer) if embeddings is None else embeddings.whole(answer)

    async def _answer(
        self, request: web.Request, asked: ChatRequest, decision: Decision, started_s: float
    ) -> web.StreamResponse:
        answer = _compose(asked, decision)
        if asked.stream:
            frames = self._dialect.streamed(answer)
            times_s = piece_times_s(decision.latency_s, len(frames))
            return await self._stream(request, frames, times_s, started_s)
        await self._wait_until(started_s, decision.latency_s)
        return _json(self._whole(answer))

    async def _fail(
        self,
        request: web.Request,
        asked: ChatRequest,
        decision: Decision,
        error: ErrorClass,
        started_s: float,
    ) -> web.StreamResponse:
        await self._wait_until(started_s, decision.latency_s)
        if error in ("network", "timeout"):
            reset(request.transport)
            return web.Response()  # goes nowhere: the connection is gone
        if error == "unknown":
            text = encode(self._whole(_compose(asked, decision))).decode()
            half = text[: len(text) // 2]
            if asked.stream:
                return await self._stream(request, (self._dialect.broken_event(half),), (0.0,), started_s)
            return web.Response(text=half, content_type=JSON_TYPE)
        return _refusal(self._dialect.failures[error])

    async def _stream(
        self, request: web.Request, frames: tuple[bytes, ...], times_s: tuple[float, ...], started_s: float
    ) -> web.StreamResponse:
        await self._wait_until(started_s, times_s[0])
        response = web.StreamResponse(
            headers={"Content-Type": self._dialect.stream_type, "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        for frame, at_s in zip(frames, times_s, strict=True):
            await self._wait_until(started_s, at_s)
            await response.write(frame)
        await response.write_eof()
        return response

    async def _wait_until(self, started_s: float, rule_s: float) -> None:
        """Wait until `rule_s` of rule time after `started_s` (wall), so that our own work counts in."""
        left_s = started_s + rule_s / self._speed - time.perf_counter()
        if left_s > 0:
            await asyncio.sleep(left_s)


def _compose(asked: ChatRequest, decision: Decision) -> Answer:
    return Answer(
        request=asked,
        prompt_tokens=decision.prompt_tokens,
        completion_tokens=decision.completion_tokens,
        truncated=decision.truncated,
        latency_s=decision.latency_s,
        pieces=compose_pieces(decision.completion_tokens),
    )


def _refusal(failure: Failure) -> web.Response:
    return web.Response(
        status=failure.status, body=failure.body, headers=failure.headers, content_type=JSON_TYPE
    )


def _json(payload: dict[str, Any]) -> web.Response:
    return web.Response(body=encode(payload), content_type=JSON_TYPE)
