"""Drills of what is upstream: a provider that is down, one that errs, and calls that wait for a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.core.drill import Drill, Fault, LoadProfile, Outage
from alertdrill.rules.values import AlertValues
from alertdrill.systems.building import wording
from alertdrill.systems.gatewayz.drills.building import (
    HEALTHY,
    START_S,
    compute_length,
    expect_below,
    expect_firing,
    expect_pending,
    list_changes,
    make_drill,
    make_failing,
    make_profile,
)

DOWN = "GatewayzProviderDown"
ERRORS = "GatewayzProviderErrorRateHigh"
QUEUE = "GatewayzQueueBacklog"
DOWN_MODEL = "ollama:codellama"
ERROR_MODEL = "anthropic:claude-3-haiku"
SLOTS = 8
"""Calls that a model takes at once."""
QUEUE_LATENCY_S = 90.0
TIMEOUT_S = 120.0
"""How long the gateway waits for a provider."""
COOLDOWN_S = 30.0
"""After five calls that do not reach it, a provider is left alone for so long."""


def make_down_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a provider that nobody reaches.

    An outage takes a cooldown at least, so past a threshold of 0.6 none is too short for a window of 2m.
    """
    labels = {"provider": "ollama"}
    rate, detected_s = 0.2, 25.0
    down = {"errors": {"class": "network", "every": 1}, **HEALTHY}

    def traffic(name: str, lasts_s: float, down_for_s: float) -> LoadProfile:
        changes = list_changes(DOWN_MODEL, {START_S: down, START_S + down_for_s: HEALTHY})
        return make_profile(name, "steady", ((lasts_s, rate),), changes, models=[DOWN_MODEL])

    fires_s = values.for_s + values.window_s + 90
    fires = expect_firing(
        DOWN, labels, seen_s=START_S + 15, gone_s=START_S + fires_s + COOLDOWN_S, values=values
    )
    near_for_s = detected_s + values.for_s - 150
    return (
        make_drill(
            "gatewayz-provider-fires",
            "Nobody reaches a provider for minutes. Clients do not notice: their calls fall back.",
            traffic("gatewayz-provider-fires", fires.resolves_within_s, fires_s),
            fires,
            lasts_s=compute_length(fires),
            uses="provider ollama",
        ),
        make_drill(
            "gatewayz-provider-near-threshold",
            "A provider is out for as long as one cooldown: less than half of the window.",
            traffic("gatewayz-provider-near-threshold", START_S + values.window_s + 150, 42),
            expect_below(DOWN, labels, reaches=0.6),
            lasts_s=START_S + values.window_s + 180,
            uses="provider ollama",
        ),
        make_drill(
            "gatewayz-provider-near-for",
            "A provider is out for a few minutes and comes back before the `for` is over.",
            traffic("gatewayz-provider-near-for", START_S + values.for_s + values.window_s, near_for_s),
            expect_pending(DOWN, labels, least_s=(values.for_s - 150) / 2, values=values),
            lasts_s=START_S + values.for_s + values.window_s + 60,
            uses="provider ollama",
        ),
    )


