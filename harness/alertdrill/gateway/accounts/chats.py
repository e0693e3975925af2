"""What stands in the way of the calls under a prefix with accounts: rate limit, credits, cache, queue.

The operator has no account: only cache and queue are in the operator's way.
"""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import ExitStack

from alertdrill.gateway.accounts.book import AccountBook
from alertdrill.gateway.accounts.cache import Bounds, Cache
from alertdrill.gateway.accounts.events import RateLimitChecked
from alertdrill.gateway.accounts.limiter import Limiter
from alertdrill.gateway.accounts.slots import Slots
from alertdrill.gateway.answers import Completion, Vectors
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.embeddings import EmbeddingRequest
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import Key
from alertdrill.gateway.models import Model
from alertdrill.gateway.prefixes import current_prefix
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.routing import UnknownModel, resolve
from alertdrill.gateway.streams import Chunks

CACHE_BOUNDS = Bounds(entries=1_000, size_bytes=4 * 2**20, ttl_s=3_600.0)


def name_user(key: Key) -> str:
    """Return whose account a key is charged to: its user's, or its own."""
    return key.user or key.id


class AccountedChats:
    """Answers chats on account; the `Chats` of the prefixes that have accounts."""

    def __init__(self, core: Core, book: AccountBook) -> None:
        self._core = core
        self._book = book
        self._limiter = Limiter()
        self._slots = Slots(core.emit)
        self._cache: Cache[tuple[Model, Completion]] = Cache(
            "response", CACHE_BOUNDS, core.clock, core.emit, core.meter
        )

    async def complete(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Completion]:
        """Return an answer and the model that gave it; raises Problem."""
        self.admit(key)
        return await self.answer(chat, key)

    async def stream(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Chunks]:
        """Return the chunks of an answer that has begun, and the model that gives it; raises Problem.

        The slot is held until the provider has answered to the end, or the call was given up.
        """
        self.admit(key)
        wanted = self._find_model(chat, key)
        with ExitStack() as held:
            if wanted is not None:
                held.callback(await self._slots.take(wanted))
            model, chunks = await self._core.calls.stream(chat, key)
            chunks.when_over(held.pop_all().close)
        return model, chunks

    async def embed(self, asked: EmbeddingRequest, key: Key | None) -> tuple[Model, Vectors]:
        """Return embeddings and the model that made them; raises Problem."""
        self.admit(key)
        return await self._core.calls.embed(asked, key)

    def admit(self, key: Key | None) -> None:
        """Let one request of a key pass; raises Problem (429 past its rate, 402 without trial or credits)."""
        if key is None:
            return
        account, now_s = self._book.open(name_user(key)), self._core.clock.now_s()
        allowance = self._limiter.take(key.id, account.requests_per_minute, now_s)
        self._core.emit(
            RateLimitChecked(key_id=key.id, remaining=allowance.remaining, is_limited=not allowance.passes)
        )
        if not allowance.passes:
            wait_wall_s = max(1, math.ceil(allowance.retry_after_s / self._core.clock.speed))
            message = f"key {key.id} is past its {account.requests_per_minute} requests a minute"
            raise Problem(
                429,
                message,
                type_="rate_limit_error",
                code="rate_limited",
                headers={"Retry-After": str(wait_wall_s)},
            )
        if account.is_expired(now_s):
            raise Problem(402, "the trial is over", type_="insufficient_credits", code="trial_expired")
        if account.credits <= 0:
            message = f"user {account.user} has no credits left"
            raise Problem(402, message, type_="insufficient_credits", code="insufficient_credits")

    async def answer(self, chat: ChatRequest, key: Key | None) -> tuple[Model, Completion]:
        """Answer a request that was admitted, from the cache if that is possible; raises Problem."""
        wanted = self._find_model(chat, key)
        if wanted is None:
            return await self._core.calls.complete(chat, key)
        # What needs more than every provider has is rare, and not in the name of an entry.
        cached = name_entry(wanted, chat, key) if chat.temperature == 0 and not chat.needs else None
        if cached is not None and (found := self._cache.get(cached)) is not None:
            return found
        with ExitStack() as held:
            held.callback(await self._slots.take(wanted))
            model, completion = await self._core.calls.complete(chat, key)
        if cached is not None and model == wanted:
            self._cache.put(cached, (model, completion), len(cached) + len(completion.text.encode()))
        return model, completion

    def _find_model(self, chat: ChatRequest, key: Key | None) -> Model | None:
        """Return the wanted model; None if there is none, which the calls refuse in their own words."""
        catalogue = self._core.catalogue
        try:
            policy = catalogue.find_policy(current_prefix())
            return resolve(chat.model, key.model if key else None, catalogue, policy).model
        except UnknownModel:
            return None


def name_entry(model: Model, chat: ChatRequest, key: Key | None) -> str:
    """Return the cache's key for a request: a hash of all that the answer depends on, and of whose it is."""
    asked = [
        name_user(key) if key else None,
        model.id,
        [(message.role, message.text) for message in chat.messages],
        chat.max_tokens,
        chat.top_p,
        chat.stop,
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
