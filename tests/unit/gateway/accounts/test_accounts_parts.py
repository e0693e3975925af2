"""The parts that accounts are made of: rate limit, cache, queue, and the providers' recent calls."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from support.patience import PATIENCE_S

from alertdrill.gateway.accounts.cache import Bounds, Cache
from alertdrill.gateway.accounts.events import CacheLookedUp, CacheResized, QueueChanged
from alertdrill.gateway.accounts.limiter import Limiter
from alertdrill.gateway.accounts.providers import Providers
from alertdrill.gateway.accounts.slots import MAX_WAITING, SLOTS, Slots
from alertdrill.gateway.events import CallFinished
from alertdrill.gateway.meter import Meter
from alertdrill.gateway.models import Model
from alertdrill.gateway.prices import Price
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.timing import RuleClock

PRICE = Price(prompt_usd=Decimal(1), completion_usd=Decimal(1))
MODEL = Model(provider="openrouter", name="mistral-large", dialect="openai", price=PRICE)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.s = 0.0
        self.clock = RuleClock(1, monotonic=lambda: self.s, wall=lambda: self.s)


def test_a_bucket_holds_ten_seconds_of_its_rate():
    """60 a minute: ten pass at once, the eleventh waits for a second."""
    limiter = Limiter()
    allowances = [limiter.take("k", 60, 0.0) for _ in range(11)]
    assert [allowance.passes for allowance in allowances] == [True] * 10 + [False]
    assert allowances[0].remaining == 9
    assert allowances[-1].retry_after_s == pytest.approx(1)


def test_a_bucket_fills_at_its_rate_and_no_further():
    """After half a second nothing passes, after one it does; an hour fills it once only."""
    limiter = Limiter()
    for _ in range(10):
        limiter.take("k", 60, 0.0)
    assert not limiter.take("k", 60, 0.5).passes
    assert limiter.take("k", 60, 1.0).passes
    assert [limiter.take("k", 60, 3600.0).passes for _ in range(11)].count(True) == 10


def test_a_slow_rate_lets_one_pass():
    """One a minute holds a single request, not a sixth of one."""
    limiter = Limiter()
    assert [limiter.take("k", 1, 0.0).passes for _ in range(2)] == [True, False]


def test_buckets_are_apart():
    """One key's requests leave another's alone."""
    limiter = Limiter()
    assert limiter.take("a", 1, 0.0).passes
    assert limiter.take("b", 1, 0.0).passes


def make_cache(hands: Hands, events: list, **bounds: float) -> Cache[str]:
    """Return a cache of three entries, ten bytes and a minute, unless said otherwise."""
    given = Bounds(**({"entries": 3, "size_bytes": 10, "ttl_s": 60.0} | bounds))
    return Cache("c", given, hands.clock, events.append, Meter(hands.clock, lambda _event: None))


def test_cache_tells_of_hits_misses_and_size():
    """A lookup is a miss before and a hit after; the size is that of the entries."""
    events: list = []
    cache = make_cache(Hands(), events)
    assert cache.get("a") is None
    cache.put("a", "x", 4)
    assert cache.get("a") == "x"
    assert events == [
        CacheLookedUp(cache="c", is_hit=False),
        CacheResized(cache="c", size_bytes=4),
        CacheLookedUp(cache="c", is_hit=True),
    ]


def test_cache_forgets_in_time():
    """An entry is a miss from its age on, and takes no room."""
    hands, events = Hands(), []
    cache = make_cache(hands, events)
    cache.put("a", "x", 4)
    hands.s = 59.9
    assert cache.get("a") == "x"
    hands.s = 60.0
    assert cache.get("a") is None
    cache.put("b", "y", 1)
    assert events[-1] == CacheResized(cache="c", size_bytes=1)


def test_cache_is_bounded_in_entries_and_bytes():
    """The oldest go first; what is too large alone is not kept, and drives nothing out."""
    events: list = []
    cache = make_cache(Hands(), events)
    for name in "abcd":
        cache.put(name, name, 1)
    assert [cache.get(name) for name in "abcd"] == [None, "b", "c", "d"]
    cache.put("e", "e", 9)
    assert [cache.get(name) for name in "bcde"] == [None, None, "d", "e"]
    cache.put("f", "f", 11)
    assert [cache.get(name) for name in "def"] == ["d", "e", None]
    assert max(event.size_bytes for event in events if isinstance(event, CacheResized)) <= 10


def test_a_value_is_replaced_and_dropped():
    """A new value takes the old one's place and size; what is dropped is gone."""
    events: list = []
    cache = make_cache(Hands(), events)
    cache.put("a", "x", 4)
    cache.put("a", "y", 5)
    assert (cache.get("a"), events[-2]) == ("y", CacheResized(cache="c", size_bytes=5))
    cache.drop("a")
    assert cache.get("a") is None