def make_outage_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a provider whose container stands still, or is cut off from the gateway.

    Nothing refuses a call then: each waits for the gateway's own timeout, and so does the probe that is under
    way when the provider is back.
    """
    lasts_s = values.for_s + values.window_s + TIMEOUT_S + 150
    gone_s = START_S + lasts_s + TIMEOUT_S + COOLDOWN_S
    fires = replace(
        expect_firing(
            DOWN, {"provider": "ollama"}, seen_s=START_S + TIMEOUT_S + 30, gone_s=gone_s, values=values
        ),
        fires_after_s=START_S + values.for_s,
    )

    def make(name: str, why: str, how: Fault) -> Drill:
        changes = list_changes(DOWN_MODEL, {})
        traffic = make_profile(
            name, "steady", ((fires.resolves_within_s, 0.2),), changes, models=[DOWN_MODEL]
        )
        drill = make_drill(name, why, traffic, fires, lasts_s=compute_length(fires))
        return replace(drill, outages=(Outage(part="provider-ollama", at_s=START_S, for_s=lasts_s, how=how),))

    return (
        make(
            "gatewayz-provider-paused",
            "A provider stands still: it takes connections and answers nobody. Calls fall back when they "
            "have waited long enough.",
            "pause",
        ),
        make(
            "gatewayz-provider-disconnected",
            "A provider's container is cut off from the network on which the gateway asks it.",
            "disconnect",
        ),
    )


def make_error_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a provider that answers with errors."""
    labels = {"provider": "anthropic"}
    many = max(2, math.floor(1 / (2 * values.threshold)))
    few = math.ceil(1 / (0.85 * values.threshold))

    def traffic(name: str, lasts_s: float, every: int, failing_for_s: float) -> LoadProfile:
        told = {START_S: make_failing("server_error", every), START_S + failing_for_s: HEALTHY}
        return make_profile(
            name, "steady", ((lasts_s, 0.25),), list_changes(ERROR_MODEL, told), models=[ERROR_MODEL]
        )

    fires_s = values.for_s + values.window_s + 60
    fires = expect_firing(ERRORS, labels, seen_s=START_S + 30, gone_s=START_S + fires_s, values=values)
    return (
        make_drill(
            "gatewayz-errors-fires",
            "Half of a provider's answers are errors, and every one of them is answered by the fallback.",
            traffic("gatewayz-errors-fires", fires.resolves_within_s, many, fires_s),
            fires,
            lasts_s=compute_length(fires),
            uses="provider anthropic",
        ),
        make_drill(
            "gatewayz-errors-near-threshold",
            "One answer in five is an error: four of the last twenty calls.",
            traffic("gatewayz-errors-near-threshold", START_S + values.window_s + 240, few, 1000),
            expect_below(ERRORS, labels, reaches=0.7),
            lasts_s=START_S + values.window_s + 240,
            uses="provider anthropic",
        ),
        make_drill(
            "gatewayz-errors-near-for",
            "Half of the answers are errors, for a few minutes less than the `for`.",
            traffic(
                "gatewayz-errors-near-for",
                START_S + values.for_s + 2 * values.window_s,
                many,
                max(60.0, values.for_s - 100),
            ),
            expect_pending(ERRORS, labels, least_s=(values.for_s - 100) / 2, values=values),
            lasts_s=START_S + values.for_s + 2 * values.window_s,
            uses="provider anthropic",
        ),
    )


def make_queue_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a queue before a model."""
    latency_s = QUEUE_LATENCY_S
    grows_per_s = values.threshold / 60
    wait_s = values.for_s + values.window_s + 120

    def traffic(
        name: str, model: str, stages: tuple[tuple[float, float], ...], told: Mapping[float, Any]
    ) -> LoadProfile:
        return make_profile(
            name, "text_apis", stages, list_changes(model, told), models=[model], ask="background"
        )

    def labels(model: str) -> dict[str, str]:
        provider, _, name = model.partition(":")
        return {"provider": provider, "model": name}

    full, below, short = (
        "openrouter:magistral-medium",
        "openrouter:magistral-small",
        "openrouter:devstral-small",
    )
    fires = expect_firing(
        QUEUE, labels(full), seen_s=START_S + 60, gone_s=START_S + wait_s + latency_s, values=values
    )
    waiting = max(1, round(0.8 * values.threshold))
    many = math.ceil(3.2 * values.threshold)
    return (
        make_drill(
            "gatewayz-queue-fires",
            "Responses are started faster than a slow model answers. Nobody waits for them, so no latency "
            "shows it: only the queue does.",
            traffic(
                "gatewayz-queue-fires",
                full,
                ((START_S, 0.02), (wait_s, SLOTS / latency_s + grows_per_s), (latency_s, 0.0)),
                {START_S: wording.slow(latency_s), START_S + wait_s: HEALTHY},
            ),
            fires,
            lasts_s=compute_length(fires),
        ),
        make_drill(
            "gatewayz-queue-near-threshold",
            "Two bursts keep a few responses waiting for three minutes, one fewer than the threshold.",
            traffic(
                "gatewayz-queue-near-threshold",
                below,
                (
                    (SLOTS + waiting, 1.0),
                    (latency_s + 15 - SLOTS - waiting, 0.0),
                    (SLOTS, 1.0),
                    (2 * latency_s, 0.0),
                ),
                {0: wording.slow(latency_s)},
            ),
            expect_below(QUEUE, labels(below), reaches=0.6),
            lasts_s=3 * latency_s + 180,
        ),
        make_drill(
            "gatewayz-queue-near-for",
            "One large burst waits its turn: over the threshold for minutes, and worked off in time.",
            traffic(
                "gatewayz-queue-near-for",
                short,
                ((SLOTS + many, 1.0), (3 * latency_s, 0.0)),
                {0: wording.slow(latency_s)},
            ),
            expect_pending(QUEUE, labels(short), least_s=90, values=values),
            lasts_s=3 * latency_s + 240,
        ),
    )
