"""The way of a call: quota, route, attempts, accounting.

Each attempt at a provider is one CallFinished with its own status. The next model is tried after every
failure but those that any provider would repeat (`context_overflow`, `invalid_request`); of a stream, until
its first chunk. An attempt is read to its end and accounted for even if the client has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.events import (
    CallFinished,
    CallStatus,
    ErrorClass,
    Listener,
    QuotaExceeded,
    QuotaUsed,
    RouteDecided,
)
from alertdrill.gateway.health import Health
from alertdrill.gateway.keys import Key
from alertdrill.gateway.models import Catalogue, Model
from alertdrill.gateway.prefixes import current_prefix
from alertdrill.gateway.prices import compute_cost
from alertdrill.gateway.problems import Problem, describe_failure, quote
from alertdrill.gateway.quotas import Identity, Quotas
from alertdrill.gateway.routing import NO_HINTS, Hints, Route, UnknownModel, choose, choose_next, resolve
from alertdrill.gateway.timing import RuleClock
from alertdrill.gateway.upstream import Upstream

_T = TypeVar("_T")
_Failure = tuple[Model, UpstreamFailed]
_Pieces = asyncio.Queue[Chunk | Usage | UpstreamFailed]
FINAL: frozenset[ErrorClass] = frozenset({"context_overflow", "invalid_request"})


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """A call in flight."""

    model: Model
    key: Key | None
    started_s: float
    health: Health
    is_probe: bool
    over: bool = False


class Chats(Protocol):
    """Whoever answers validated requests of admitted callers: `Calls`, or what stands in its way."""

    async def complete(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Completion]:
        """Return an answer and the model that gave it; raises Problem."""

    async def stream(self, chat: ChatRequest, key: Key | None) -> tuple[Model, AsyncIterator[Chunk]]:
        """Return the chunks of an answer that has begun, and the model that gives it; raises Problem."""


class Calls:
    """Takes validated requests of admitted callers to the providers."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        upstream: Upstream,
        providers: Iterable[str],
        quotas: Quotas,
        clock: RuleClock,
        emit: Listener,
    ) -> None:
        self._catalogue = catalogue
        self._upstream = upstream
        self._providers = tuple(providers)
        self._healths: dict[str | None, Health] = {}
        self._quotas = quotas
        self._clock = clock
        self._emit = emit
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Give up the attempts in flight."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def complete(
        self, chat: ChatRequest, key: Key | None, hints: Hints = NO_HINTS
    ) -> tuple[Model, Completion]:
        """Return an answer and the model that gave it; `hints` help an open choice. Raises Problem."""
        failures: list[_Failure] = []
        for route in self._admit(chat, key, failures, hints):
            # In a task of its own, which goes on when the client's is cancelled.
            outcome = await asyncio.shield(self._keep(self._fetch(route.model, chat, key)))
            if isinstance(outcome, Completion):
                return route.model, outcome
            _note(failures, route.model, outcome)
        raise _describe(failures)

    async def stream(self, chat: ChatRequest, key: Key | None) -> tuple[Model, AsyncIterator[Chunk]]:
        """Return the chunks of an answer that has begun, and the model that gives it; raises Problem.

        The last chunk has the usage. The iterator raises UpstreamFailed if the answer breaks off.
        """
        failures: list[_Failure] = []
        for route in self._admit(chat, key, failures, NO_HINTS):
            pieces: _Pieces = asyncio.Queue()
            self._keep(self._pump(route.model, chat, key, pieces))
            first = await pieces.get()
            if not isinstance(first, UpstreamFailed):
                return route.model, _follow(first, pieces)
            _note(failures, route.model, first)
        raise _describe(failures)

    def _keep(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fetch(self, model: Model, chat: ChatRequest, key: Key | None) -> Completion | UpstreamFailed:
        """Read a whole answer and account for it; a failure is returned, since nobody may be waiting."""
        attempt = self._begin(model, key)
        try:
            completion = await self._upstream.complete(model, chat)
        except UpstreamFailed as failed:
            self._end(attempt, failed.error_class, Usage())
            return failed
        else:
            self._end(attempt, "ok", completion.usage)
            return completion
        finally:
            self._abandon(attempt)

    async def _pump(self, model: Model, chat: ChatRequest, key: Key | None, pieces: _Pieces) -> None:
        """Read a stream at the provider's pace, whatever the client's, and account for it."""
        attempt = self._begin(model, key)
        usage = Usage()
        try:
            async for chunk in self._upstream.stream(model, chat):
                usage = chunk.usage or usage
                if chunk.text or chunk.finish_reason:
                    pieces.put_nowait(replace(chunk, usage=None))
        except UpstreamFailed as failed:
            self._end(attempt, failed.error_class, usage)
            pieces.put_nowait(failed)
        else:
            self._end(attempt, "ok", usage)
            pieces.put_nowait(usage)
        finally:
            if self._abandon(attempt):
                pieces.put_nowait(UpstreamFailed("unknown", "the call was given up"))

    def _admit(
        self, chat: ChatRequest, key: Key | None, failures: list[_Failure], hints: Hints
    ) -> Iterator[Route]:
        """Return the routes of a request, one after another as `failures` grows; raises Problem."""
        started_s = self._clock.now_s()
        try:
            policy = self._catalogue.find_policy(current_prefix())
            wanted = resolve(chat.model, key.model if key else None, self._catalogue, policy, hints)
        except UnknownModel as unknown:
            message = f"there is no model {quote(str(unknown))}; GET /v1/models lists all"
            raise Problem(404, message, code="model_not_found", param="model") from None
        resolved_in_s = self._clock.now_s() - started_s
        exceeded = self._quotas.admit(_list_identities(key), self._clock.now_s())
        if exceeded is not None:
            kind, identity = exceeded
            self._emit(QuotaExceeded(kind=kind, identity=identity))
            message = f"the quota of {kind} {identity} is used up"
            raise Problem(429, message, type_="insufficient_quota", code="insufficient_quota")
        fallbacks = policy.fallbacks if chat.allow_fallbacks else ()
        return self._iterate_routes(wanted, fallbacks, failures, resolved_in_s)

    def _iterate_routes(
        self, wanted: Route, fallbacks: tuple[Model, ...], failures: list[_Failure], resolved_in_s: float
    ) -> Iterator[Route]:
        health = self._find_health()
        while True:
            started_s = self._clock.now_s()
            is_available = partial(health.is_available, now_s=started_s)
            tried = [model for model, _ in failures]
            route = (
                choose_next(wanted, fallbacks, tried, is_available)
                if tried
                else choose(wanted, fallbacks, is_available)
            )
            if route is None:
                return
            self._emit(
                RouteDecided(
                    slot=route.slot,
                    provider=route.model.provider,
                    model=route.model.name,
                    latency_s=self._clock.now_s() - started_s + (0.0 if tried else resolved_in_s),
                    fingerprint_version=route.fingerprint_version,
                )
            )
            yield route

    def _begin(self, model: Model, key: Key | None) -> _Attempt:
        now_s = self._clock.now_s()
        health = self._find_health()
        is_probe = health.begin(model.provider, now_s)
        return _Attempt(model=model, key=key, started_s=now_s, health=health, is_probe=is_probe)

    def _find_health(self) -> Health:
        """Return the breakers of the prefix at hand: what one meets cools no other's provider."""
        return self._healths.setdefault(current_prefix(), Health(self._providers))

    def _end(self, attempt: _Attempt, status: CallStatus, usage: Usage) -> None:
        now_s = self._clock.now_s()
        model, key = attempt.model, attempt.key
        attempt.over = True
        attempt.health.end(model.provider, now_s, status=status, probe=attempt.is_probe)
        cost_usd = compute_cost(
            model.price, prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens
        )
        self._emit(
            CallFinished(
                provider=model.provider,
                model=model.name,
                key_id=key.id if key else None,
                status=status,
                latency_s=now_s - attempt.started_s,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                cost_usd=cost_usd,
            )
        )
        identities = _list_identities(key)
        self._quotas.spend(identities, cost_usd, now_s)
        for kind, identity in identities:
            if self._quotas.limits((kind, identity)):
                ratio = self._quotas.ratio((kind, identity), now_s)
                self._emit(QuotaUsed(kind=kind, identity=identity, ratio=ratio))

    def _abandon(self, attempt: _Attempt) -> bool:
        """Let go of an attempt that was given up; return whether it was."""
        if not attempt.over:
            attempt.health.abandon(attempt.model.provider, probe=attempt.is_probe)
        return not attempt.over


async def _follow(first: Chunk | Usage, pieces: _Pieces) -> AsyncIterator[Chunk]:
    piece: Chunk | Usage | UpstreamFailed = first
    while isinstance(piece, Chunk):
        yield piece
        piece = await pieces.get()
    if isinstance(piece, UpstreamFailed):
        raise piece
    yield Chunk(usage=piece)


def _list_identities(key: Key | None) -> tuple[Identity, ...]:
    return key.identities if key else ()


def _note(failures: list[_Failure], model: Model, failed: UpstreamFailed) -> None:
    """Note a failed attempt; raises Problem if no other provider would do better."""
    if failed.error_class in FINAL:
        raise describe_failure(failed.error_class, str(failed)) from failed
    failures.append((model, failed))


def _describe(failures: list[_Failure]) -> Problem:
    """Return why nobody answered; the class is that of the first attempt's failure."""
    message = "; ".join(str(failed) for _, failed in failures)
    return describe_failure(failures[0][1].error_class, message)
