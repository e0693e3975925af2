"""The schedule of arrivals."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.load.arrivals import MAX_ARRIVALS, draw_arrivals

STAGES = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=1_000, allow_subnormal=False),
        st.one_of(st.just(0.0), st.floats(min_value=1e-3, max_value=2, allow_subnormal=False)),
    ),
    max_size=4,
)
KINDS = st.sampled_from(["uniform", "poisson", "gamma"])
BURSTINESS = st.floats(min_value=0.05, max_value=20)


def integrate(stages, until_s):
    """Return the integral of the rate from the start until an instant."""
    total = 0.0
    for duration_s, rate_per_s in stages:
        total += min(duration_s, until_s) * rate_per_s
        until_s = max(0.0, until_s - duration_s)
    return total


@given(STAGES)
def test_uniform_count_is_the_integral_of_the_rate(stages):
    """As many arrivals as the integral of the rate says, to the nearest whole one."""
    expected = sum(duration_s * rate_per_s for duration_s, rate_per_s in stages)
    count = len(draw_arrivals(stages))
    assert abs(count - expected) <= 0.5 + 1e-6


@given(STAGES)
def test_uniform_arrivals_are_one_expected_arrival_apart(stages):
    """Between neighbours the rate integrates to one, across stages and pauses."""
    instants = draw_arrivals(stages)
    for index, instant in enumerate(instants):
        assert integrate(stages, instant) == pytest.approx(index + 0.5, abs=1e-6)


@given(STAGES, KINDS, BURSTINESS, st.integers())
def test_arrivals_are_in_order_and_within_the_stages(stages, kind, burstiness, seed):
    """Instants ascend and lie between the first stage's start and the last one's end."""
    instants = draw_arrivals(stages, kind=kind, burstiness=burstiness, seed=seed)
    assert all(earlier <= later for earlier, later in pairwise(instants))
    assert all(0 <= instant <= sum(duration_s for duration_s, _ in stages) for instant in instants)


@given(STAGES, KINDS, BURSTINESS, st.integers())
def test_arrivals_repeat_with_their_seed(stages, kind, burstiness, seed):
    """The same seed draws the same instants."""
    first = draw_arrivals(stages, kind=kind, burstiness=burstiness, seed=seed)
    assert draw_arrivals(stages, kind=kind, burstiness=burstiness, seed=seed) == first


@pytest.mark.parametrize("kind", ["poisson", "gamma"])
def test_random_arrivals_differ_with_the_seed(kind):
    """Another seed draws other instants."""
    stages = [(100.0, 1.0)]
    assert draw_arrivals(stages, kind=kind, seed="a") != draw_arrivals(stages, kind=kind, seed="b")


@given(
    st.floats(min_value=0.1, max_value=5),
    st.floats(min_value=0.1, max_value=10),
    st.integers(),
    st.booleans(),
)
def test_as_many_random_arrivals_come_as_their_variance_allows(rate, burstiness, seed, is_gamma):
    """Within six standard deviations of the integral of the rate, and a burst that began before."""
    expected = 2_000.0
    kind = "gamma" if is_gamma else "poisson"
    shape = burstiness if is_gamma else 1.0
    stages = [(expected / rate / 2, rate), (30.0, 0.0), (expected / rate / 2, rate)]
    count = len(draw_arrivals(stages, kind=kind, burstiness=shape, seed=seed))
    assert abs(count - expected) <= 6 * math.sqrt(expected / shape) + 6 / shape


@pytest.mark.parametrize("burstiness", [0.1, 0.5, 1.0, 4.0])
def test_gamma_arrivals_have_the_mean_and_variance_of_their_burstiness(burstiness):
    """Gaps have the mean 1/rate, and a standard deviation of that divided by the root of the burstiness."""
    instants = draw_arrivals([(20_000.0, 2.0)], kind="gamma", burstiness=burstiness, seed=3)
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.5, rel=0.05)
    assert deviation == pytest.approx(0.5 / math.sqrt(burstiness), rel=0.1)


def test_a_stage_does_not_begin_with_a_burst():
    """Over many seeds, the first tenth of a short stage has a tenth of the arrivals, bursty as they are."""
    drawn = [draw_arrivals([(10.0, 1.0)], kind="gamma", burstiness=0.1, seed=seed) for seed in range(4_000)]
    all_of_them = [instant for instants in drawn for instant in instants]
    assert len(all_of_them) / 40_000 == pytest.approx(1, rel=0.1)
    assert sum(instant < 1 for instant in all_of_them) / 4_000 == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize("burstiness", [0.0, -1.0, math.nan, math.inf, 101.0])
def test_a_burstiness_out_of_bounds_is_refused(burstiness):
    """It would be a few bursts, or never end."""
    with pytest.raises(ValueError, match="burstiness"):
        draw_arrivals([(1.0, 1.0)], kind="gamma", burstiness=burstiness)


def test_poisson_arrivals_have_the_mean_and_variance_of_their_rate():
    """Gaps of a Poisson process have mean 1/rate and, unlike even ones, a standard deviation of 1/rate."""
    instants = draw_arrivals([(5_000.0, 2.0)], kind="poisson", seed=7)
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.5, rel=0.05)
    assert deviation == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("kind", ["poisson", "gamma"])
def test_random_pauses_are_silent(kind):
    """A stage with rate 0 has no arrivals."""
    instants = draw_arrivals([(10.0, 5.0), (50.0, 0.0), (10.0, 5.0)], kind=kind, seed=1)
    assert any(instant < 10 for instant in instants)
    assert any(instant > 60 for instant in instants)
    assert not any(10 < instant < 60 for instant in instants)


def test_uniform_instants_of_a_plain_stage():
    """One a second for three seconds: in the middle of each."""
    assert draw_arrivals([(3.0, 1.0)]) == pytest.approx((0.5, 1.5, 2.5))


@pytest.mark.parametrize(
    "stages", [[(-1.0, 1.0)], [(1.0, -1.0)], [(math.nan, 1.0)], [(math.inf, 1.0)], [(MAX_ARRIVALS, 1.1)]]
)
def test_impossible_or_endless_stages_are_refused(stages):
    """What is negative, not a number or too much raises ValueError."""
    with pytest.raises(ValueError, match=r"finite|more than"):
        draw_arrivals(stages)
