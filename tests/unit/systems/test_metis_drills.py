"""What is peculiar to Metis's drills: values that are refused, and what they know of the gateway."""

from __future__ import annotations

import math

import pytest

from alertdrill.errors import BadInput
from alertdrill.gateway.health import FAILURES_TO_COOL
from alertdrill.gateway.limits import DEFAULTS
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.rules.values import Values
from alertdrill.systems.catalogue import override_values
from alertdrill.systems.drill_building.estimates import (
    choose_call_rate,
    choose_every,
    choose_latency_above,
    choose_latency_below,
    find_bucket,
    find_outage_crossing_s,
    interpolate_p99,
    sum_usd,
    to_hourly,
)
from alertdrill.systems.metis import drills as metis
from alertdrill.systems.metis.drills import errors as metis_errors
from alertdrill.systems.metis.drills.costs import MODEL as COST_MODEL
from alertdrill.systems.metis.drills.costs import USD_PER_MILLION as COST_USD_PER_MILLION
from alertdrill.systems.metis.drills.latency import LATENCY_BOUNDS_S
from alertdrill.systems.metis.surface import CALL_BUCKETS_S


def make_values(settings: str) -> Values:
    """Return Metis's values with some changed."""
    return override_values([f"metis.{setting}" for setting in settings.split()])["metis"]


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("llmLatencyP99.threshold=1", "llmLatencyP99"),
        ("llmLatencyP99.threshold=130", "llmLatencyP99"),
        ("llmErrorRate.threshold=0.9", "llmErrorRate"),
        ("gatewayAuthFailureRate.threshold=0.001", "gatewayAuthFailureRate"),
        ("gatewayKeyCostSpike.threshold=1000", "gatewayKeyCostSpike"),
        ("gatewayKeyCostSpike.window=10m", "gatewayKeyCostSpike"),
    ],
)
def test_values_that_cannot_be_drilled_are_refused(setting: str, key: str) -> None:
    """Where no traffic of ours can come near a threshold, there is one sentence instead of a drill."""
    with pytest.raises(BadInput, match=key):
        metis.make_drills(make_values(setting))


def test_drills_that_rest_on_window_and_for_are_left_out_otherwise() -> None:
    """With a window longer than the `for`, one bad call fires: the drills that say otherwise are not held."""
    names = {drill.name for drill in metis.make_drills(make_values("llmErrorRate.window=11m"))}
    assert "metis-errors-one-bad-call" not in names
    assert "metis-latency-one-slow-call" in names


def test_what_the_drills_know_of_the_gateway_is_so() -> None:
    """Buckets, breaker and price are those of the surface, the gateway and models.yml."""
    assert LATENCY_BOUNDS_S == CALL_BUCKETS_S
    assert (
        FAILURES_TO_COOL,
        DEFAULTS.cooldown_s,
    ) == (metis_errors.FAILURES_TO_COOL, metis_errors.COOLDOWN_S)
    assert (
        read_catalogue(SHIPPED, ["anthropic"]).models[COST_MODEL].price.completion_usd == COST_USD_PER_MILLION
    )


@pytest.mark.parametrize(
    ("threshold_s", "below_s", "reads_s", "above_s"),
    [(30, 14, 29.8, 45), (20, 6, 9.95, 45), (15, 6, 9.95, 45), (60, 36, 59.7, 90), (10, 6, 9.95, 20)],
)
def test_latencies_stay_on_their_side_of_a_threshold(
    threshold_s: float, below_s: float, reads_s: float, above_s: float
) -> None:
    """The bucket decides what p99 reads: the lower one ends by the threshold, the upper one begins by it."""
    assert choose_latency_below(threshold_s, CALL_BUCKETS_S) == pytest.approx(below_s)
    assert interpolate_p99(below_s, CALL_BUCKETS_S) == pytest.approx(reads_s)
    assert reads_s < threshold_s
    assert choose_latency_above(threshold_s, CALL_BUCKETS_S) == above_s
    assert interpolate_p99(above_s, CALL_BUCKETS_S) > threshold_s


def test_a_latency_beyond_the_last_bound_has_no_bucket() -> None:
    """What the histogram cannot tell apart is refused."""
    with pytest.raises(ValueError, match="beyond the last bound"):
        find_bucket(121, CALL_BUCKETS_S)


@pytest.mark.parametrize("threshold", [0.01, 0.025, 0.05, 0.1, 0.25])
def test_near_errors_stay_below_in_every_window(threshold: float) -> None:
    """With one failure more or less in the window, the share is still under the threshold."""
    every = choose_every(0.8 * threshold)
    assert 0.6 * threshold < 1 / every <= 0.8 * threshold + 1e-9
    calls = 600 * choose_call_rate(threshold, 600)
    assert (math.floor(calls / every) + 1) / calls < threshold


def test_an_outage_crosses_a_higher_threshold_later() -> None:
    """Until the provider cools down every call counts, then one probe in half a minute."""
    crossing = [
        find_outage_crossing_s(threshold, 0.2, 300, to_cool=5, cooldown_s=30)
        for threshold in (0.05, 0.1, 0.2)
    ]
    assert crossing == [pytest.approx(20.8, abs=0.1), pytest.approx(105), pytest.approx(355)]


def test_spending_is_counted_in_the_window() -> None:
    """45 calls of 0.30 USD are 13.50 USD, which a window of an hour reads as 13.50 USD/hour."""
    assert sum_usd([(120, 0), (180, 0.25)], 0.3) == pytest.approx(13.5)
    assert to_hourly(13.5, 3600) == 13.5
    assert to_hourly(5, 1800) == 10
