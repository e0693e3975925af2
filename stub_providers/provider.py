"""The provider as its clients see it: a dialect in front of the behaviour engine."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from aiohttp import web

from stub_providers.authorization import is_secret
from stub_providers.behaviour import Decision, Engine, ErrorClass, piece_times_s
from stub_providers.dialects.dialect import (
    JSON_TYPE,
    Answer,
    ChatRequest,
    Dialect,
    Endpoint,
    Failure,
    Incoming,
    Lookup,
    Refused,
)
from stub_providers.dialects.texts import CHARS_PER_TOKEN, compose_pieces, encode, split_pieces
from stub_providers.door import reset
from stub_providers.http_server import find_sentence, read_body
from stub_providers.ledger import NO_MODEL, Ledger
from stub_providers.worker import Worker

MAX_BODY_BYTES = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    """A request with where it was sent, and what it meets from `started_s` (wall) on."""

    request: web.Request
    endpoint: Endpoint
    decision: Decision
    started_s: float


class Provider:
    """Serves one dialect at `speed` seconds of rule time per second of wall time.

    Every request for a completion or an embedding is entered in the ledger when it is over: as `ok`, or as
    the error class that it met. One that lost its connection before a good answer counts as `network`.
    Without a `key` any is accepted, and none too.
    """

    def __init__(
        self,
        *,
        name: str,
        dialect: Dialect,
        engine: Engine,
        ledger: Ledger,
        key: str | None,
        speed: float,
        worker: Worker | None = None,
    ) -> None:
        self._dialect = dialect
        self._ids = random.Random(name)  # noqa: S311 - repeatable, no secret
        self._engine = engine
        self._ledger = ledger
        self._key = key
        self._speed = speed
        self._worker = worker

    def app(self, models: Callable[[], list[str]]) -> web.Application:
        """Return the application; `models` says which models are listed."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        for endpoint in self._dialect.endpoints:
            app.router.add_post(endpoint.path, partial(self._call, endpoint))
        for lookup in self._dialect.lookups:
            app.router.add_route(lookup.method, lookup.path, partial(self._look_up, lookup, models))
        if self._worker is not None:
            app.add_routes(self._worker.list_routes())
        return app

    def refuse(self, _request: web.BaseRequest, status: int, sentence: str) -> web.Response:
        """Return the dialect's answer to what cannot be taken at all."""
        return self._refusal(self._dialect.refusal(status, sentence))

    def _key_is_right(self, request: web.Request) -> bool:
        if self._key is None:
            return True
        return is_secret(self._dialect.presented_key(request.rel_url, request.headers), self._key)

    async def _look_up(
        self, lookup: Lookup, models: Callable[[], Sequence[str]], request: web.Request
    ) -> web.Response:
        if not self._key_is_right(request):
            return self._refusal(self._dialect.failures["auth"])
        try:
            payload = lookup.answer(await self._read(request), models())
        except Refused as refused:
            return self._refusal(refused.failure)
        return self._json(payload, None)

    async def _call(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        started_s = time.perf_counter()
        if not self._key_is_right(request):
            self._ledger.count(NO_MODEL, "auth")
            return self._refusal(self._dialect.failures["auth"])
        try:
            asked = endpoint.read(await self._read(request))
        except Refused as refused:
            self._ledger.count(refused.model, "invalid_request")
            return self._refusal(refused.failure)
        decision = self._engine.decide(
            asked.model, estimated_prompt_tokens=asked.prompt_tokens, max_tokens=asked.max_tokens
        )
        meeting = _Meeting(request=request, endpoint=endpoint, decision=decision, started_s=started_s)
        outcome: str = decision.error or "network"
        answer = self._compose(asked, decision)
        try:
            if self._worker is None:
                response = await self._meet(meeting, answer)
            else:
                of_all = dataclasses.replace(decision, completion_tokens=answer.completion_tokens)
                async with self._worker.turn(of_all):
                    meeting = dataclasses.replace(meeting, started_s=time.perf_counter())
                    response = await self._meet(meeting, answer)
            if decision.error is None:
                outcome = "ok"
                if self._worker is not None:
                    self._worker.count(of_all)
            return response
        finally:
            self._ledger.count(asked.model, outcome)

    async def _read(self, request: web.Request) -> Incoming:
        incoming = Incoming(url=request.rel_url, headers=request.headers, path=request.match_info)
        if request.method == "GET":
            return incoming
        try:
            body = json.loads(await read_body(request), parse_constant=_refuse_constant)
        except web.HTTPRequestEntityTooLarge:
            raise Refused(self._dialect.oversized_body) from None
        except web.HTTPException as error:
            raise Refused(self._dialect.refusal(error.status, find_sentence(error))) from None
        except (ValueError, RecursionError):
            raise Refused(self._dialect.unreadable_body) from None
        if not isinstance(body, dict):
            raise Refused(self._dialect.unreadable_body)
        return dataclasses.replace(incoming, body=body)

    def _compose(self, asked: ChatRequest, decision: Decision) -> Answer:
        text = asked.tool.arguments if asked.tool is not None else asked.json_text
        if text is None:
            pieces = compose_pieces(decision.completion_tokens)
        else:
            whole_chars = decision.completion_tokens * CHARS_PER_TOKEN if decision.truncated else len(text)
            pieces = split_pieces(text[:whole_chars])
        return Answer(
            request=asked,
            prompt_tokens=decision.prompt_tokens,
            completion_tokens=decision.completion_tokens * asked.choices,
            truncated=decision.truncated,
            latency_s=decision.latency_s,
            pieces=pieces,
            id=self._new_id(),
            created_s=time.time(),
        )

    def _new_id(self) -> str:
        return f"{self._ids.getrandbits(128):032x}"

    async def _meet(self, meeting: _Meeting, answer: Answer) -> web.StreamResponse:
        error = meeting.decision.error
        if error is not None:
            return await self._fail(meeting, answer, error)
        if answer.request.stream:
            frames = meeting.endpoint.streamed(answer)
            return await self._stream(meeting, answer, frames)
        await self._wait_until(meeting.started_s, answer.latency_s)
        return self._json(meeting.endpoint.whole(answer), answer)

    async def _fail(self, meeting: _Meeting, answer: Answer, error: ErrorClass) -> web.StreamResponse:
        streams = answer.request.stream
        if streams and (frames := meeting.endpoint.broken_off(answer, error)):
            return await self._stream(meeting, answer, frames)
        await self._wait_until(meeting.started_s, answer.latency_s)
        if error in ("network", "timeout"):
            reset(meeting.request.transport)
            return web.Response()  # goes nowhere: the connection is gone
        if error == "unknown":
            text = encode(meeting.endpoint.whole(answer)).decode()
            half = text[: len(text) // 2]
            if streams:
                return await self._stream(meeting, answer, (meeting.endpoint.broken_event(half),))
            headers = self._dialect.write_headers(self._new_id(), answer)
            return web.Response(text=half, content_type=JSON_TYPE, headers=headers)
        return self._refusal(self._dialect.failures[error])

    async def _stream(
        self, meeting: _Meeting, answer: Answer, frames: tuple[bytes, ...]
    ) -> web.StreamResponse:
        times_s = piece_times_s(answer.latency_s, len(frames))
        await self._wait_until(meeting.started_s, times_s[0])
        headers = {"Content-Type": meeting.endpoint.stream_type, "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers | self._dialect.write_headers(self._new_id(), answer))
        await response.prepare(meeting.request)
        for frame, at_s in zip(frames, times_s, strict=True):
            await self._wait_until(meeting.started_s, at_s)
            await response.write(frame)
        await response.write_eof()
        return response

    def _json(self, payload: dict[str, Any], answer: Answer | None) -> web.Response:
        headers = self._dialect.write_headers(self._new_id(), answer)
        return web.Response(body=encode(payload), content_type=JSON_TYPE, headers=headers)

    def _refusal(self, failure: Failure) -> web.Response:
        request_id = self._new_id()
        headers = {**self._dialect.write_headers(request_id, None), **failure.headers}
        if isinstance(failure.payload, str):
            body = failure.payload.encode()
        else:
            stamp = {failure.id_field: f"req_{request_id}"} if failure.id_field else {}
            body = encode({**failure.payload, **stamp})
        return web.Response(
            status=failure.status, body=body, headers=headers, content_type=failure.content_type
        )

    async def _wait_until(self, started_s: float, rule_s: float) -> None:
        """Wait until `rule_s` of rule time after `started_s` (wall), so that our own work counts in."""
        left_s = started_s + rule_s / self._speed - time.perf_counter()
        if left_s > 0:
            await asyncio.sleep(left_s)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
