"""The behaviour engine: pure, seeded, and distributed as told."""

from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stub_providers.behaviour import Asked, Behaviour, Decision, Engine
from stub_providers.distributions import MAX_LATENCY_S, Constant, Lognormal, Mixed, Uniform
from stub_providers.pace import piece_times_s
from stub_providers.strikes import ERROR_CLASSES, Every, Next, OneError, Share

seconds = st.floats(0, 1_000)


def decide(
    engine: Engine, model: str = "m", *, estimated: int = 7, max_tokens: int | None = None
) -> Decision:
    """Let the engine decide one call."""
    return engine.decide(
        Asked(model=model, estimated_prompt_tokens=estimated, max_tokens=max_tokens), now_s=0.0
    )


def told(behaviour: Behaviour, *, seed: str = "seed") -> Engine:
    """Return an engine that was told this of model m."""
    engine = Engine(seed)
    engine.tell("m", behaviour)
    return engine


@given(s=seconds, seed=st.text())
def test_constant_latency_is_the_same_every_time(s: float, seed: str) -> None:
    """A constant latency is what was told, whatever the seed."""
    assert decide(told(Behaviour(latency=Constant(s=s)), seed=seed)).latency_s == s


@given(ends=st.tuples(seconds, seconds), seed=st.text())
def test_uniform_latency_stays_within_its_ends(ends: tuple[float, float], seed: str) -> None:
    """A uniform latency lies between its ends."""
    low_s, high_s = sorted(ends)
    engine = told(Behaviour(latency=Uniform(low_s=low_s, high_s=high_s)), seed=seed)
    assert all(low_s <= decide(engine).latency_s <= high_s for _ in range(20))


def test_every_so_manieth_call_of_a_mixed_latency_is_slow() -> None:
    """Counted from when the provider was told: no chance in it."""
    engine = told(Behaviour(latency=Mixed(s=0.1, slow_s=9, every=3)))
    assert [decide(engine).latency_s for _ in range(7)] == [0.1, 0.1, 9, 0.1, 0.1, 9, 0.1]


def test_uniform_latency_fills_its_range() -> None:
    """A uniform latency has the mean and the spread of its distribution."""
    engine = told(Behaviour(latency=Uniform(low_s=2, high_s=6)))
    drawn = [decide(engine).latency_s for _ in range(5_000)]
    assert statistics.mean(drawn) == pytest.approx(4, abs=0.1)
    assert statistics.stdev(drawn) == pytest.approx(4 / math.sqrt(12), abs=0.1)


def test_lognormal_latency_has_its_median_and_sigma() -> None:
    """The logarithm of a lognormal latency is normal around ln median with sigma."""
    engine = told(Behaviour(latency=Lognormal(median_s=2.0, sigma=0.5)))
    logs = [math.log(decide(engine).latency_s) for _ in range(5_000)]
    assert statistics.median(logs) == pytest.approx(math.log(2.0), abs=0.05)
    assert statistics.stdev(logs) == pytest.approx(0.5, abs=0.03)


@given(seed=st.integers())
def test_lognormal_latency_is_bounded(seed: int) -> None:
    """A lognormal latency never passes the longest latency that can be told."""
    assert Lognormal(median_s=MAX_LATENCY_S, sigma=5).draw(1, random.Random(seed)) <= MAX_LATENCY_S  # noqa: S311 - repeatable, no secret


@given(seed=st.text(max_size=20), share=st.floats(0, 1))
def test_the_same_seed_decides_the_same(seed: str, share: float) -> None:
    """Two engines with one seed and one history decide alike."""
    behaviour = Behaviour(
        latency=Lognormal(median_s=1, sigma=1), errors=OneError(error="unknown", when=Share(share=share))
    )
    first, second = told(behaviour, seed=seed), told(behaviour, seed=seed)
    assert [decide(first) for _ in range(20)] == [decide(second) for _ in range(20)]


def test_another_seed_decides_otherwise() -> None:
    """The seed matters."""
    behaviour = Behaviour(latency=Lognormal(median_s=1, sigma=1))
    assert decide(told(behaviour, seed="a")).latency_s != decide(told(behaviour, seed="b")).latency_s


