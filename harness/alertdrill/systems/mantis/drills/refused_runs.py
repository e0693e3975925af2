"""Mantis's drills of a client that asks for more runs than it may start."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.mantis.drills.load import (
    CHEAP_MODEL,
    MANTIS,
    SLACK_S,
    STARTS_PER_S,
    label_tenant,
    run,
)

RATE = "MantisRateLimitChronic"
QUEUE = ("mantis: refused runs",)
OVER, UNDER = 1.3, 0.95
"""How many thresholds are refused."""


def make_rate_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the rate limit; two share their turn, for the refused runs are many."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    # How long a steady rate of `OVER` thresholds takes to fill the window to the threshold, and to leave it.
    rises_s = window_s / OVER
    falls_s = window_s - rises_s
    often, seldom = STARTS_PER_S + OVER * threshold, STARTS_PER_S + UNDER * threshold

    name, long_s = "mantis-rate-fires", rises_s + for_s + SLACK_S + 60
    yield MANTIS.drill(
        name,
        "A client asks for many more runs than it may start, for longer than the `for`.",
        run(name, CHEAP_MODEL, [(long_s, often)], {}),
        expects=MANTIS.fires(
            RATE,
            {**label_tenant(name), "kind": "rate"},
            between_s=(rises_s + for_s - 60, rises_s + for_s + SLACK_S),
            resolves_within_s=long_s + falls_s + SLACK_S,
        ),
    )
    name, short_s = "mantis-rate-near-for", rises_s + for_s - 2.5 * SLACK_S - falls_s
    yield MANTIS.drill(
        name,
        "The same, stopped some minutes before the `for` is over.",
        run(name, CHEAP_MODEL, [(short_s, often)], {}),
        expects=near_for(RATE, label_tenant(name), over_s=(for_s / 2, for_s - SLACK_S)),
        lasts_s=short_s + falls_s + SLACK_S,
        uses=QUEUE,
    )
    name = "mantis-rate-near-threshold"
    yield MANTIS.drill(
        name,
        "A client is refused at 95 % of the threshold.",
        run(name, CHEAP_MODEL, [(1.5 * window_s, seldom)], {}),
        expects=near_threshold(RATE, label_tenant(name), reaches=0.9),
        lasts_s=1.5 * window_s + SLACK_S,
        uses=QUEUE,
    )
