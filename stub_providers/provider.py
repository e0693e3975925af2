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
from stub_providers.behaviour import Asked, Decision, Engine
from stub_providers.delivery import Delivery, plan_delivery
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
from stub_providers.dialects.texts import CHARS_PER_TOKEN, MAX_PIECES, compose_pieces, encode, split_pieces
from stub_providers.door import reset
from stub_providers.flaws import NO_JSON, SPOILS, spoil
from stub_providers.http_server import find_sentence, read_body
from stub_providers.ledger import NO_MODEL, Ledger
from stub_providers.pace import FIRST_TOKEN_SHARE, gap_times_s, piece_times_s
from stub_providers.strikes import ErrorClass
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

    Limits and spells go by the `traffic_speed`, where calls come at another than they are answered at.

    Every request for a completion or an embedding is entered in the ledger when it is over: as `ok`, or as
    the error class or the flaw that it met. One that lost its connection before a good answer counts as
    `network`. Lookups are entered, without a model, where a behaviour governs them.
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
        traffic_speed: float | None = None,
        worker: Worker | None = None,
    ) -> None:
        self._dialect = dialect
        self._ids = random.Random(name)  # noqa: S311 - repeatable, no secret
        self._engine = engine
        self._ledger = ledger
        self._key = key
        self._speed = speed
        self._traffic_speed = speed if traffic_speed is None else traffic_speed
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

    def _find_key(self, request: web.Request) -> str:
        return self._dialect.presented_key(request.rel_url, request.headers)

    def _key_is_right(self, request: web.Request) -> bool:
        return self._key is None or is_secret(self._find_key(request), self._key)

    @property
    def _now_s(self) -> float:
        return time.perf_counter() * self._traffic_speed

    async def _look_up(
        self, lookup: Lookup, models: Callable[[], Sequence[str]], request: web.Request
    ) -> web.Response:
        started_s = time.perf_counter()
        if not self._key_is_right(request):
            return self._refusal(self._dialect.failures["auth"])
        try:
            payload = lookup.answer(await self._read(request), models())
        except Refused as refused:
            return self._refusal(refused.failure)
        decision = self._engine.decide_lookup(self._find_key(request), now_s=self._now_s)
        if decision is None:
            return self._json(payload, None)
        self._ledger.note(NO_MODEL, decision)
        outcome: str = decision.error or "network"
        try:
            await self._wait_until(started_s, decision.latency_s)
            outcome = decision.error or "ok"
            if decision.error is None:
                return self._json(payload, None)
            return self._say_error(request, decision.error, decision, payload, None)
        finally:
            self._ledger.count(NO_MODEL, outcome)

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
        decision = self._decide(asked, request)
        self._ledger.note(asked.model, decision)
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
                outcome = _say_outcome(decision)
            if outcome == "ok":
                self._ledger.add_tokens(
                    asked.model, prompt=answer.prompt_tokens, completion=answer.completion_tokens
                )
                if self._worker is not None:
                    self._worker.count(of_all)
            return response
        finally:
            self._ledger.count(asked.model, outcome)

    def _decide(self, asked: ChatRequest, request: web.Request) -> Decision:
        return self._engine.decide(
            Asked(
                model=asked.model,
                key=self._find_key(request),
                estimated_prompt_tokens=asked.prompt_tokens,
                max_tokens=asked.max_tokens,
                choices=asked.choices,
                generates=not asked.embeddings,
            ),
            now_s=self._now_s,
        )

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
        most = len(decision.gaps_s) + 1 if decision.gaps_s else MAX_PIECES
        if text is None:
            pieces = compose_pieces(decision.completion_tokens, most)
        else:
            whole_chars = decision.completion_tokens * CHARS_PER_TOKEN if decision.truncated else len(text)
            pieces = split_pieces(text[:whole_chars], most)
        first_token_s = decision.first_token_s
        return Answer(
            request=asked,
            prompt_tokens=decision.prompt_tokens,
            completion_tokens=decision.completion_tokens * asked.choices,
            truncated=decision.truncated,
            latency_s=decision.latency_s,
            first_token_s=(
                decision.latency_s * FIRST_TOKEN_SHARE if first_token_s is None else first_token_s
            ),
            standing=decision.standing.at_speed(self._traffic_speed) if decision.standing else None,
            pieces=pieces,
            id=self._new_id(),
            created_s=time.time(),
        )

    def _new_id(self) -> str:
        return f"{self._ids.getrandbits(128):032x}"

    async def _meet(self, meeting: _Meeting, answer: Answer) -> web.StreamResponse:
        decision = meeting.decision
        if decision.error is not None:
            return await self._fail(meeting, answer, decision.error)
        if answer.request.stream:
            frames = meeting.endpoint.streamed(answer)
            if decision.flaw is not None and decision.flaw.kind == "malformed":
                middle = (len(frames) + 1) // 2
                frames = (*frames[:middle], meeting.endpoint.broken_event(NO_JSON.decode()), *frames[middle:])
            return await self._stream(meeting, answer, frames)
        payload = meeting.endpoint.whole(answer)
        if decision.flaw is None:
            await self._wait_until(meeting.started_s, answer.latency_s)
            return self._json(payload, answer)
        return await self._send_flawed(meeting, answer, encode(payload))

    async def _send_flawed(self, meeting: _Meeting, answer: Answer, body: bytes) -> web.StreamResponse:
        """Send an answer that is not streamed, with its flaw."""
        flaw = meeting.decision.flaw
        sent = spoil(body) if flaw is not None and flaw.kind == "malformed" else body
        headers = self._dialect.write_headers(self._new_id(), answer)
        response = web.StreamResponse(headers={"Content-Type": JSON_TYPE, **headers})
        response.content_length = len(sent)
        await self._wait_until(meeting.started_s, answer.latency_s)
        return await self._deliver(meeting, response, plan_delivery((sent,), (answer.latency_s,), flaw))

    async def _fail(self, meeting: _Meeting, answer: Answer, error: ErrorClass) -> web.StreamResponse:
        streams = answer.request.stream
        if streams and (frames := meeting.endpoint.broken_off(answer, error)):
            return await self._stream(meeting, answer, frames)
        await self._wait_until(meeting.started_s, answer.latency_s)
        payload = meeting.endpoint.whole(answer) if error == "unknown" else {}
        if error == "unknown" and streams:
            event = meeting.endpoint.broken_event(_halve(payload))
            return await self._stream(meeting, answer, (event,))
        return self._say_error(meeting.request, error, meeting.decision, payload, answer)

    def _say_error(
        self,
        request: web.Request,
        error: ErrorClass,
        decision: Decision,
        payload: dict[str, Any],
        answer: Answer | None,
    ) -> web.Response:
        """Return what says an error at once; of an unknown one that is half of what would be answered."""
        if error in ("network", "timeout"):
            reset(request.transport)
            return web.Response()  # goes nowhere: the connection is gone
        if error == "unknown":
            headers = self._dialect.write_headers(self._new_id(), answer)
            return web.Response(text=_halve(payload), content_type=JSON_TYPE, headers=headers)
        standing = decision.standing
        if standing is not None and standing.refused_by is not None:
            return self._refusal(self._dialect.limit(standing.at_speed(self._traffic_speed)))
        return self._refusal(self._dialect.failures[error])

    async def _stream(
        self, meeting: _Meeting, answer: Answer, frames: tuple[bytes, ...]
    ) -> web.StreamResponse:
        decision = meeting.decision
        if decision.gaps_s:
            times_s = gap_times_s(answer.first_token_s, decision.gaps_s, len(frames))
        else:
            times_s = piece_times_s(answer.latency_s, len(frames), decision.first_token_s)
        await self._wait_until(meeting.started_s, times_s[0])
        headers = {"Content-Type": meeting.endpoint.stream_type, "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers | self._dialect.write_headers(self._new_id(), answer))
        return await self._deliver(meeting, response, plan_delivery(frames, times_s, decision.flaw))

    async def _deliver(
        self, meeting: _Meeting, response: web.StreamResponse, delivery: Delivery
    ) -> web.StreamResponse:
        """Send the parts of an answer when they are due, and end it as it is to end."""
        await response.prepare(meeting.request)
        for part in delivery.parts:
            await self._wait_until(meeting.started_s, part.at_s)
            if part.data:
                await response.write(part.data)
        transport = meeting.request.transport
        if delivery.ending == "reset":
            reset(transport)
        elif delivery.ending == "truncated" and transport is not None:
            transport.close()
        else:
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


def _halve(payload: dict[str, Any]) -> str:
    """Return half of the JSON of an answer."""
    text = encode(payload).decode()
    return text[: len(text) // 2]


def _say_outcome(decision: Decision) -> str:
    """Return what a request came to that met no error."""
    flaw = decision.flaw
    return flaw.kind if flaw is not None and flaw.kind in SPOILS else "ok"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
