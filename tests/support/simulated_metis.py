"""Metis's traffic by arithmetic: what its rules read over a drill, at whatever values there are."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import BlindRule
from alertdrill.core.key_ids import NO_KEY
from alertdrill.gateway.health import FAILURES_TO_COOL
from alertdrill.gateway.limits import DEFAULTS
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.load.arrivals import draw_arrivals
from alertdrill.rules.values import Values
from alertdrill.systems.catalogue import override_values
from alertdrill.systems.metis.drills.auth import AUTH
from alertdrill.systems.metis.drills.costs import COST
from alertdrill.systems.metis.drills.costs import MODEL as COST_MODEL
from alertdrill.systems.metis.drills.errors import ERRORS
from alertdrill.systems.metis.drills.latency import LATENCY
from alertdrill.systems.metis.surface import CALL_BUCKETS_S
from support.drill_arithmetic import Readings, Rule, Simulation
from support.simulated_prometheus import Points, Series, evaluate, find_quantile

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


@dataclasses.dataclass(frozen=True)
class Called:
    """One call: when it ended, how long it took, and how it failed, if it did."""

    ended_s: float
    latency_s: float
    failed: str | None


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
        if counts[place] % latency.get("every", math.inf) == 0:
            latency_s = latency["slow_s"]
        fails = (
            counts[place] % errors["every"] == 0
            if "every" in errors
            else counts[place] <= errors.get("next", 0)
        )
        latency_s = (0.1 if fails else latency_s) + OVERHEAD_S
        calls.append(Called(at_s + latency_s, latency_s, errors["class"] if fails else None))
    return calls


def read_latency(profiles: Sequence[LoadProfile], values: Values, until_s: float) -> Points:
    """Return the p99 of a load profile's calls."""
    (profile,) = profiles
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


def read_errors(profiles: Sequence[LoadProfile], values: Values, until_s: float) -> Points:
    """Return the share of calls that failed; in an outage, of those that went to the provider."""
    (profile,) = profiles
    if "down_at_s" in profile.options:
        calls = simulate_outage(profile)
    else:
        calls = [(call.ended_s, call.failed) for call in simulate_calls(profile)]
    ended: dict[str | None, list[tuple[float, float]]] = {}
    for at_s, failed in calls:
        ended.setdefault(failed, []).append((at_s, 1.0))
    window_s = values["llmErrorRate"].window_s
    # Each error class is a series of its own, and so is what went well: their rates are summed.
    series = {failed: Series(moves, moves[0][0]) for failed, moves in ended.items()}

    def read(at_s: float) -> float | None:
        rates = {failed: one.rate(at_s, window_s) for failed, one in series.items()}
        bad = [rate for failed, rate in rates.items() if failed is not None and rate is not None]
        total = sum(bad) + (rates.get(None) or 0.0)
        return None if not bad or not total else sum(bad) / total

    return evaluate(read, until_s)


def simulate_outage(profile: LoadProfile) -> list[tuple[float, str | None]]:
    """Return the calls to a provider that goes down, through the gateway's breaker."""
    down_s, up_s = profile.options["down_at_s"], profile.options["down_at_s"] + profile.options["down_for_s"]
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    calls, failures, cools_until_s = [], 0, 0.0
    for at_s in draw_arrivals(stages):
        if failures >= FAILURES_TO_COOL and at_s < cools_until_s:
            continue
        failed = "network" if down_s <= at_s < up_s else None
        calls.append((at_s + OVERHEAD_S, failed))
        failures = failures + 1 if failed else 0
        cools_until_s = at_s + DEFAULTS.cooldown_s if failed else 0.0
    return calls


def read_auth(profiles: Sequence[LoadProfile], values: Values, until_s: float) -> Points:
    """Return the rate of authentication failures, whose reasons have a series each from the start."""
    window_s = values["gatewayAuthFailureRate"].window_s
    series = [Series(list_refused(profile), 0.0) for profile in profiles]

    def read(at_s: float) -> float | None:
        rates = [rate for one in series if (rate := one.rate(at_s, window_s)) is not None]
        return sum(rates) if rates else None

    return evaluate(read, until_s)


def list_refused(profile: LoadProfile) -> list[tuple[float, float]]:
    """Return the calls of a load profile that are refused, with the clients that rotate their key."""
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    rotated_s = profile.options.get("rotate_at_s", 0.0)
    caught_up_s = rotated_s + profile.options.get("catch_up_s", math.inf)
    return [
        (profile.start_s + at_s, 1.0) for at_s in draw_arrivals(stages) if rotated_s <= at_s < caught_up_s
    ]


def read_cost(profiles: Sequence[LoadProfile], values: Values, until_s: float) -> Points:
    """Return the USD per hour of the one key; what belongs to none, the rule leaves out."""
    (profile,) = (one for one in profiles if one.options["key"] != NO_KEY)
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


def read(drill: Drill, values: Values) -> Readings | None:
    """Return what the rule of the drill's one alert reads; those of the paging path are not simulated."""
    if not drill.expects or drill.expects[0].alert not in KEYS:
        return None
    (expected,) = (one for one in drill.expects if not isinstance(one, BlindRule))
    alert = values[KEYS[expected.alert]]
    rule = Rule(threshold=alert.threshold, for_s=alert.for_s)
    return {expected.alert: (rule, READ[expected.alert](drill.traffic, values, drill.lasts_s))}


METIS = Simulation(read=read, slack_s=30)