@pytest.mark.parametrize("share", [0.0, 0.04, 0.5, 1.0])
def test_a_share_of_the_calls_fails(share: float) -> None:
    """Errors with a share strike that share of the calls."""
    engine = told(Behaviour(errors=OneError(error="server_error", when=Share(share=share))))
    failed = sum(decide(engine).error == "server_error" for _ in range(5_000)) / 5_000
    assert failed == pytest.approx(share, abs=0.02 if 0 < share < 1 else 0)


@given(every=st.integers(1, 40), calls=st.integers(1, 200))
def test_every_nth_call_fails(every: int, calls: int) -> None:
    """Calls n, 2n, ... fail and no others."""
    engine = told(Behaviour(errors=OneError(error="rate_limit", when=Every(every=every))))
    failed = [call for call in range(1, calls + 1) if decide(engine).error]
    assert failed == list(range(every, calls + 1, every))


@given(count=st.integers(1, 50))
def test_the_next_calls_fail_and_then_none(count: int) -> None:
    """The next n calls fail and later ones succeed."""
    engine = told(Behaviour(errors=OneError(error="auth", when=Next(count=count))))
    assert [decide(engine).error for _ in range(count + 5)] == ["auth"] * count + [None] * 5


def test_telling_again_counts_anew() -> None:
    """A behaviour's calls are counted from when it is told."""
    behaviour = Behaviour(errors=OneError(error="auth", when=Next(count=1)))
    engine = told(behaviour)
    decide(engine)
    engine.tell("m", behaviour)
    assert decide(engine).error == "auth"


@pytest.mark.parametrize("error", ERROR_CLASSES)
def test_errors_come_early_except_timeouts(error: str) -> None:
    """An error takes a moment and not the model's latency; only a timeout takes an hour."""
    behaviour = Behaviour(latency=Constant(s=30), errors=OneError(error=error, when=Next(count=1)))
    expected_s = 3_600 if error == "timeout" else 0.1
    assert decide(told(behaviour)).latency_s == expected_s


def test_a_model_without_its_own_behaviour_has_the_default() -> None:
    """`*` governs the other models, until they have a behaviour and again once they have none."""
    engine = told(Behaviour(latency=Constant(s=5)))
    engine.tell("*", Behaviour(latency=Constant(s=9)))
    assert (decide(engine, "m").latency_s, decide(engine, "other").latency_s) == (5, 9)
    assert engine.forget("m")
    assert decide(engine, "m").latency_s == 9
    assert not engine.forget("m")


def test_forgetting_the_default_restores_the_first_one() -> None:
    """Forgetting `*` leaves the provider as it started."""
    engine = Engine("seed")
    engine.tell("*", Behaviour(latency=Constant(s=9)))
    assert engine.forget("*")
    assert decide(engine).latency_s == 1.0


@given(estimated=st.integers(1, 10_000), max_tokens=st.none() | st.integers(0, 200))
def test_default_tokens_are_estimated_and_bounded(estimated: int, max_tokens: int | None) -> None:
    """By default prompt tokens are the estimate, and completion tokens 64 or the request's limit."""
    decision = decide(Engine("seed"), estimated=estimated, max_tokens=max_tokens)
    assert decision.prompt_tokens == estimated
    assert decision.completion_tokens == (64 if max_tokens is None else min(64, max_tokens))
    assert decision.truncated == (max_tokens is not None and max_tokens < 64)


@given(prompt=st.integers(0, 10_000), completion=st.integers(0, 10_000))
def test_told_tokens_are_what_they_are(prompt: int, completion: int) -> None:
    """Token counts that were told are used as they are, whatever the request's limit."""
    engine = told(Behaviour(prompt_tokens=prompt, completion_tokens=completion))
    decision = decide(engine, max_tokens=10)
    assert (decision.prompt_tokens, decision.completion_tokens) == (prompt, completion)


@given(latency_s=seconds, pieces=st.integers(1, 10))
def test_a_stream_ends_when_its_latency_is_over(latency_s: float, pieces: int) -> None:
    """A stream's pieces come in order, and the last when the latency is over."""
    times_s = piece_times_s(latency_s, pieces)
    assert len(times_s) == pieces
    assert times_s[-1] == latency_s
    assert all(earlier <= later * (1 + 1e-9) for earlier, later in pairwise(times_s))


def test_a_streams_first_piece_comes_early() -> None:
    """The time to the first token is a share of the latency."""
    assert piece_times_s(10.0, 4)[0] == pytest.approx(3.0)
