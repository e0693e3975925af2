"""Metis's drills of calls that fail: an outage, errors short of threshold and `for`, and few calls."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing
from alertdrill.systems.drill_building.estimates import (
    LULL,
    choose_call_rate,
    choose_rate_for_failures,
    find_outage_crossing_s,
)
from alertdrill.systems.drill_building.near import NEARLY_ALL, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.load import METIS, call, check_threshold, label_model

ERRORS = "MetisLLMErrorRateHigh"
THRESHOLDS = (0.01, 0.25)
FAILURES_TO_COOL = 5
OF_EACH = 3
"""Failures of each of two causes that are nearly too many together."""
COOLDOWN_S = 30.0
"""The gateway's breaker: so many failures in a row, and only a probe in so long goes to a provider."""


def make_error_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the share of calls that fail; raises BadInput."""
    check_threshold(values, *THRESHOLDS)
    yield _make_outage(values)
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    rate_per_s = choose_call_rate(threshold, window_s)

    yield _make_two_causes(values)
    if 0.8 * window_s <= for_s <= 2 * window_s:
        name, model, every = "metis-errors-near-for", "ollama:mistral", round(0.4 / threshold)
        starts_s, fails_for_s = window_s / 2, for_s - window_s / 3
        lasts_s = starts_s + fails_for_s + window_s + 200
        yield METIS.drill(
            name,
            f"One call in {every} fails for {fails_for_s:g} s: over {threshold:.1%} for less than the `for` "
            f"of {for_s:g} s.",
            call(
                name,
                model,
                [(lasts_s, rate_per_s)],
                {1: failing(next=1), starts_s: failing(every=every), starts_s + fails_for_s: HEALTHY},
            ),
            expects=near_for(ERRORS, label_model(model), over_s=(for_s - 180, for_s - 15)),
            lasts_s=lasts_s,
        )
    name, model = "metis-errors-first-bad-call", "openrouter:command-r-plus"
    yield METIS.drill(
        name,
        "A model's very first call fails: error rate 100 % to a reader, nothing at all to Prometheus, since "
        "a counter born at 1 shows no increase.",
        call(name, model, [(15, 0), (30, 1 / 30)], {0: failing(next=1)}),
        expects=near_threshold(ERRORS, label_model(model), reaches=0.0),
        lasts_s=window_s + 300,
    )
    yield from _make_bad_calls(values)


def _make_two_causes(values: AlertValues) -> Drill:
    name, model = "metis-errors-near-threshold", "ollama:qwen3"
    # The lull is what half a window would have seen alone; the whole one sees as many calls as ever.
    window_s, lull_s = values.window_s, values.window_s / 3
    rate_per_s = choose_rate_for_failures(2 * OF_EACH, values.threshold, window_s, lull_s)
    fails_s, apart_s = window_s + 60 + lull_s, (OF_EACH + 1) / rate_per_s
    lasts_s = fails_s + 2 / 3 * window_s
    overflow = "context_overflow"
    return METIS.drill(
        name,
        f"The provider fails {OF_EACH} calls in a row, and after that {OF_EACH} prompts are too long, when a "
        f"quiet spell is over: each is half of the {values.threshold:.1%} allowed, and both are nearly all.",
        call(
            name,
            model,
            [(window_s + 60, rate_per_s), (lull_s, LULL * rate_per_s), (lasts_s - fails_s, rate_per_s)],
            {
                1: failing(next=1),
                1 + 2 / rate_per_s: failing(overflow, next=1),
                fails_s: failing(next=OF_EACH),
                fails_s + apart_s: failing(overflow, next=OF_EACH),
            },
        ),
        expects=near_threshold(ERRORS, label_model(model), reaches=NEARLY_ALL),
        lasts_s=lasts_s,
    )


def _make_outage(values: AlertValues) -> Drill:
    name, model, rate_per_s = "metis-errors-outage", "groq:llama-3.3-70b-versatile", 0.2
    window_s, for_s = values.window_s, values.for_s
    crossing_s = find_outage_crossing_s(
        values.threshold,
        rate_per_s,
        min(300, window_s),
        to_cool=FAILURES_TO_COOL,
        cooldown_s=COOLDOWN_S,
    )
    slack_s = 180 + max(0.0, crossing_s - FAILURES_TO_COOL / rate_per_s)
    resolves_s = 600 + for_s + window_s
    return METIS.drill(
        name,
        f"A provider's socket is closed for {for_s + 300:g} s. The gateway falls back and cools the provider "
        "down, so clients see nothing; the probes that still fail keep the error rate up.",
        send(
            name,
            "outage",
            [(resolves_s + 200, rate_per_s)],
            [change(0, model, HEALTHY)],
            models=[model],
            key=name,
            provider="groq",  # nobody else's, for a closed socket is closed to all
            down_at_s=300,
            down_for_s=for_s + 300,
        ),
        expects=METIS.fires(
            ERRORS,
            label_model(model),
            between_s=(300 + for_s, 300 + for_s + slack_s),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 250,
    )


def _make_bad_calls(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a model with so little traffic that one bad call is twice the threshold."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    apart_s = 2 * threshold * window_s
    little = f"a model with one call in {apart_s:g} s"
    if window_s <= for_s:
        name, model = "metis-errors-one-bad-call", "ollama:gemma3"
        lasts_s = 2 * window_s + 240 + apart_s
        yield METIS.drill(
            name,
            f"One bad call on {little}: {2 * threshold:.0%} for one scrape less than the window, so the "
            "`for` holds it back.",
            call(
                name,
                model,
                [(lasts_s, 1 / apart_s)],
                {0: failing(next=1), window_s + 100: failing(next=1)},
            ),
            expects=near_for(ERRORS, label_model(model), over_s=(window_s - 100, window_s - 1)),
            lasts_s=lasts_s,
        )
    name, model, starts_s = "metis-errors-few-bad-calls", "ollama:deepseek-r1", window_s + 90
    bad = 1 + max(1, math.ceil((for_s - window_s + 90) / apart_s))
    resolves_s = starts_s + bad * apart_s + window_s + 90
    yield METIS.drill(
        name,
        f"{bad} bad calls in a row on {little} fire: the `for` filters one bad call, not a few.",
        call(
            name,
            model,
            [(resolves_s + 240, 1 / apart_s)],
            {0: failing(next=1), starts_s: failing(next=bad)},
        ),
        expects=METIS.fires(
            ERRORS,
            label_model(model),
            between_s=(starts_s + for_s, starts_s + for_s + apart_s + 70),
            resolves_within_s=resolves_s,
        ),
    )
