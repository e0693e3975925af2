"""Metis's drills of calls that fail: an outage, errors short of threshold and `for`, and few calls."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.building import wording
from alertdrill.systems.building.estimates import choose_call_rate, choose_every, find_outage_crossing_s
from alertdrill.systems.metis.drills.load import (
    ERRORS,
    HEALTHY,
    call,
    failing,
    fires,
    make_drill,
    make_profile,
    pair,
    stays_below,
    stays_pending,
)

FAILURES_TO_COOL = 5
COOLDOWN_S = 30.0
"""The gateway's breaker: so many failures in a row, and only a probe in so long goes to a provider."""


def make_error_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the share of calls that fail."""
    yield _make_outage(values)
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    rate_per_s = choose_call_rate(threshold, window_s)

    model, every = "ollama:qwen3", choose_every(0.8 * threshold)
    lasts_s = window_s + for_s + 300
    yield make_drill(
        "metis-errors-near-threshold",
        f"One call in {every} fails for {lasts_s:g} s: {1 / every:.1%}, under the {threshold:.1%} allowed.",
        call("metis-errors-near-threshold", model, ((lasts_s, rate_per_s),), {1: failing(every=every)}),
        stays_below(ERRORS, pair(model), reaches=0.875 / every / threshold),
        lasts_s=lasts_s,
    )
    if 0.8 * window_s <= for_s <= 2 * window_s:
        model, every = "ollama:mistral", round(0.4 / threshold)
        starts_s, fails_for_s = window_s / 2, for_s - window_s / 3
        lasts_s = starts_s + fails_for_s + window_s + 200
        yield make_drill(
            "metis-errors-near-for",
            f"One call in {every} fails for {fails_for_s:g} s: over {threshold:.1%} for less than the `for` "
            f"of {for_s:g} s.",
            call(
                "metis-errors-near-for",
                model,
                ((lasts_s, rate_per_s),),
                {1: failing(next=1), starts_s: failing(every=every), starts_s + fails_for_s: HEALTHY},
            ),
            stays_pending(ERRORS, pair(model), over_s=(for_s - 180, for_s - 15)),
            lasts_s=lasts_s,
        )
    model = "openrouter:command-r-plus"
    yield make_drill(
        "metis-errors-first-bad-call",
        "A model's very first call fails: error rate 100 % to a reader, nothing at all to Prometheus, since "
        "a counter born at 1 shows no increase.",
        call("metis-errors-first-bad-call", model, ((15, 0), (30, 1 / 30)), {0: failing(next=1)}),
        stays_below(ERRORS, pair(model), reaches=0.0),
        lasts_s=window_s + 300,
    )
    yield from _make_bad_calls(values)


def _make_outage(values: AlertValues) -> Drill:
    model, rate_per_s = "groq:llama-3.3-70b-versatile", 0.2
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
    return make_drill(
        "metis-errors-outage",
        f"A provider's socket is closed for {for_s + 300:g} s. The gateway falls back and cools the provider "
        "down, so clients see nothing; the probes that still fail keep the error rate up.",
        make_profile(
            "metis-errors-outage",
            "outage",
            ((resolves_s + 200, rate_per_s),),
            wording.change(0, model, HEALTHY),
            models=[model],
            key="metis-errors-outage",
            provider="groq",  # nobody else's, for a closed socket is closed to all
            down_at_s=300,
            down_for_s=for_s + 300,
        ),
        fires(
            ERRORS, pair(model), between_s=(300 + for_s, 300 + for_s + slack_s), resolves_within_s=resolves_s
        ),
        lasts_s=resolves_s + 250,
    )


def _make_bad_calls(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a model with so little traffic that one bad call is twice the threshold."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    apart_s = 2 * threshold * window_s
    little = f"a model with one call in {apart_s:g} s"
    if window_s <= for_s:
        model, lasts_s = "ollama:gemma3", 2 * window_s + 240 + apart_s
        yield make_drill(
            "metis-errors-one-bad-call",
            f"One bad call on {little}: {2 * threshold:.0%} for one scrape less than the window, so the "
            "`for` holds it back.",
            call(
                "metis-errors-one-bad-call",
                model,
                ((lasts_s, 1 / apart_s),),
                {0: failing(next=1), window_s + 100: failing(next=1)},
            ),
            stays_pending(ERRORS, pair(model), over_s=(window_s - 100, window_s - 1)),
            lasts_s=lasts_s,
        )
    model, starts_s = "ollama:deepseek-r1", window_s + 90
    bad = 1 + max(1, math.ceil((for_s - window_s + 90) / apart_s))
    resolves_s = starts_s + bad * apart_s + window_s + 90
    yield make_drill(
        "metis-errors-few-bad-calls",
        f"{bad} bad calls in a row on {little} fire: the `for` filters one bad call, not a few.",
        call(
            "metis-errors-few-bad-calls",
            model,
            ((resolves_s + 240, 1 / apart_s),),
            {0: failing(next=1), starts_s: failing(next=bad)},
        ),
        fires(
            ERRORS,
            pair(model),
            between_s=(starts_s + for_s, starts_s + for_s + apart_s + 70),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 240,
    )
