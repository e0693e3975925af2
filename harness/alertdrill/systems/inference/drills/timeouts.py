"""The inference service's drills of calls that a device ends because they take too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import Behaviour, slow
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.drill_building.traffic import Stages
from alertdrill.systems.inference.drills.load import HEALTHY, INFERENCE, PAUSE_S, SEEN_S, failing, infer

TIMEOUTS = "InferenceTimeoutSpike"
TIMEOUTS_AS_WRITTEN = "InferenceTimeoutSpikeAsWritten"
DEVICES: Mapping[str, str] = {
    "transcriber:v1": "gpu-2",
    "transcriber:v2": "gpu-3",
    "transcriber:v3": "gpu-4",
}
TIMEOUT_S = 30.0
LONG_TIMEOUT_S = 60.0


def make_timeout_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of timeouts, each on a device of its own."""
    yield _make_hanging_calls(values)
    yield _make_near_threshold(values)
    yield _make_one_hanging_call(values)


def _execute(name: str, model: str, stages: Stages, changes: Mapping[float, Behaviour]) -> LoadProfile:
    return infer(name, model, stages, changes, scenario="executor_timeouts")


def _make_hanging_calls(values: AlertValues) -> Drill:
    name, model = "inference-timeouts-fires", "transcriber:v1"
    window_s, for_s = values.window_s, values.for_s
    every, rate, hang_s = 25, 0.25, 30.0
    first_s = hang_s + every / rate + TIMEOUT_S
    heals_s = first_s + for_s + 120
    gone_s = heals_s + TIMEOUT_S + window_s + SEEN_S
    return INFERENCE.drill(
        name,
        "One call in twenty-five hangs: too few for the error rate, and the device's slots go anyway.",
        _execute(
            name,
            model,
            [(heals_s + window_s, rate)],
            {hang_s: failing("timeout", every=every), heals_s: HEALTHY},
        ),
        expects=INFERENCE.fires(
            TIMEOUTS,
            {"device": DEVICES[model]},
            between_s=(first_s + for_s - 20, first_s + for_s + SEEN_S + PAUSE_S),
            resolves_within_s=gone_s + PAUSE_S,
        ),
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, model = "inference-timeouts-near-threshold", "transcriber:v2"
    return INFERENCE.drill(
        name,
        "A device's calls take three fifths of their timeout, for two windows: slow, and none is ended. "
        "The threshold is 0, so no traffic with a timeout in it is below.",
        _execute(name, model, [(2 * values.window_s, 0.05)], {0: slow(0.6 * LONG_TIMEOUT_S)}),
        expects=near_threshold(TIMEOUTS, {"device": DEVICES[model]}, reaches=0.0),
        lasts_s=2 * values.window_s + LONG_TIMEOUT_S + PAUSE_S,
    )


def _make_one_hanging_call(values: AlertValues) -> Drill:
    name, model = "inference-timeouts-one", "transcriber:v3"
    hangs_s = 100.0
    ends_s = hangs_s + TIMEOUT_S
    return INFERENCE.drill(
        name,
        "One single call hangs. As written the rule calls that a spike at once; corrected it is pending "
        "for one scrape less than the window, which is as long as the `for`.",
        _execute(name, model, [(hangs_s + 100, 1 / 30)], {hangs_s: failing("timeout", next=1)}),
        expects=(
            INFERENCE.fires(
                TIMEOUTS_AS_WRITTEN,
                {"device": DEVICES[model]},
                between_s=(ends_s - 15, ends_s + 120),
                resolves_within_s=ends_s + 400,
            ),
            near_for(
                TIMEOUTS,
                {"device": DEVICES[model]},
                over_s=(values.window_s - 100, values.for_s - 1),
                reaches=0.0,
            ),
        ),
    )
