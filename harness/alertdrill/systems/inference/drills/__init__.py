"""The inference service's drills: each alert on both its sides, and what the rules as written get wrong.

Each drill has a version of a model of its own (see gateway/inference/deployments.yml), and those about
timeouts a device of their own, so all are held at the same time. Times are seconds of rule time from the
drill's start.
"""

from __future__ import annotations

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import Behaviour
from alertdrill.systems.drill_building.traffic import send
from alertdrill.systems.inference.drills.errors import make_error_drills
from alertdrill.systems.inference.drills.latency import make_latency_drills
from alertdrill.systems.inference.drills.load import INFERENCE, change_upstream
from alertdrill.systems.inference.drills.queue import make_queue_drills
from alertdrill.systems.inference.drills.timeouts import make_timeout_drills

VARYING: Behaviour = {"latency": {"kind": "lognormal", "median_s": 0.3, "sigma": 0.4}}


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return the inference service's drills; their traffic follows the values of its alerts."""
    return (
        _make_quiet(),
        *make_error_drills(values["highErrorRate"]),
        *make_latency_drills(values["highP99Latency"]),
        *make_timeout_drills(values["timeoutSpike"]),
        *make_queue_drills(values["queueDepth"]),
    )


def _make_quiet() -> Drill:
    name = "inference-quiet"
    models = ["summarizer", "summarizer:v1", "classifier:v1"]
    return INFERENCE.drill(
        name,
        "Half an hour of healthy traffic: three versions at once, two of them also as jobs, some cancelled.",
        send(
            name,
            "infer",
            [(1800, 0.2)],
            [change_upstream(0, model, VARYING) for model in ("summarizer:v2", *models[1:])],
            arrivals="poisson",
            models=models,
            key=name,
        ),
        send(
            f"{name}-jobs",
            "queue_backlog",
            [(1800, 0.08)],
            models=["classifier:v1", "summarizer:v1"],
            key=f"{name}-jobs",
            follow_every=4,
            cancel_every=10,
        ),
        lasts_s=1800,
    )
