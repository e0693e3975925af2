"""The inference service's drills of jobs that wait."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import slow
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.inference.drills.load import HEALTHY, INFERENCE, PAUSE_S, SEEN_S, infer, label_model

DEPTH = "InferenceQueueDepthHigh"
DEPTH_AS_WRITTEN = "InferenceQueueDepthGrowingAsWritten"
DEPTH_AS_WRITTEN_JOBS = 100
WORKERS = 2
SLOW_S = 60.0
BATCH_SLOW_S = 30.0
FULL_SLOW_S = 85.0
"""Just below the time after which a job is given up."""


def make_queue_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the queue's depth: more jobs are left than two slow workers take."""
    threshold, for_s = values.threshold, values.for_s
    over_s = threshold + WORKERS + threshold * WORKERS / SLOW_S
    fast_s = over_s + for_s + 150
    gone_s = fast_s + SLOW_S + 120

    name, model = "inference-queue-fires", "embedder:v1"
    yield INFERENCE.drill(
        name,
        "More jobs are left than two slow workers take, until the model is fast again.",
        _leave(name, model, 1.5 * threshold, fast_s, SLOW_S),
        expects=INFERENCE.fires(
            DEPTH,
            label_model(model),
            between_s=(over_s + for_s - 30, over_s + for_s + SEEN_S + PAUSE_S),
            resolves_within_s=gone_s + SEEN_S + PAUSE_S,
        ),
    )
    name, model = "inference-queue-near-threshold", "embedder:v2"
    yield INFERENCE.drill(
        name,
        "A backlog of just what is allowed, from before the first job is done; then nine tenths of it, for "
        "longer than the `for`.",
        _leave(name, model, threshold + WORKERS, fast_s, FULL_SLOW_S, within_s=0.6 * FULL_SLOW_S),
        expects=near_threshold(DEPTH, label_model(model), reaches=1.0),
        lasts_s=gone_s,
    )
    name, model = "inference-queue-batch", "embedder:v3"
    drains_s = over_s + for_s - 130
    yield INFERENCE.drill(
        name,
        "A batch of jobs that is worked off within the `for`. As written the rule fires, though the "
        "queue does not grow any more: the expression is a level, and a level is no growth.",
        _leave(name, model, 1.5 * max(threshold, DEPTH_AS_WRITTEN_JOBS), drains_s, BATCH_SLOW_S),
        expects=(
            INFERENCE.fires(
                DEPTH_AS_WRITTEN,
                label_model(model),
                between_s=(DEPTH_AS_WRITTEN_JOBS, DEPTH_AS_WRITTEN_JOBS + 100),
                resolves_within_s=drains_s + BATCH_SLOW_S + 150,
            ),
            near_for(DEPTH, label_model(model), over_s=(for_s - 180, for_s - 30)),
        ),
    )


def _leave(
    name: str, model: str, jobs: float, until_s: float, job_s: float, *, within_s: float | None = None
) -> LoadProfile:
    """Return jobs that are left one a second, or all within a time; each takes long until `until_s`."""
    takes_s = within_s or jobs
    stages = [(takes_s, jobs / takes_s), (until_s - takes_s, 0.0)]
    return infer(name, model, stages, {0: slow(job_s), until_s: HEALTHY}, scenario="queue_backlog")