async def test_so_many_go_and_so_many_wait():
    """Eight hold a slot, the next wait and are counted, and one more than may wait is refused with 503."""
    events: list = []
    slots, leave, inside = Slots(events.append), asyncio.Event(), []

    async def call() -> None:
        give_back = await slots.take(MODEL)
        inside.append(1)
        await leave.wait()
        give_back()

    calls = [asyncio.create_task(call()) for _ in range(SLOTS + MAX_WAITING)]
    async with asyncio.timeout(PATIENCE_S):
        while len(events) < MAX_WAITING:
            await asyncio.sleep(0)
    assert len(inside) == SLOTS
    assert events[-1] == QueueChanged(provider="openrouter", model="mistral-large", waiting=MAX_WAITING)
    with pytest.raises(Problem) as refused:
        await call()
    assert (refused.value.status, refused.value.code) == (503, "queue_full")
    leave.set()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*calls)
    assert len(inside) == SLOTS + MAX_WAITING
    assert events[-1].waiting == 0


async def test_who_gives_up_waiting_is_not_counted_any_more():
    """A call that is cancelled in the queue leaves it."""
    events: list = []
    slots, leave = Slots(events.append), asyncio.Event()

    async def call() -> None:
        give_back = await slots.take(MODEL)
        await leave.wait()
        give_back()

    calls = [asyncio.create_task(call()) for _ in range(SLOTS + 1)]
    async with asyncio.timeout(PATIENCE_S):
        while not events:
            await asyncio.sleep(0)
    calls[-1].cancel()
    await asyncio.gather(calls[-1], return_exceptions=True)
    assert events[-1].waiting == 0
    leave.set()
    await asyncio.gather(*calls[:-1])


def finish(status: str = "ok", latency_s: float = 2.0) -> CallFinished:
    """Return a finished call."""
    return CallFinished(
        provider="ollama",
        model="codellama",
        key_id=None,
        status=status,
        latency_s=latency_s,
        prompt_tokens=0,
        completion_tokens=0,
        cost_usd=Decimal(0),
    )


def test_a_provider_is_down_after_five_unreachable_calls_until_it_answers():
    """Four are not enough; an answer that is an error shows that it is there."""
    providers = Providers()
    assert [providers.note(finish("network")).is_available for _ in range(5)] == [True] * 4 + [False]
    assert not providers.note(finish("timeout")).is_available
    assert providers.note(finish("server_error")).is_available
    assert [providers.note(finish("network")).is_available for _ in range(4)] == [True] * 4


def test_the_error_rate_is_that_of_the_last_twenty_calls():
    """What is older is forgotten; what is the client's fault does not count against the provider."""
    providers = Providers()
    for _ in range(20):
        checked = providers.note(finish("rate_limit"))
    assert checked.error_ratio == 1
    for status in ["ok"] * 8 + ["invalid_request"] * 4 + ["context_overflow"] * 3:
        checked = providers.note(finish(status))
    assert checked.error_ratio == 0.25


def test_the_response_time_is_the_mean_of_recent_calls():
    """2 s and 4 s are 3 s."""
    providers = Providers()
    providers.note(finish(latency_s=2))
    assert providers.note(finish(latency_s=4)).response_time_s == 3
