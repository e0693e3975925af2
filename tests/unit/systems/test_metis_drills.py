"""Metis's drills follow the values: on both sides of whatever threshold, window and `for` there is."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from support.simulated_prometheus import Points, Series, evaluate, find_quantile, find_stretches

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.gateway.health import COOLDOWN_S, FAILURES_TO_COOL
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.load.arrivals import draw_arrivals
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
from alertdrill.systems.metis.drills.auth import AUTH
from alertdrill.systems.metis.drills.costs import COST
from alertdrill.systems.metis.drills.costs import MODEL as COST_MODEL
from alertdrill.systems.metis.drills.costs import USD_PER_MILLION as COST_USD_PER_MILLION
from alertdrill.systems.metis.drills.errors import ERRORS
from alertdrill.systems.metis.drills.latency import LATENCY, LATENCY_BOUNDS_S
from alertdrill.systems.metis.surface import CALL_BUCKETS_S

KEYS = {
    LATENCY: "llmLatencyP99",
    ERRORS: "llmErrorRate",
    AUTH: "gatewayAuthFailureRate",
    COST: "gatewayKeyCostSpike",
}
SHIPPED_VALUES = override_values(())["metis"]
CHANGED = (
    "",
    *(
        f"{key}.threshold={SHIPPED_VALUES[key].threshold * factor:g}"
        for key in KEYS.values()
        for factor in (0.5, 2)
    ),
    *(
        f"{key}.window={SHIPPED_VALUES[key].window_s * factor:g}s"
        for key in KEYS.values()
        for factor in (0.8, 1.25)
    ),
    *(
        f"{key}.for={SHIPPED_VALUES[key].for_s * factor:g}s"
        for key in KEYS.values()
        for factor in (0.8, 1.25, 1.5)
    ),
    "llmErrorRate.threshold=0.10 llmLatencyP99.threshold=20 gatewayAuthFailureRate.threshold=0.2 "
    "gatewayKeyCostSpike.threshold=20",
)
"""Settings, several in one with blanks between."""
OVERHEAD_S = 0.5


def make_values(settings: str) -> Values:
    """Return Metis's values with some changed."""
    return override_values([f"metis.{setting}" for setting in settings.split()])["metis"]


@dataclasses.dataclass(frozen=True)
class Called:
    """One call: when it ended, how long it took, and whether it failed."""

    ended_s: float
    latency_s: float
    failed: bool


def simulate_calls(profile: LoadProfile) -> list[Called]:
    """Return the calls of a load profile, each as its provider was told to treat it."""
    calls, rng = [], random.Random(profile.name)  # noqa: S311 - repeatable, no secret
    changes = sorted(profile.changes, key=lambda told: told.at_s)
    counts: dict[int, int] = {}
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    for at_s in draw_arrivals(stages, kind=profile.arrivals, seed=f"1:{profile.name}"):
        place = max(number for number, told in enumerate(changes) if told.at_s <= at_s)
        counts[place] = counts.get(place, 0) + 1
        behaviour = changes[place].behaviour
        latency, errors = behaviour["latency"], behaviour.get("errors", {})
        latency_s = (
            latency["s"] if "s" in latency else latency["median_s"] * math.exp(rng.gauss(0, latency["sigma"]))
        )
        failed = (
            counts[place] % errors["every"] == 0
            if "every" in errors
            else counts[place] <= errors.get("next", 0)
        )
        latency_s = (0.1 if failed else latency_s) + OVERHEAD_S
        calls.append(Called(at_s + latency_s, latency_s, failed))
    return calls


def read_latency(profile: LoadProfile, values: Values, until_s: float) -> Points:
    """Return the p99 of a load profile's calls."""
    calls = simulate_calls(profile)
    born_s = min(call.ended_s for call in calls)
    bounds = (*CALL_BUCKETS_S, math.inf)
    series = [
        Series([(call.ended_s, 1) for call in calls if call.latency_s <= bound], born_s) for bound in bounds
    ]
    window_s = values["llmLatencyP99"].window_s

    def read(at_s: float) -> float | None:
        rates = [one.rate(at_s, window_s) for one in series]
        return None if rates[-1] is None else find_quantile(0.99, list(zip(bounds, rates, strict=True)))

    return evaluate(read, until_s)


def read_errors(profile: LoadProfile, values: Values, until_s: float) -> Points:
    """Return the share of a profile's calls that failed; in an outage, of those that went to the provider."""
    if "down_at_s" in profile.options:
        calls = simulate_outage(profile)
    else:
        calls = [(call.ended_s, call.failed) for call in simulate_calls(profile)]
    failures = [(at_s, 1.0) for at_s, failed in calls if failed]
    good = [(at_s, 1.0) for at_s, failed in calls if not failed]
    if not failures:
        return []
    window_s = values["llmErrorRate"].window_s
    # The calls are two series, ok and failed, whose rates are summed.
    errors, fine = Series(failures, failures[0][0]), Series(good, good[0][0] if good else math.inf)

    def read(at_s: float) -> float | None:
        failed, ok = errors.rate(at_s, window_s), fine.rate(at_s, window_s)
        total = (failed or 0.0) + (ok or 0.0)
        return None if failed is None or not total else failed / total

    return evaluate(read, until_s)


