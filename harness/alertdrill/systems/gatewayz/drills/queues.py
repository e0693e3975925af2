"""Gatewayz's drills of calls that wait for a model; each has a model of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, Behaviour, slow
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import Stages, change_from_healthy
from alertdrill.systems.gatewayz.drills.load import GATEWAYZ, START_S, fires, pends, send_as

QUEUE = "GatewayzQueueBacklog"
SLOTS = 8
"""Calls that a model takes at once."""
SLOW_S = 90.0


def make_queue_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a queue before a model."""
    name, model = "gatewayz-queue-fires", "openrouter:magistral-medium"
    grows_s, grows_per_s = values.for_s + values.window_s + 120, values.threshold / 60
    yield GATEWAYZ.drill(
        name,
        "Responses are started faster than a slow model answers. Nobody waits for them, so no latency "
        "shows it: only the queue does.",
        _leave(
            name,
            model,
            [(START_S, 0.02), (grows_s, SLOTS / SLOW_S + grows_per_s), (SLOW_S, 0.0)],
            {START_S: slow(SLOW_S), START_S + grows_s: HEALTHY},
        ),
        expects=fires(
            QUEUE,
            label_model(model),
            seen_s=START_S + 60,
            gone_s=START_S + grows_s + SLOW_S,
            values=values,
        ),
    )
    name, model = "gatewayz-queue-near-threshold", "openrouter:magistral-small"
    waiting = max(1, round(0.8 * values.threshold))
    yield GATEWAYZ.drill(
        name,
        "Two bursts keep a few responses waiting for three minutes, one fewer than the threshold.",
        _leave(
            name,
            model,
            [
                (SLOTS + waiting, 1.0),
                (SLOW_S + 15 - SLOTS - waiting, 0.0),
                (SLOTS, 1.0),
                (2 * SLOW_S, 0.0),
            ],
            {0: slow(SLOW_S)},
        ),
        expects=near_threshold(QUEUE, label_model(model), reaches=0.6),
        lasts_s=3 * SLOW_S + 180,
    )
    name, model = "gatewayz-queue-near-for", "openrouter:devstral-small"
    many = math.ceil(3.2 * values.threshold)
    yield GATEWAYZ.drill(
        name,
        "One large burst waits its turn: over the threshold for minutes, and worked off in time.",
        _leave(name, model, [(SLOTS + many, 1.0), (3 * SLOW_S, 0.0)], {0: slow(SLOW_S)}),
        expects=pends(QUEUE, label_model(model), least_s=90, values=values),
        lasts_s=3 * SLOW_S + 240,
    )


def _leave(name: str, model: str, stages: Stages, changes: Mapping[float, Behaviour]) -> LoadProfile:
    """Return responses that are started and that nobody waits for."""
    told = change_from_healthy(model, changes)
    return send_as(name, "text_apis", stages, told, models=[model], ask="background")


def label_model(model: str) -> dict[str, str]:
    """Return the labels that a model has in the alert."""
    provider, _, name = model.partition(":")
    return {"provider": provider, "model": name}
