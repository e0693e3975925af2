"""Each distribution is what it is called, and bounded."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stub_providers.behaviour import Asked, Behaviour, Engine
from stub_providers.distributions import (
    MAX_LATENCY_S,
    Constant,
    Gamma,
    LognormalCount,
    Percentiles,
    UniformCount,
)

MEASURED = Percentiles(points=((0.0, 0.4), (50.0, 1.2), (99.0, 9.0)))


def test_a_gamma_latency_has_its_mean_and_shape() -> None:
    """Its spread is its mean over the root of its shape."""
    rng = random.Random(1)  # noqa: S311 - repeatable, no secret
    drawn = [Gamma(mean_s=2.0, shape=4.0).draw(1, rng) for _ in range(20_000)]
    assert statistics.mean(drawn) == pytest.approx(2.0, rel=0.02)
    assert statistics.stdev(drawn) == pytest.approx(1.0, rel=0.03)


@given(seed=st.integers(), shape=st.floats(0.01, 1_000))
def test_a_gamma_latency_is_bounded(seed: int, shape: float) -> None:
    """However wide it is."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    assert 0 <= Gamma(mean_s=MAX_LATENCY_S, shape=shape).draw(1, rng) <= MAX_LATENCY_S


def test_percentiles_are_what_was_measured() -> None:
    """So many percent of the calls take no longer; none is faster than the first or slower than the last."""
    rng = random.Random(1)  # noqa: S311 - repeatable, no secret
    drawn = sorted(MEASURED.draw(1, rng) for _ in range(20_000))
    assert drawn[0] >= 0.4
    assert drawn[-1] == 9.0
    assert drawn[10_000] == pytest.approx(1.2, abs=0.05)
    assert drawn[5_000] == pytest.approx(0.8, abs=0.05)
    assert drawn[14_900] == pytest.approx(1.2 + 7.8 * 24.5 / 49, abs=0.15)


def test_one_percentile_is_a_constant() -> None:
    """There is nothing to draw a line to."""
    rng = random.Random(1)  # noqa: S311 - repeatable, no secret
    assert {Percentiles(points=((50.0, 3.0),)).draw(1, rng) for _ in range(50)} == {3.0}


def decide_tokens(behaviour: Behaviour, calls: int, max_tokens: int | None = None) -> list[tuple[int, int]]:
    """Return the tokens of so many calls."""
    engine = Engine("seed", behaviour)
    asked = Asked(model="m", estimated_prompt_tokens=7, max_tokens=max_tokens)
    decisions = [engine.decide(asked, now_s=0.0) for _ in range(calls)]
    return [(one.prompt_tokens, one.completion_tokens) for one in decisions]


def test_token_counts_are_drawn() -> None:
    """Of prompts from a range, of answers around a median."""
    behaviour = Behaviour(
        prompt_tokens=UniformCount(low=10, high=20),
        completion_tokens=LognormalCount(median=300, sigma=0.5, most=400),
    )
    drawn = decide_tokens(behaviour, 4_000)
    assert {prompt for prompt, _ in drawn} == set(range(10, 21))
    assert statistics.median(one for _, one in drawn) == pytest.approx(300, rel=0.03)
    assert max(one for _, one in drawn) == 400


def test_drawn_tokens_keep_to_the_requests_limit() -> None:
    """As a provider's do; only a number that was told is kept."""
    drawn = decide_tokens(Behaviour(completion_tokens=UniformCount(low=50, high=60)), 5, max_tokens=8)
    assert {one for _, one in drawn} == {8}


def test_what_is_drawn_besides_leaves_latencies_as_they_were() -> None:
    """A constant number of tokens takes nothing from the random numbers of the latency."""
    gamma = Gamma(mean_s=1.0, shape=2.0)
    plain, more = (
        Engine("seed", Behaviour(latency=gamma)),
        Engine("seed", Behaviour(latency=gamma, completion_tokens=5, first_token=Constant(s=0.1))),
    )
    asked = Asked(model="m")
    assert [plain.decide(asked, now_s=0).latency_s for _ in range(5)] == [
        more.decide(asked, now_s=0).latency_s for _ in range(5)
    ]
