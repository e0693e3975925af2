"""Mantis's drills of what runs cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, Behaviour
from alertdrill.systems.drill_building.near import blind, near_threshold
from alertdrill.systems.drill_building.traffic import Stages
from alertdrill.systems.mantis.drills.load import AS_WRITTEN, MANTIS, SLACK_S, label_tenant, run

COST = "MantisCostBudgetSpike"
MODEL = "openai:gpt-5-pro"
FIRST_RUN_MODEL = "openai:o1-pro"
USD_PER_TOKEN = {MODEL: 120e-6, FIRST_RUN_MODEL: 600e-6}
MAX_STEP_TOKENS = 1_000_000
"""What a step may be asked for."""


def make_cost_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a tenant's budget."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    usd = threshold / 7.5

    name = "mantis-cost-fires"
    yield MANTIS.drill(
        name,
        "Eleven runs, one every half minute, each a little more than an eighth of the budget.",
        _spend(name, MODEL, usd, [(330, 1 / 30)]),
        expects=MANTIS.fires(
            COST,
            label_tenant(name),
            between_s=(220 + for_s, 225 + for_s + SLACK_S),
            resolves_within_s=105 + window_s + SLACK_S,
        ),
    )
    name = "mantis-cost-near-threshold"
    yield MANTIS.drill(
        name,
        "Seven such runs: 93 % of the budget.",
        _spend(name, MODEL, usd, [(210, 1 / 30)]),
        expects=near_threshold(COST, label_tenant(name), reaches=0.85),
        lasts_s=900,
    )
    name = "mantis-cost-first-run"
    yield MANTIS.drill(
        name,
        "A tenant's first run of a model burns four thirds of a budget. The histogram's sum is born with "
        "that, so the rule as written sees no increase, and says nothing.",
        _spend(name, FIRST_RUN_MODEL, 2 / 3 * threshold, [(45, 0), (30, 1 / 30)], parts=2),
        expects=(
            MANTIS.fires(
                COST,
                label_tenant(name),
                between_s=(45 + for_s, 60 + for_s + SLACK_S),
                resolves_within_s=60 + window_s + SLACK_S,
            ),
            blind(COST + AS_WRITTEN, label_tenant(name)),
        ),
    )
    yield _make_old_tenant(values)


def _make_old_tenant(values: AlertValues) -> Drill:
    name, window_s, start = "mantis-cost-old-tenant", values.window_s, [(30.0, 1 / 30)]
    new_s, early_s, late_s = 0.33 * window_s, 0.42 * window_s, window_s + 90
    # What both models are told is the same as in the other drills that use them.
    steps, tokens = _divide(MODEL, values.threshold / 7.5)
    told, few = _tell(tokens), {"steps": steps, "max_tokens": tokens}
    return MANTIS.drill(
        name,
        "A tenant of more than an hour runs the model that it has always used, and again in the next half "
        "hour; before that it burns two thirds of a budget with a new one. That is too much for the hour, "
        "and neither model is alone, nor half of the hour.",
        run(name, MODEL, start, told, **few),
        _spend(name, FIRST_RUN_MODEL, 2 / 3 * values.threshold, start, part=" new", start_s=new_s),
        run(name, MODEL, start, told, part=" early", start_s=early_s, **few),
        run(name, MODEL, start, told, part=" late", start_s=late_s, **few | {"steps": 2 * steps}),
        expects=MANTIS.fires(
            COST,
            label_tenant(name),
            between_s=(late_s + values.for_s, late_s + 30 + values.for_s + SLACK_S),
            resolves_within_s=new_s + 30 + window_s + SLACK_S,
        ),
    )


def _spend(
    name: str, model: str, usd: float, stages: Stages, *, parts: int = 1, **options: Any
) -> LoadProfile:
    """Return runs that cost `usd` so many times; their prompt comes on top, and is a cent or so."""
    steps, tokens = _divide(model, usd)
    return run(name, model, stages, _tell(tokens), steps=parts * steps, max_tokens=tokens, **options)


def _divide(model: str, usd: float) -> tuple[int, int]:
    """Return in how many steps of how many tokens each a run of a model costs so much."""
    usd_per_token = USD_PER_TOKEN[model]
    steps = math.ceil(usd / usd_per_token / MAX_STEP_TOKENS)
    return steps, round(usd / usd_per_token / steps)


def _tell(tokens: int) -> dict[float, Behaviour]:
    """Return that a provider answers with so many tokens from the start on."""
    return {0.0: {**HEALTHY, "completion_tokens": tokens}}