def simulate_outage(profile: LoadProfile) -> list[tuple[float, bool]]:
    """Return the calls to a provider that goes down, through the gateway's breaker."""
    down_s, up_s = profile.options["down_at_s"], profile.options["down_at_s"] + profile.options["down_for_s"]
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    calls, failures, cools_until_s = [], 0, 0.0
    for at_s in draw_arrivals(stages):
        if failures >= FAILURES_TO_COOL and at_s < cools_until_s:
            continue
        failed = down_s <= at_s < up_s
        calls.append((at_s + OVERHEAD_S, failed))
        failures = failures + 1 if failed else 0
        cools_until_s = at_s + COOLDOWN_S if failed else 0.0
    return calls


def read_auth(profile: LoadProfile, values: Values, until_s: float) -> Points:
    """Return the rate of a load profile's authentication failures, which have a series from the start."""
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    rotated_s = profile.options.get("rotate_at_s", 0.0)
    caught_up_s = rotated_s + profile.options.get("catch_up_s", math.inf)
    refused = [(at_s, 1.0) for at_s in draw_arrivals(stages) if rotated_s <= at_s < caught_up_s]
    series = Series(refused, 0.0)
    return evaluate(lambda at_s: series.rate(at_s, values["gatewayAuthFailureRate"].window_s), until_s)


def read_cost(profile: LoadProfile, values: Values, until_s: float) -> Points:
    """Return the USD per hour of a load profile's key."""
    tokens = profile.changes[0].behaviour["completion_tokens"]
    price = read_catalogue(SHIPPED, ["anthropic"]).models[COST_MODEL].price
    usd = float(price.completion_usd) * tokens / 1e6 + float(price.prompt_usd) * 100 / 1e6
    spent = [(call.ended_s, usd) for call in simulate_calls(profile)]
    series = Series(spent, spent[0][0])
    window_s = values["gatewayKeyCostSpike"].window_s

    def read(at_s: float) -> float | None:
        rate = series.rate(at_s, window_s)
        return None if rate is None else rate * 3600

    return evaluate(read, until_s)


READ = {LATENCY: read_latency, ERRORS: read_errors, AUTH: read_auth, COST: read_cost}


def check(drill: Drill, values: Values) -> None:
    """Hold a drill's expectation against what its traffic makes the rule read."""
    (expected,) = drill.expects
    alert = values[KEYS[expected.alert]]
    points = READ[expected.alert](drill.traffic[0], values, drill.lasts_s)
    stretches = find_stretches(points, alert.threshold, drill.lasts_s)
    firing = [
        (start_s + alert.for_s, end_s) for start_s, end_s in stretches if end_s - start_s >= alert.for_s
    ]
    if isinstance(expected, Expectation):
        assert len(firing) == 1, (stretches, alert)
        fired_s, over_s = firing[0]
        assert expected.fires_after_s <= fired_s <= expected.fires_within_s - 30, (fired_s, expected)
        assert over_s + 30 <= expected.resolves_within_s <= drill.lasts_s, (over_s, expected)
        return
    assert isinstance(expected, NearMiss)
    assert firing == [], (stretches, alert)
    reached = max((value for _, value in points), default=0.0) / alert.threshold
    assert reached >= expected.reaches
    if expected.pending:
        assert expected.pending_within_s is not None
        least_s, most_s = expected.pending_within_s
        longest_s = max(end_s - start_s for start_s, end_s in stretches)
        assert least_s <= longest_s <= most_s, (longest_s, expected)
    else:
        assert stretches == []


@pytest.mark.parametrize("settings", CHANGED)
def test_drills_hold_whatever_the_values_are(settings: str) -> None:
    """Each drill's traffic does to its rule, by arithmetic, what the drill expects of it."""
    values = make_values(settings)
    failed = []
    for drill in metis.make_drills(values):
        if drill.expects and drill.expects[0].alert in KEYS:  # the others are test_paging_drills.py's
            try:
                check(drill, values)
            except AssertionError as error:
                failed.append(f"{drill.name}: {error}")
    assert failed == []


@pytest.mark.parametrize("settings", CHANGED)
def test_drills_are_well_formed_whatever_the_values_are(settings: str) -> None:
    """Names differ, traffic ends in time, rates are modest, every alert is drilled on both sides."""
    drills = metis.make_drills(make_values(settings))
    assert len({drill.name for drill in drills}) == len(drills) >= 17
    for drill in drills:
        for profile in drill.traffic:
            assert profile.end_s <= drill.lasts_s
            assert all(stage.rate_per_s <= 20 for stage in profile.stages)
    for alert in KEYS:
        kinds = {
            type(drill.expects[0]) for drill in drills if drill.expects and drill.expects[0].alert == alert
        }
        assert kinds == {Expectation, NearMiss}


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
    assert (metis_errors.FAILURES_TO_COOL, metis_errors.COOLDOWN_S) == (FAILURES_TO_COOL, COOLDOWN_S)
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
