"""Mantis's drills of what runs cost."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY
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
        "A tenant's first run of a model burns 1.3 budgets by itself. The histogram's sum is born with "
        "that, so the rule as written sees no increase, and says nothing.",
        _spend(name, FIRST_RUN_MODEL, 1.3 * threshold, [(45, 0), (30, 1 / 30)]),
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


def _spend(name: str, model: str, usd: float, stages: Stages) -> LoadProfile:
    """Return runs that cost `usd` each; their prompt comes on top, and is a cent or so."""
    usd_per_token = USD_PER_TOKEN[model]
    steps = math.ceil(usd / usd_per_token / MAX_STEP_TOKENS)
    tokens = round(usd / usd_per_token / steps)
    told = {0.0: {**HEALTHY, "completion_tokens": tokens}}
    return run(name, model, stages, told, steps=steps, max_tokens=tokens)
