"""Every cent that the gateway counts is in the ledgers of the stubs, whatever became of a call."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import pytest
from support.running_gateway import Running
from support.stubbed_gateway import open_stubbed

from alertdrill.gateway.events import CallFinished, CallRetried, RouteDecided
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.prices import compute_cost
from alertdrill.gateway.retrying import Retries
from stub_providers.behaviour import Behaviour, Engine
from stub_providers.distributions import Constant
from stub_providers.ledger import Ledger
from stub_providers.strikes import ErrorClass, Next, OneError

PROMPT_TOKENS, COMPLETION_TOKENS = 1_237, 211
SPOKEN = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama"}
PAID = "gpt-4o"
OTHER = "anthropic:claude-haiku-4-5"
EMBEDDER = "text-embedding-3-small"
FREE = "llama3.2"
"""The model that calls fall back to."""


@dataclass
class Books:
    """A gateway before stub providers, and the stubs' ledgers."""

    gateway: Running
    engines: Mapping[str, Engine]
    ledgers: Mapping[str, Ledger]

    def behave(self, model: str, *, latency_s: float = 0.0, fails: ErrorClass | None = None) -> None:
        """Let a model of OpenAI's answer after so long, or fail at the next call."""
        errors = OneError(error=fails, when=Next(count=1)) if fails else None
        self.engines["openai"].tell(model, make_behaviour(latency_s, errors))

    def count(self) -> Counter[tuple[str, str, str]]:
        """Return how many calls the ledgers have, by provider, model and outcome."""
        return Counter(
            {
                (provider, model, outcome): count
                for provider, ledger in self.ledgers.items()
                for model, outcomes in ledger.as_json().items()
                for outcome, count in outcomes.items()
            }
        )

    def count_begun(self) -> int:
        """Return how many calls have come to the stubs, over or not."""
        return sum(tally.latencies for ledger in self.ledgers.values() for _, tally in ledger.list_tallies())

    async def reconcile(self, calls: int) -> Decimal:
        """Wait until so many calls are over on both sides, hold the books together, and return their sum."""
        await self.gateway.until(lambda: len(self.gateway.heard(CallFinished)) == calls)
        await self.gateway.until(lambda: self.count().total() == calls)
        heard = self.gateway.heard(CallFinished)
        # A stub cannot tell a client that leaves from one whose connection breaks.
        statuses = ("network" if call.status == "cancelled" else call.status for call in heard)
        made = Counter(
            (call.provider, call.model, status) for call, status in zip(heard, statuses, strict=True)
        )
        assert made == self.count()
        models = read_catalogue(SHIPPED, SPOKEN).models
        owed = sum(
            count
            * compute_cost(
                models[f"{provider}:{model}"].price,
                prompt_tokens=PROMPT_TOKENS,
                completion_tokens=COMPLETION_TOKENS,
            )
            for (provider, model, outcome), count in self.count().items()
            if outcome == "ok"
        )
        assert sum(call.cost_usd for call in heard) == owed
        return Decimal(owed)


def make_behaviour(latency_s: float = 0.0, errors: OneError | None = None) -> Behaviour:
    """Return a behaviour whose calls all use the same tokens."""
    return Behaviour(
        latency=Constant(s=latency_s),
        prompt_tokens=PROMPT_TOKENS,
        completion_tokens=COMPLETION_TOKENS,
        errors=errors,
    )


@pytest.fixture
async def books(start_gateway: Callable) -> AsyncIterator[Books]:
    """Yield a gateway before three stubs."""
    async with open_stubbed(start_gateway, make_behaviour(), SPOKEN) as stubbed:
        yield Books(stubbed.gateway, stubbed.engines, stubbed.ledgers)


@pytest.fixture
async def retrying(start_gateway: Callable) -> AsyncIterator[Books]:
    """Yield a gateway that tries twice more, at once, before three stubs."""
    retries = Retries(times=2, backoff_s=0.001, longest_s=0.001)
    async with open_stubbed(partial(start_gateway, retries=retries), make_behaviour(), SPOKEN) as stubbed:
        yield Books(stubbed.gateway, stubbed.engines, stubbed.ledgers)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [PAID, OTHER])
async def test_an_answer_costs_what_its_provider_counted(books, model, stream):
    """Whole or streamed, in either dialect."""
    await books.gateway.chat(await books.gateway.issue(), model=model, stream=stream)
    assert await books.reconcile(calls=1) > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("error", ["rate_limit", "server_error", "network", "auth"])
