"""Metis's drills of slow models."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, slow, sometimes_slow
from alertdrill.systems.drill_building.estimates import (
    choose_latency_above,
    choose_latency_below,
    find_bucket,
    interpolate_p99,
)
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.metis.drills.load import METIS, call, check_threshold, label_model

LATENCY = "MetisLLMCallLatencyP99High"
LATENCY_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
"""The bounds of `metis_llm_call_latency_seconds`."""
THRESHOLDS_S = (5.0, 60.0)


def make_latency_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a model's 99th percentile; raises BadInput."""
    check_threshold(values, *THRESHOLDS_S)
    yield _make_slow_model(values)
    yield _make_near_threshold(values)
    yield _make_few_slow_calls(values)
    if values.for_s >= 120:
        yield _make_near_for(values)
    if values.window_s <= values.for_s:
        yield _make_one_slow_call(values)
    slow_for_s = max(0.6 * values.for_s, values.for_s - values.window_s + 90)
    if slow_for_s <= values.for_s - 30:
        yield _make_slow_minutes(values, slow_for_s)


def _find_firing(values: AlertValues, slow_s: float) -> tuple[float, float]:
    """Return when an alert fires whose model answers so slowly from 300 s on."""
    return (285 + slow_s + values.for_s, 435 + slow_s + values.for_s)


def _make_slow_model(values: AlertValues) -> Drill:
    name, model = "metis-latency-fires", "openai:gpt-4.1"
    slow_s, slow_until_s = choose_latency_above(values.threshold, LATENCY_BOUNDS_S), 600 + values.for_s
    resolves_s = slow_until_s + slow_s + values.window_s + 105
    return METIS.drill(
        name,
        f"A model answers in {slow_s:g} s for {slow_until_s - 300:g} s.",
        call(name, model, [(resolves_s + 150, 0.2)], {300: slow(slow_s), slow_until_s: HEALTHY}),
        expects=METIS.fires(
            LATENCY,
            label_model(model),
            between_s=_find_firing(values, slow_s),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 250,
    )


def _make_few_slow_calls(values: AlertValues) -> Drill:
    name, model, rate_per_s = "metis-latency-few-slow-calls", "anthropic:claude-3-5-haiku", 0.2
    slow_s = choose_latency_above(values.threshold, LATENCY_BOUNDS_S)
    # One is always in the window, and there are never three.
    every = int(0.48 * values.window_s * rate_per_s)
    ends_s = 60 + every / rate_per_s + slow_s + values.for_s + 240
    resolves_s = ends_s + slow_s + values.window_s + 105
    told = sometimes_slow(slow_s, every=every, otherwise_s=1.0)
    return METIS.drill(
        name,
        f"One call in {every} takes {slow_s:g} s: {1 / every:.1%}, of which a 95th percentile sees nothing.",
        call(name, model, [(resolves_s + 150, rate_per_s)], {60: told, ends_s: HEALTHY}),
        expects=METIS.fires(
            LATENCY,
            label_model(model),
            between_s=(60 + values.for_s, 60 + every / rate_per_s + slow_s + values.for_s + 120),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 250,
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, model = "metis-latency-near-threshold", "anthropic:claude-sonnet-4-5"
    near_s, lasts_s = (
        choose_latency_below(values.threshold, LATENCY_BOUNDS_S),
        values.window_s + values.for_s + 600,
    )
    near_p99_s = interpolate_p99(near_s, LATENCY_BOUNDS_S)
    return METIS.drill(
        name,
        f"A model answers in {near_s:g} s for {lasts_s:g} s. The histogram knows only the bucket, so its p99 "
        f"reads as {near_p99_s:.1f} s: under the threshold of {values.threshold:g} s.",
        call(name, model, [(lasts_s, 0.2)], {1: slow(near_s)}),
        expects=near_threshold(
            LATENCY, label_model(model), reaches=round(0.96 * near_p99_s / values.threshold, 2)
        ),
        lasts_s=lasts_s + 300,
        calls_within_s=find_bucket(near_s, LATENCY_BOUNDS_S)[1],
    )


def _make_near_for(values: AlertValues) -> Drill:
    name, model = "metis-latency-near-for", "openai:o4-mini"
    window_s, for_s = values.window_s, values.for_s
    slow_s, slow_for_s = (
        choose_latency_above(values.threshold, LATENCY_BOUNDS_S),
        max(60.0, for_s - window_s - 75),
    )
    rush_s = 210 + slow_s + for_s
    return METIS.drill(
        name,
        "A few slow calls would stay in the window for longer than the `for`, were they not outnumbered "
        f"by healthy calls {rush_s - 300:g} s later.",
        call(
            name,
            model,
            [(rush_s, 1 / 30), (60, 4.5), (285 + window_s, 1 / 30)],
            {300: slow(slow_s), 300 + slow_for_s: HEALTHY},
        ),
        expects=near_for(LATENCY, label_model(model), over_s=(max(15, for_s - 150), for_s - 10)),
        lasts_s=rush_s + 345 + window_s,
    )


def _make_one_slow_call(values: AlertValues) -> Drill:
    name, model = "metis-latency-one-slow-call", "anthropic:claude-opus-4-1"
    tall_s = min(90.0, 2 * choose_latency_above(values.threshold, LATENCY_BOUNDS_S))
    lasts_s = values.window_s + 600
    return METIS.drill(
        name,
        f"One slow tall bar: a single call of {tall_s:g} s. The window is no longer than the `for`, so "
        "one call is seen for one scrape less than it takes to fire.",
        call(name, model, [(lasts_s, 1 / 30)], {300: slow(tall_s), 330: HEALTHY}),
        expects=near_for(LATENCY, label_model(model), over_s=(values.window_s - 100, values.window_s - 1)),
        lasts_s=lasts_s,
    )


def _make_slow_minutes(values: AlertValues, slow_for_s: float) -> Drill:
    name, model = "metis-latency-slow-minutes", "anthropic:claude-3-7-sonnet"
    slow_s = choose_latency_above(values.threshold, LATENCY_BOUNDS_S)
    resolves_s = 405 + slow_for_s + slow_s + values.window_s
    return METIS.drill(
        name,
        f"{slow_for_s:g} slow seconds are less than the `for` of {values.for_s:g} s and fire all the same: "
        f"the window keeps them in sight for {values.window_s:g} s more.",
        call(name, model, [(resolves_s + 270, 0.1)], {300: slow(slow_s), 300 + slow_for_s: HEALTHY}),
        expects=METIS.fires(
            LATENCY,
            label_model(model),
            between_s=_find_firing(values, slow_s),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 270,
    )
