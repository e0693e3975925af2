"""The inference service's drills of slow models.

The alert on latency needs so many calls in its window (`calls`) that the other drills, which send fewer,
cannot move it, however slow the machine is.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import slow, sometimes_slow
from alertdrill.systems.drill_building.near import blind, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import Stages, send
from alertdrill.systems.inference.drills.load import HEALTHY, INFERENCE, PAUSE_S, SEEN_S, infer, label_model

LATENCY = "InferenceHighP99Latency"
LATENCY_AS_WRITTEN = "InferenceHighP99LatencyAsWritten"
SLOW_AS_WRITTEN_S = 2.0
TENANTS = 3
JUST_ENOUGH = 1.05
"""Times as many calls as a p99 needs: with a tenth more needed, it has none."""
NEAR_SPEED = 5.0
"""At which a pause of 0.2 s, and machines have them now and then, is a second of rule time."""
BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)


def make_latency_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the 99th percentile; where calls are sent, so many that it has a value."""
    calls = values.number("calls")
    rate = 1.35 * calls / values.window_s
    enough_s = calls / rate
    yield _make_slow_model(values, enough_s)
    yield _make_near_threshold(values, rate, enough_s)
    yield _make_near_for(values, rate, enough_s)
    yield _make_one_slow_call(values, 1.2 * rate)


def _make_slow_model(values: AlertValues, enough_s: float) -> Drill:
    name, model = "inference-latency-fires", "ranker:v1"
    window_s, for_s = values.window_s, values.for_s
    calls = values.number("calls")
    rate, many_s = JUST_ENOUGH * calls / window_s, 2 / 3 * window_s
    # Two of them are always in the window, so that one in a hundred is not what decides.
    every = int(0.43 * window_s * rate)
    fires_s, end_s = many_s + window_s + for_s, many_s + window_s + for_s + 150
    stages = [(many_s, 6 * rate / TENANTS), (end_s - many_s, rate / TENANTS)]
    told = sometimes_slow(1.5 * values.threshold, every=every, otherwise_s=0.3)
    return INFERENCE.drill(
        name,
        f"After some busy minutes, one call in {every} takes half as long again as the p99 may be. They are "
        f"{TENANTS} tenants' calls: few of each, and just enough together for a p99.",
        infer(name, model, stages, {0: HEALTHY, many_s: told}),
        # One after another: three calls at once are more than there are to spare where they come late.
        *(
            send(
                f"{name}-{number + 1}",
                "infer",
                stages,
                start_s=number / rate,
                models=[model],
                key=f"{name}-{number + 1}",
            )
            for number in range(1, TENANTS)
        ),
        expects=INFERENCE.fires(
            LATENCY,
            label_model(model),
            # A machine that pauses makes healthy calls slow, too.
            between_s=(for_s + calls / (6 * rate), fires_s + SEEN_S + PAUSE_S),
            resolves_within_s=end_s + window_s - enough_s + SEEN_S + PAUSE_S,
        ),
    )


def _make_near_threshold(values: AlertValues, rate: float, enough_s: float) -> Drill:
    name, model = "inference-latency-near-threshold", "ranker:v4"
    threshold_s, ebbs_s = values.threshold, values.window_s - enough_s
    # Two bounds below the threshold: the gateway's own time, sped up, would carry calls over one.
    lower_s, upper_s = [bound for bound in BUCKETS_S if bound < threshold_s][-2:]
    end_s = enough_s + values.for_s + 90 - ebbs_s
    stages = [(end_s, rate / TENANTS)]
    # There is but one, when the window is full.
    told = sometimes_slow(
        1.5 * threshold_s, every=int(1.5 * rate * values.window_s), otherwise_s=1.1 * lower_s
    )
    return INFERENCE.drill(
        name,
        "Three tenants' calls take little more than a quarter of the threshold for longer than the `for`, "
        "and read as half of it at least; one of them is slow. Nearer cannot be told from the gateway's own "
        "time. One call in a hundred makes the p99, so a machine that pauses now and then would make it "
        "fire if this were sped up much.",
        infer(name, model, stages, {0: told}),
        *(
            send(f"{name}-{number}", "infer", stages, models=[model], key=f"{name}-{number}")
            for number in range(2, TENANTS + 1)
        ),
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


def _make_one_slow_call(values: AlertValues, rate: float) -> Drill:
    name, model = "inference-latency-one-slow-call", "ranker:v2"
    # With the two of the slow tenant, of which the first is not seen: between a tenth too few and enough.
    few = int(0.92 * values.number("calls"))
    # Of counters that are younger than the window, `increase` makes more than there was.
    slow_s = values.window_s
    return INFERENCE.drill(
        name,
        "One slow call of a tenant that makes one a minute. As written the rule fires at once: of so few "
        "calls the 99th percentile is the slowest. The corrected rule has no value for so few, though the "
        "model has nearly enough calls, and another version and another model have more.",
        infer(name, model, [(slow_s, 1 / slow_s), (60, 1 / 60)], {slow_s: slow(3 * SLOW_AS_WRITTEN_S)}),
        _call_besides(name, "busy", model, [(10, 0.1), (slow_s - 80, 0), (45, few / 45)]),
        *(
            _call_besides(name, other, other, [(slow_s - 150, 0), (240, rate)])
            for other in ("ranker:v4", "summarizer:v2")
        ),
        expects=(
            INFERENCE.fires(
                LATENCY_AS_WRITTEN,
                {**label_model(model), "tenant": name},
                between_s=(slow_s + 30, slow_s + 140),
                resolves_within_s=slow_s + 440,
            ),
            blind(LATENCY, label_model(model)),
        ),
        lasts_s=slow_s + 700,
    )


def _call_besides(name: str, part: str, model: str, stages: Stages) -> LoadProfile:
    return send(f"{name}-{part}", "infer", stages, models=[model], key=f"{name}-{part.replace(':', '-')}")
