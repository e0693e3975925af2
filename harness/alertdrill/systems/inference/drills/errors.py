"""The inference service's drills of requests that fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.estimates import LULL, choose_rate_for_failures
from alertdrill.systems.drill_building.near import NEARLY_ALL, blind, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import send
from alertdrill.systems.inference.drills.load import (
    HEALTHY,
    INFERENCE,
    PAUSE_S,
    SEEN_S,
    failing,
    infer,
    label_model,
)

ERRORS = "InferenceHighErrorRate"
ERRORS_AS_WRITTEN = "InferenceHighErrorRateAsWritten"
REFUSED = 2
"""Inputs that are refused, and that are nearly too many with one call that hangs."""


def make_error_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the share of requests that fail."""
    yield _make_outage(values)
    yield _make_near_threshold(values)
    yield _make_one_bad_request(values)
    yield _make_client_fault(
        "inference-errors-bad-input",
        "A client sends inputs that the validator refuses. By the document that is an inference_error, "
        "so the client's mistake pages the operator.",
        model="moderator:v1",
        labels=label_model("moderator:v1"),
        values=values,
        input_chars=2500,
        welcome=400,
    )
    yield _make_client_fault(
        "inference-errors-unknown-model",
        "A client asks for a model that is not deployed: every request is an error of the model "
        "`unknown`, whatever it called it, and the client's typing mistake pages the operator.",
        model="sumarizer:v1",
        labels={"model": "unknown", "version": "unknown"},
        values=values,
        welcome=404,
    )


def _make_outage(values: AlertValues) -> Drill:
    name, model = "inference-errors-fires", "translator:v1"
    window_s, for_s = values.window_s, values.for_s
    bad_s = 150.0
    good_s = bad_s + for_s + 0.8 * window_s
    every = max(1, int(0.2 / values.threshold))
    return INFERENCE.drill(
        name,
        "Five times as many requests fail as are allowed. The rule as written stays silent: its left "
        "side has the label error_type and its right side has not, so no division ever matches.",
        infer(
            name,
            model,
            [(good_s + window_s, 0.2)],
            {bad_s: failing(every=every), good_s: HEALTHY},
            welcome=502,
        ),
        expects=(
            INFERENCE.fires(
                ERRORS,
                {**label_model(model), "tenant": name},
                between_s=(bad_s + for_s, bad_s + for_s + 0.5 * window_s + SEEN_S),
                resolves_within_s=good_s + window_s + SEEN_S + PAUSE_S,
            ),
            blind(ERRORS_AS_WRITTEN, label_model(model)),
        ),
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, model = "inference-errors-near-threshold", "translator:v2"
    # The lull is what half a window would have seen alone; the whole one sees as many requests as ever.
    window_s, lull_s = values.window_s, values.window_s / 3
    rate = choose_rate_for_failures(1 + REFUSED, values.threshold, window_s, lull_s, besides=REFUSED)
    refused_s = window_s + 60 + lull_s
    lasts_s = refused_s + 0.8 * window_s
    return INFERENCE.drill(
        name,
        f"A call hangs until it is ended, and when a quiet spell is over, {REFUSED} inputs are refused: "
        "neither is too much, and together they are nearly what is allowed.",
        infer(
            name,
            model,
            [(15, 0), (window_s + 45, rate), (lull_s, LULL * rate), (lasts_s - refused_s, rate)],
            {window_s + 30: failing("timeout", next=1)},
            welcome=504,
        ),
        # The first comes before all other calls, so that its counter is born with it and it is not seen. Of a
        # counter that was 0, `rate` makes less than of the requests, by how far the first scrape is away.
        send(
            f"{name}-refused",
            "infer",
            [(5, 1 / 5), (refused_s - 5, 0), (5 * REFUSED, 1 / 5)],
            models=[model],
            key=name,
            input_chars=5000,
            welcome=400,
        ),
        expects=near_threshold(ERRORS, {**label_model(model), "tenant": name}, reaches=NEARLY_ALL),
        lasts_s=lasts_s,
    )


def _make_one_bad_request(values: AlertValues) -> Drill:
    name, model = "inference-errors-one-bad-request", "translator:v3"
    window_s, for_s = values.window_s, values.for_s
    few = 0.5 / values.threshold / window_s
    return INFERENCE.drill(
        name,
        "One bad request of a tenant that has ten in the window: twice the allowed share, for one scrape "
        "less than the window, which is as long as the `for`.",
        infer(name, model, [(window_s + for_s + 200, few)], {window_s: failing(next=1)}, welcome=502),
        expects=near_for(ERRORS, {**label_model(model), "tenant": name}, over_s=(window_s - 100, for_s - 1)),
        lasts_s=window_s + for_s + 250,
    )


def _make_client_fault(
    name: str, why: str, *, model: str, labels: Mapping[str, str], values: AlertValues, **options: Any
) -> Drill:
    end_s = values.for_s + 200
    gone_s = end_s + values.window_s + SEEN_S
    return INFERENCE.drill(
        name,
        why,
        send(name, "infer", [(end_s, 1 / 15)], models=[model], key=name, **options),
        expects=INFERENCE.fires(
            ERRORS,
            {**labels, "tenant": name},
            between_s=(values.for_s, values.for_s + SEEN_S + PAUSE_S + 30),
            resolves_within_s=gone_s + PAUSE_S,
        ),
    )
