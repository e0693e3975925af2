"""The inference service's drills of slow models.

The alert on latency needs so many calls in its window (`calls`) that the other drills, which send fewer,
cannot move it, however slow the machine is.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import slow
from alertdrill.systems.drill_building.near import blind, near_for, near_threshold
from alertdrill.systems.inference.drills.load import HEALTHY, INFERENCE, PAUSE_S, SEEN_S, infer, label_model

LATENCY = "InferenceHighP99Latency"
LATENCY_AS_WRITTEN = "InferenceHighP99LatencyAsWritten"
SLOW_AS_WRITTEN_S = 2.0
NEAR_SPEED = 5.0
"""At which a pause of 0.2 s, and machines have them now and then, is a second of rule time."""
BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)


def make_latency_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the 99th percentile; where calls are sent, so many that it has a value."""
    calls = values.number("calls")
    rate = 1.35 * calls / values.window_s
    enough_s = calls / rate
    yield _make_slow_model(values, rate, enough_s)
    yield _make_near_threshold(values, rate, enough_s)
    yield _make_near_for(values, rate, enough_s)
    yield _make_one_slow_call()


def _make_slow_model(values: AlertValues, rate: float, enough_s: float) -> Drill:
    name, model = "inference-latency-fires", "ranker:v1"
    window_s, for_s = values.window_s, values.for_s
    fast_s = for_s + enough_s + 150
    end_s = fast_s + window_s + 60
    return INFERENCE.drill(
        name,
        "A model takes three times as long as its p99 may be, for as long as the `for` and more.",
        infer(name, model, [(end_s, rate)], {0: slow(3 * values.threshold), fast_s: HEALTHY}),
        expects=INFERENCE.fires(
            LATENCY,
            label_model(model),
            between_s=(for_s + enough_s - 60, for_s + enough_s + SEEN_S + PAUSE_S),
            resolves_within_s=end_s + (window_s - enough_s) + SEEN_S + PAUSE_S,
        ),
    )


def _make_near_threshold(values: AlertValues, rate: float, enough_s: float) -> Drill:
    name, model = "inference-latency-near-threshold", "ranker:v2"
    threshold_s, ebbs_s = values.threshold, values.window_s - enough_s
    # Two bounds below the threshold: the gateway's own time, sped up, would carry calls over one.
    lower_s, upper_s = [bound for bound in BUCKETS_S if bound < threshold_s][-2:]
    end_s = enough_s + values.for_s + 90 - ebbs_s
    return INFERENCE.drill(
        name,
        "A model's calls take little more than a quarter of the threshold for longer than the `for`, and "
        "read as half of it at least. Nearer cannot be told from the gateway's own time. One call in a "
        "hundred makes the p99, so a machine that pauses now and then would make it fire if this were "
        "sped up much.",
        infer(name, model, [(end_s, rate)], {0: slow(1.1 * lower_s)}),
        expects=near_threshold(LATENCY, label_model(model), reaches=0.9 * upper_s / threshold_s),
        lasts_s=end_s + ebbs_s + PAUSE_S,
        max_speed=NEAR_SPEED,
        calls_within_s=max(bound for bound in BUCKETS_S if bound <= threshold_s),
    )


def _make_near_for(values: AlertValues, rate: float, enough_s: float) -> Drill:
    name, model = "inference-latency-near-for", "ranker:v3"
    window_s, for_s = values.window_s, values.for_s
    stop_s = enough_s + for_s - 100 - (window_s - enough_s)
    return INFERENCE.drill(
        name,
        "A slow model is called for some minutes and then no more, so that its p99 is gone before the "
        "`for` is over. There are no fast calls for the machine to slow down, so the times are exact.",
        infer(name, model, [(stop_s, rate)], {0: slow(3 * values.threshold)}),
        expects=near_for(LATENCY, label_model(model), over_s=(for_s - 200, for_s - 15)),
        lasts_s=stop_s + window_s + PAUSE_S,
    )


def _make_one_slow_call() -> Drill:
    name, model = "inference-latency-one-slow-call", "ranker:v4"
    return INFERENCE.drill(
        name,
        "One slow call of a tenant that makes one a minute. As written the rule fires at once: of so few "
        "calls the 99th percentile is the slowest. The corrected rule has no value for so few.",
        infer(name, model, [(60, 1 / 60), (60, 1 / 60)], {60: slow(3 * SLOW_AS_WRITTEN_S)}),
        expects=(
            INFERENCE.fires(
                LATENCY_AS_WRITTEN,
                {**label_model(model), "tenant": name},
                between_s=(90, 200),
                resolves_within_s=500,
            ),
            blind(LATENCY, label_model(model)),
        ),
        lasts_s=760,
    )
