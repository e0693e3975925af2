"""Mantis's drills of runs that fail, and of what the rule as written takes for one."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing
from alertdrill.systems.drill_building.estimates import choose_rate_for_failures
from alertdrill.systems.drill_building.near import NEARLY_ALL, blind, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change_from_healthy
from alertdrill.systems.mantis.drills.load import (
    AS_WRITTEN,
    DENIED_MODEL,
    MANTIS,
    RUNS_PER_S,
    SLACK_S,
    label_tenant,
    run,
    send_as,
)

FAILURE = "MantisHighFailureRate"
PRIME = {0.5: failing(next=1)}
HIDDEN_MODEL = "openai:gpt-4.5-preview"
TURNS = ("mantis: " + HIDDEN_MODEL,)
"""Of the two drills that make that model fail."""
FAILING = (3, 1)
"""Runs of two models that fail and are nearly too many together."""


def make_failure_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the share of runs that fail."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    good_s = window_s / 2
    often = max(1, math.floor(0.35 / threshold))
    # How long failures take to fill the window up to the threshold, and how long of them may be left in it.
    rises_s, left_s = _rise_s(threshold * often, good_s, window_s), window_s * threshold * often
    bad_s = for_s + rises_s + 2 * SLACK_S
    ends_s = good_s + bad_s + window_s - left_s + SLACK_S

    name = "mantis-failure-fires"
    yield MANTIS.drill(
        name,
        f"One run in {often} fails in its first step, after some good minutes.",
        run(
            name,
            "openai:o1",
            [(ends_s, RUNS_PER_S)],
            {**PRIME, good_s: failing(every=often), good_s + bad_s: HEALTHY},
        ),
        expects=MANTIS.fires(
            FAILURE,
            label_tenant(name),
            between_s=(good_s + for_s, good_s + rises_s + for_s + 1.5 * SLACK_S),
            resolves_within_s=ends_s,
        ),
    )
    yield _make_two_models(values)
    name = "mantis-failure-near-for"
    short_s = max(rises_s + SLACK_S, for_s - 170 - window_s + rises_s + left_s)
    yield MANTIS.drill(
        name,
        f"One run in {often} fails, for too short a time.",
        run(
            name,
            "openai:o3-mini",
            [(good_s + short_s + window_s + SLACK_S, RUNS_PER_S)],
            {**PRIME, good_s: failing(every=often), good_s + short_s: HEALTHY},
        ),
        expects=near_for(FAILURE, label_tenant(name), over_s=(for_s / 2, for_s - 40)),
        lasts_s=good_s + short_s + window_s + 2 * SLACK_S,
    )


def _make_two_models(values: AlertValues) -> Drill:
    name, models = "mantis-failure-near-threshold", ("openai:o1-preview", HIDDEN_MODEL)
    runs_per_s = min(RUNS_PER_S, choose_rate_for_failures(sum(FAILING), values.threshold, values.window_s))
    fails_s = values.window_s + 60
    lasts_s = fails_s + 0.75 * values.window_s
    told = [
        one
        for model, failures in zip(models, FAILING, strict=True)
        for one in change_from_healthy(model, {**PRIME, fails_s: failing(next=failures)})
    ]
    return MANTIS.drill(
        name,
        f"{FAILING[0]} runs of one model fail and {FAILING[1]} of another, all within two minutes: neither "
        "model has the share that is allowed, and together they nearly have.",
        send_as(name, "predict", [(lasts_s, runs_per_s)], *told, models=list(models)),
        expects=near_threshold(FAILURE, label_tenant(name), reaches=NEARLY_ALL),
        lasts_s=lasts_s,
        uses=TURNS,
    )


def make_edition_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills that hold the failure rate as written beside the one that is shipped."""
    yield _make_poller(values)
    yield _make_hidden(values)


def _make_poller(values: AlertValues) -> Drill:
    name = "mantis-failure-poller"
    seldom = max(15, math.ceil(1.5 / values.threshold))
    first_s = seldom / 0.05
    return MANTIS.drill(
        name,
        f"One run in {seldom} fails, in its second step. A client goes on asking for the result of the "
        "first that did: each answer is an error, which the rule as written takes for a failed run.",
        run(
            name,
            "openai:o3-pro",
            [(first_s + 1200, 0.15)],
            {0: failing(every=2 * seldom), first_s + 950: HEALTHY},
            steps=2,
            asks=["status", "result"],
            about="failed",
        ),
        expects=(
            MANTIS.fires(
                FAILURE + AS_WRITTEN,
                label_tenant(name),
                between_s=(first_s + 850, first_s + 1160),
                resolves_within_s=first_s + 1940,
            ),
            near_threshold(FAILURE, label_tenant(name), reaches=0.05 / values.threshold),
        ),
    )


def _make_hidden(values: AlertValues) -> Drill:
    name, model = "mantis-failure-hidden", HIDDEN_MODEL
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    often, good_s = max(3, math.floor(0.4 / threshold)), window_s / 2
    fires_s = good_s + _rise_s(threshold * often, good_s, window_s) + for_s
    bad_s = fires_s + 2.5 * SLACK_S
    ends_s = bad_s + window_s - window_s * threshold * often + SLACK_S
    return MANTIS.drill(
        name,
        f"One run in {often} fails, and of five runs that the client asks for, four are of a model that "
        "it may not run. The rule as written takes these for runs that did not fail.",
        run(
            name,
            model,
            [(ends_s, 5 * RUNS_PER_S)],
            {**PRIME, good_s: failing(every=often), bad_s: HEALTHY},
            models=[model, *[DENIED_MODEL] * 4],
        ),
        expects=(
            MANTIS.fires(
                FAILURE,
                label_tenant(name),
                between_s=(good_s + for_s, fires_s + 2 * SLACK_S),
                resolves_within_s=ends_s,
            ),
            blind(FAILURE + AS_WRITTEN, label_tenant(name)),
        ),
        uses=TURNS,
    )


def _rise_s(share: float, good_s: float, window_s: float) -> float:
    """Return how long failures take to be over the threshold, after `good_s` of runs that went well.

    `share` is the threshold's share of the failures' own.
    """
    return min(good_s * share / (1 - share), window_s * share) if share < 1 else math.inf
