"""Drills of what clients see of an endpoint: failures and latency."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.building import wording
from alertdrill.systems.gatewayz.drills.building import (
    HEALTHY,
    START_S,
    compute_length,
    expect_below,
    expect_blindness,
    expect_firing,
    expect_pending,
    list_changes,
    make_drill,
    make_failing,
    make_profile,
)

HTTP_5XX = "GatewayzHTTP5xxRateHigh"
LATENCY = "GatewayzLatencyP95High"
HTTP_5XX_MODEL = "openai:gpt-3.5-turbo"
LATENCY_MODEL = "openrouter:mistral-large"
LATENCY_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


def make_5xx_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of an endpoint's failures."""
    labels = {"endpoint": "/v1/completions"}
    many = max(2, math.floor(1 / (2.5 * values.threshold)))
    few = math.ceil(1 / (0.66 * values.threshold))

    def traffic(
        name: str, lasts_s: float, every: int, failing_for_s: float, rate: float = 0.3
    ) -> LoadProfile:
        told = {START_S: make_failing("server_error", every), START_S + failing_for_s: HEALTHY}
        changes = list_changes(HTTP_5XX_MODEL, told)
        return make_profile(
            name, "text_apis", ((lasts_s, rate),), changes, models=[HTTP_5XX_MODEL], ask="completions"
        )

    fires_s = values.for_s + values.window_s + 60
    fires = expect_firing(HTTP_5XX, labels, seen_s=START_S, gone_s=START_S + fires_s, values=values)
    return (
        make_drill(
            "gatewayz-5xx-fires",
            "One legacy completion in eight fails; these insist on their model, so nothing falls back. The "
            "expression as written matches a label that the metric does not have, and sees nothing.",
            traffic("gatewayz-5xx-fires", fires.resolves_within_s, many, fires_s),
            fires,
            expect_blindness(HTTP_5XX),
            lasts_s=compute_length(fires),
            uses="endpoint /v1/completions",
        ),
        make_drill(
            "gatewayz-5xx-near-threshold",
            "One request in thirty fails: at most two in a window, which are less than 5 %.",
            traffic("gatewayz-5xx-near-threshold", START_S + values.window_s + 240, few, 1000, 0.5),
            expect_below(HTTP_5XX, labels, reaches=0.6),
            lasts_s=START_S + values.window_s + 240,
            uses="endpoint /v1/completions",
        ),
        make_drill(
            "gatewayz-5xx-near-for",
            "One request in eight fails, for so long that with the window it is just short of the `for`.",
            traffic(
                "gatewayz-5xx-near-for",
                START_S + values.for_s + values.window_s,
                many,
                max(45.0, values.for_s - values.window_s - 60),
            ),
            expect_pending(HTTP_5XX, labels, least_s=60, values=values),
            lasts_s=START_S + values.for_s + values.window_s,
            uses="endpoint /v1/completions",
        ),
    )


def make_latency_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of an endpoint's latency."""
    labels = {"endpoint": "/v1/responses"}
    upper_s = max(bound for bound in LATENCY_BOUNDS_S if bound <= values.threshold)
    lower_s = max((bound for bound in LATENCY_BOUNDS_S if bound < upper_s), default=0.0)
    slow_s, below_s = 1.5 * values.threshold, lower_s + 0.2 * (upper_s - lower_s)
    healthy_s = 450.0

    def traffic(name: str, stages: tuple[tuple[float, float], ...], told: Mapping[float, Any]) -> LoadProfile:
        changes = list_changes(LATENCY_MODEL, told)
        return make_profile(name, "text_apis", stages, changes, models=[LATENCY_MODEL], ask="responses")

    fires_s = values.for_s + values.window_s + 60
    fires = expect_firing(
        LATENCY, labels, seen_s=healthy_s + slow_s, gone_s=healthy_s + fires_s + slow_s, values=values
    )
    return (
        make_drill(
            "gatewayz-latency-fires",
            "A model that has answered hundreds of times becomes slow. The expression as written has no "
            "rate: it reads the p95 of all requests ever, of which the slow ones are less than 5 %.",
            traffic(
                "gatewayz-latency-fires",
                ((healthy_s, 1.0), (fires.resolves_within_s - healthy_s, 0.05)),
                {healthy_s: wording.slow(slow_s), healthy_s + fires_s: HEALTHY},
            ),
            fires,
            expect_blindness(LATENCY, labels),
            lasts_s=compute_length(fires),
            uses="endpoint /v1/responses",
            comes_first=True,  # slow calls of the others would be in the p95 of all requests ever
        ),
        make_drill(
            "gatewayz-latency-near-threshold",
            "Every answer takes 14 s. The histogram has no bound between 10 and 30 s, so the p95 reads as "
            "29 s: just under the threshold.",
            traffic(
                "gatewayz-latency-near-threshold",
                ((START_S + values.window_s + 240, 0.1),),
                {1: wording.slow(below_s), START_S + values.window_s + 200: HEALTHY},
            ),
            expect_below(LATENCY, labels, reaches=0.85),
            lasts_s=START_S + values.window_s + 240,
            uses="endpoint /v1/responses",
            calls_within_s=upper_s,
        ),
        make_drill(
            "gatewayz-latency-near-for",
            "A model is slow for two minutes; the window keeps them in sight, and still it is short of the "
            "`for`.",
            traffic(
                "gatewayz-latency-near-for",
                ((START_S + values.for_s + values.window_s + slow_s, 0.1),),
                {
                    START_S: wording.slow(slow_s),
                    START_S + max(30.0, values.for_s - values.window_s - 60): HEALTHY,
                },
            ),
            expect_pending(LATENCY, labels, least_s=90, values=values),
            lasts_s=START_S + values.for_s + values.window_s + slow_s,
            uses="endpoint /v1/responses",
        ),
    )
