"""The way of a call: quota, route, attempts, accounting.

Each attempt at a provider is one CallFinished with its own status. The same model is tried again as the
configuration's retries say, then the next, after every failure but those that any provider would repeat
(`context_overflow`, `invalid_request`); of a stream, until its first chunk. An attempt whose client has gone
is given up, which its provider sees, and accounted for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Protocol, TypeVar

from alertdrill.core.error_classes import THE_CLIENTS_FAULT
from alertdrill.gateway.answers import Completion, UpstreamFailed, Usage, Vectors
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.demands import can_answer, demand
from alertdrill.gateway.dialects import COUNTERS
from alertdrill.gateway.embeddings import EmbeddingRequest
from alertdrill.gateway.events import (
    CallFinished,
    CallRetried,
    CallStatus,
    Listener,
    QuotaExceeded,
    QuotaUsed,
    RouteDecided,
)
from alertdrill.gateway.health import Health
from alertdrill.gateway.keys import Key
from alertdrill.gateway.limits import Limits
from alertdrill.gateway.models import Catalogue, Model
from alertdrill.gateway.prefixes import current_prefix
from alertdrill.gateway.prices import compute_cost
from alertdrill.gateway.problems import Problem, describe_failure, quote, refuse_model
from alertdrill.gateway.quotas import Identity, Quotas
from alertdrill.gateway.retrying import Retries, draw
from alertdrill.gateway.routing import NO_HINTS, Hints, Route, UnknownModel, choose, choose_next, resolve
from alertdrill.gateway.streams import Chunks, Pieces, Stream, Taken
from alertdrill.gateway.timing import RuleClock
from alertdrill.gateway.upstream import Upstream

_T = TypeVar("_T")
_Answer = TypeVar("_Answer", Completion, Vectors)
_Failure = tuple[Model, UpstreamFailed]


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

    async def stream(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Chunks]:
        """Return the chunks of an answer that has begun, and the model that gives it; raises Problem.

        They are to be closed in any case; one who closes them before their end gives the call up.
        """

    async def embed(self, asked: EmbeddingRequest, key: Key | None) -> tuple[Model, Vectors]:
        """Return embeddings and the model that made them; raises Problem."""


class Calls:
    """Takes validated requests of admitted callers to the providers."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        upstream: Upstream,
        providers: Iterable[str],
        limits: Limits,
        retries: Retries,
        quotas: Quotas,
        clock: RuleClock,
        emit: Listener,
    ) -> None:
        self._catalogue = catalogue
        self._upstream = upstream
        self._providers = tuple(providers)
        self._limits = limits
        self._retries = retries
        self._healths: dict[str | None, Health] = {}
        self._quotas = quotas
        self._clock = clock
        self._emit = emit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def close(self, grace_wall_s: float = 0.0) -> None:
        """Let the attempts in flight go on for so many wall seconds, begin no other, and give up the rest."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_wall_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def complete(
        self, chat: ChatRequest, key: Key | None, hints: Hints = NO_HINTS
    ) -> tuple[Model, Completion]:
        """Return an answer and the model that gave it; `hints` help an open choice. Raises Problem."""
        failures: list[_Failure] = []
        for route in self._admit(chat, key, failures, hints):
            ask = partial(self._upstream.complete, route.model, chat)
            outcome = await self._persist(route.model, partial(self._fetch, route.model, key, ask))
            if isinstance(outcome, Completion):
                return route.model, outcome
            _note(failures, route.model, outcome)
        raise _describe(failures)

    async def stream(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Chunks]:
        """Return the chunks of an answer that has begun, and the model that gives it; raises Problem.

        The last chunk has the usage. The iterator raises UpstreamFailed if the answer breaks off.
        """
        failures: list[_Failure] = []
        for route in self._admit(chat, key, failures, NO_HINTS):
            outcome = await self._persist(route.model, partial(self._begin_stream, route.model, chat, key))
            if isinstance(outcome, Stream):
                return route.model, outcome
            _note(failures, route.model, outcome)
        raise _describe(failures)

    async def embed(self, asked: EmbeddingRequest, key: Key | None) -> tuple[Model, Vectors]:
        """Return embeddings and the model that made them; no other is tried, for its vectors are others."""
        model = self._catalogue.find_embedder(asked.model)
        if model is None:
            if self._catalogue.find(asked.model) is None:
                raise refuse_model(asked.model)
            raise Problem(400, f"{quote(asked.model)} makes no embeddings", code="unsupported", param="model")
        self._charge_request(key)
        self._tell_route(Route(slot="explicit_model", model=model), 0.0)
        ask = partial(self._upstream.embed, model, asked)
        outcome = await self._persist(model, partial(self._fetch, model, key, ask))
        if isinstance(outcome, Vectors):
            return model, outcome
        raise describe_failure(outcome.error_class, str(outcome)) from outcome

    async def count_tokens(self, chat: ChatRequest, key: Key | None) -> int:
        """Return how many tokens a prompt has, which costs nothing; raises Problem."""
        model = self._resolve(chat, key, NO_HINTS).model
        if model.dialect not in COUNTERS:
            raise Problem(400, f"{model.id} does not say how many tokens a prompt has", code="unsupported")
        self._charge_request(key)
        try:
            return await self._await(self._upstream.count_tokens(model, chat))
        except UpstreamFailed as failed:
            raise describe_failure(failed.error_class, str(failed)) from failed

    def _keep(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _await(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what work comes to, given up with who waits; raises Problem if the gateway gives it up."""
        try:
            return await self._keep(work)
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is not None and waiting.cancelling():
                raise
            raise _refuse_closing() from None

    async def _persist(
        self, model: Model, attempt: Callable[[], Awaitable[_T | UpstreamFailed]]
    ) -> _T | UpstreamFailed:
        """Return what an attempt comes to, or what the last of those does that are made after it failed."""
        for retried in count():
            outcome = await attempt()
            if not isinstance(outcome, UpstreamFailed):
                return outcome
            speed, asked_wall_s = self._clock.speed, outcome.asked_wall_s
            asked_s = None if asked_wall_s is None else asked_wall_s * speed
            wait_s = self._retries.find_wait_s(outcome.error_class, retried, asked_s, draw=draw())
            if wait_s is None or not self._may_retry(model):
                return outcome
            await self._await(asyncio.sleep(wait_s / speed))
            if not self._may_retry(model):
                return outcome
            self._emit(CallRetried(provider=model.provider, model=model.name, reason=outcome.error_class))
        raise AssertionError  # never: it counts on

    def _may_retry(self, model: Model) -> bool:
        """Return whether a model may be called again: its provider is available, and the gateway goes on."""
        return not self._closing and self._find_health().is_available(model.provider, self._clock.now_s())

    async def _begin_stream(
        self, model: Model, chat: ChatRequest, key: Key | None
    ) -> Stream | UpstreamFailed:
        """Return an answer that has begun; a failure is returned, to be weighed."""
        pieces: Pieces = asyncio.Queue()
        pump = self._keep(self._pump(model, chat, key, pieces))
        try:
            first = await pieces.get()
        except asyncio.CancelledError:
            pump.cancel()
            raise
        return first if isinstance(first, UpstreamFailed) else Stream(first, pieces, pump)

    async def _fetch(
        self, model: Model, key: Key | None, ask: Callable[[], Awaitable[_Answer]]
    ) -> _Answer | UpstreamFailed:
        """Read a whole answer and account for it; a failure is returned, to be weighed."""
        return await self._await(self._account(model, key, ask))

    async def _account(
        self, model: Model, key: Key | None, ask: Callable[[], Awaitable[_Answer]]
    ) -> _Answer | UpstreamFailed:
        attempt = self._begin(model, key)
        try:
            completion = await ask()
        except UpstreamFailed as failed:
            self._end(attempt, failed.error_class, Usage())
            return failed
        except asyncio.CancelledError:
            self._end(attempt, "cancelled", Usage())
            raise
        else:
            self._end(attempt, "ok", completion.usage)
            return completion
        finally:
            self._abandon(attempt)

    async def _pump(self, model: Model, chat: ChatRequest, key: Key | None, pieces: Pieces) -> None:
        """Read a stream at the provider's pace, whatever the client's, and account for it."""
        attempt = self._begin(model, key)
        taken = Taken(chat)
        try:
            async for chunk in self._upstream.stream(model, chat):
                if piece := taken.take(chunk):
                    pieces.put_nowait(piece)
        except UpstreamFailed as failed:
            self._end(attempt, failed.error_class, taken.usage)
            pieces.put_nowait(failed)
        except asyncio.CancelledError:
            self._end(attempt, "cancelled", taken.estimate())
            pieces.put_nowait(UpstreamFailed("unknown", "the gateway is shutting down"))
            raise
        else:
            self._end(attempt, "ok", taken.usage)
            pieces.put_nowait(taken.usage)
        finally:
            if self._abandon(attempt):
                pieces.put_nowait(UpstreamFailed("unknown", "the call was given up"))

    def _admit(
        self, chat: ChatRequest, key: Key | None, failures: list[_Failure], hints: Hints
    ) -> Iterator[Route]:
        """Return the routes of a request, one after another as `failures` grows; raises Problem."""
        started_s = self._clock.now_s()
        wanted = self._resolve(chat, key, hints)
        fallbacks = self._catalogue.find_policy(current_prefix()).fallbacks if chat.allow_fallbacks else ()
        if chat.needs:
            demand(chat, wanted.model)
            fallbacks = tuple(model for model in fallbacks if can_answer(chat, model))
        resolved_in_s = self._clock.now_s() - started_s
        self._charge_request(key)
        return self._iterate_routes(wanted, fallbacks, failures, resolved_in_s)

    def _resolve(self, chat: ChatRequest, key: Key | None, hints: Hints) -> Route:
        """Return the wanted model; raises Problem."""
        try:
            policy = self._catalogue.find_policy(current_prefix())
            return resolve(chat.model, key.model if key else None, self._catalogue, policy, hints)
        except UnknownModel as unknown:
            raise refuse_model(str(unknown)) from None

    def _charge_request(self, key: Key | None) -> None:
        """Count a request towards its quotas; raises Problem (429, one is used up; 503, too many calls)."""
        if len(self._tasks) >= self._limits.calls:
            message = f"{self._limits.calls} calls are in flight already"
            raise Problem(503, message, type_="overloaded", code="overloaded")
        exceeded = self._quotas.admit(_list_identities(key), self._clock.now_s())
        if exceeded is not None:
            kind, identity = exceeded
            self._emit(QuotaExceeded(kind=kind, identity=identity))
            message = f"the quota of {kind} {identity} is used up"
            raise Problem(429, message, type_="insufficient_quota", code="insufficient_quota")

    def _iterate_routes(
        self, wanted: Route, fallbacks: tuple[Model, ...], failures: list[_Failure], resolved_in_s: float
    ) -> Iterator[Route]:
        health = self._find_health()
        while True:
            if self._closing:
                raise _refuse_closing()
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
            self._tell_route(route, self._clock.now_s() - started_s + (0.0 if tried else resolved_in_s))
            yield route

    def _tell_route(self, route: Route, latency_s: float) -> None:
        self._emit(
            RouteDecided(
                slot=route.slot,
                provider=route.model.provider,
                model=route.model.name,
                latency_s=latency_s,
                fingerprint_version=route.fingerprint_version,
            )
        )

    def _begin(self, model: Model, key: Key | None) -> _Attempt:
        now_s = self._clock.now_s()
        health = self._find_health()
        is_probe = health.begin(model.provider, now_s)
        return _Attempt(model=model, key=key, started_s=now_s, health=health, is_probe=is_probe)

    def _find_health(self) -> Health:
        """Return the breakers of the prefix at hand: what one meets cools no other's provider."""
        prefix = current_prefix()
        health = self._healths.get(prefix)
        if health is None:
            health = self._healths[prefix] = Health(self._providers, self._limits.cooldown_s)
        return health

    def _end(self, attempt: _Attempt, status: CallStatus, usage: Usage) -> None:
        now_s = self._clock.now_s()
        model, key = attempt.model, attempt.key
        attempt.over = True
        if status == "cancelled":
            attempt.health.abandon(model.provider, probe=attempt.is_probe)
        else:
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


def _refuse_closing() -> Problem:
    return Problem(503, "the gateway is shutting down", type_="server_error", code="shutting_down")


def _list_identities(key: Key | None) -> tuple[Identity, ...]:
    return key.identities if key else ()


def _note(failures: list[_Failure], model: Model, failed: UpstreamFailed) -> None:
    """Note a failed attempt; raises Problem if no other provider would do better."""
    if failed.error_class in THE_CLIENTS_FAULT:
        raise describe_failure(failed.error_class, str(failed)) from failed
    failures.append((model, failed))


def _describe(failures: list[_Failure]) -> Problem:
    """Return why nobody answered; the class is that of the first attempt's failure."""
    message = "; ".join(str(failed) for _, failed in failures)
    return describe_failure(failures[0][1].error_class, message)