async def test_a_fallback_costs_what_the_model_that_answered_does(books, error, stream):
    """The failed attempt is in both books, and costs nothing."""
    books.behave(PAID, fails=error)
    response = await books.gateway.chat(await books.gateway.issue(), model=PAID, stream=stream)
    assert response.headers["X-Gateway-Model"] == FREE
    assert await books.reconcile(calls=2) == 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("error", ["server_error", "network"])
async def test_a_retry_costs_what_its_answer_does(retrying, error, stream):
    """Each attempt is in both books, the failed one for nothing; nobody falls back."""
    retrying.behave(PAID, fails=error)
    response = await retrying.gateway.chat(await retrying.gateway.issue(), model=PAID, stream=stream)
    assert response.headers["X-Gateway-Model"] == PAID
    assert await retrying.reconcile(calls=2) > 0
    (retry,) = retrying.gateway.heard(CallRetried)
    assert (retry.provider, retry.model, retry.reason) == ("openai", PAID, error)
    assert len(retrying.gateway.heard(RouteDecided)) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_retries_end_before_a_fallback(retrying, stream):
    """Three attempts fail, the fourth is the next model's; the sum is what that one costs."""
    errors = OneError(error="server_error", when=Next(count=9))
    retrying.engines["openai"].tell(PAID, make_behaviour(0.0, errors))
    response = await retrying.gateway.chat(await retrying.gateway.issue(), model=PAID, stream=stream)
    assert response.headers["X-Gateway-Model"] == FREE
    assert await retrying.reconcile(calls=4) == 0
    assert len(retrying.gateway.heard(CallRetried)) == 2


async def test_embeddings_are_retried_too(retrying):
    """They have no fallback, but a second try."""
    errors = OneError(error="server_error", when=Next(count=1))
    retrying.engines["openai"].tell(EMBEDDER, make_behaviour(errors=errors))
    headers = {"Authorization": "Bearer the-admin-token"}
    answer = await retrying.gateway.client.post(
        "/v1/embeddings", headers=headers, json={"model": EMBEDDER, "input": "x"}
    )
    assert answer.status == 200
    assert [call.status for call in retrying.gateway.heard(CallFinished)] == ["server_error", "ok"]
    assert [retry.model for retry in retrying.gateway.heard(CallRetried)] == [EMBEDDER]


async def test_the_books_agree_after_many_retries_at_once(retrying):
    """Fifty calls, whole and streamed, seven attempts of which fail, come to the same cent."""
    token = await retrying.gateway.issue()
    errors = OneError(error="server_error", when=Next(count=7))
    retrying.engines["openai"].tell(PAID, make_behaviour(0.02, errors))
    answers = await asyncio.gather(
        *(retrying.gateway.chat(token, model=PAID, stream=number % 3 == 0) for number in range(50))
    )
    assert {answer.status for answer in answers} == {200}
    assert await retrying.reconcile(calls=50 + 7) > 0


async def test_a_call_that_failed_costs_nothing(books):
    """What no other provider would answer either is one attempt."""
    books.behave(PAID, fails="context_overflow")
    response = await books.gateway.chat(await books.gateway.issue(), model=PAID)
    assert response.status == 400
    assert await books.reconcile(calls=1) == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_its_client_left_is_in_both_books(books, stream):
    """The stub counts an answer that nobody took, the gateway a call that was given up; neither any tokens.

    A stub answers a stream no sooner than a real model, so a client that leaves before has been sent nothing.
    """
    books.behave(PAID, latency_s=60)
    headers = {"Authorization": f"Bearer {await books.gateway.issue()}"}
    body = {"model": PAID, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}
    call = asyncio.create_task(books.gateway.client.post("/v1/chat/completions", headers=headers, json=body))
    await books.gateway.until(lambda: len(books.gateway.heard(RouteDecided)) == 1)
    await books.gateway.until(lambda: books.count_begun() == 1)
    call.cancel()
    assert await books.reconcile(calls=1) == 0


async def test_the_books_agree_after_many_calls_at_once(books):
    """Fifty calls, whole and streamed, of two models, seven of which fall back, come to the same cent."""
    token = await books.gateway.issue()
    errors = OneError(error="server_error", when=Next(count=7))
    books.engines["openai"].tell(PAID, make_behaviour(0.05, errors))
    answers = await asyncio.gather(
        *(
            books.gateway.chat(token, model=(PAID, OTHER)[number % 2], stream=number % 3 == 0)
            for number in range(50)
        )
    )
    assert {answer.status for answer in answers} == {200}
    assert await books.reconcile(calls=50 + 7) > 0
