"""Mantis's drills: each alert on both its sides, and what three of its rules, as written, get wrong.

Each drill has a key, so a tenant, of its own, and all are held at the same time, but for two that share their
turn because refused runs are many. Times are seconds of rule time from the drill's start; intensities and
times follow the values. Those about rules as written stand on the numbers that these rules state.

What shapes the traffic: a tenant may start six runs a minute (ten at once) and have five in flight, as
`gateway/runs/policies.yml` says; a counter born at 1 shows no increase, so what must be seen from its
first increment on is primed by one run before.
"""

from __future__ import annotations

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.traffic import change
from alertdrill.systems.mantis.drills.costs import make_cost_drills
from alertdrill.systems.mantis.drills.failures import make_edition_drills, make_failure_drills
from alertdrill.systems.mantis.drills.load import CHEAP_MODEL, DENIED_MODEL, MANTIS, send_as
from alertdrill.systems.mantis.drills.refused_runs import make_rate_drills
from alertdrill.systems.mantis.drills.stuck_runs import make_stuck_drills


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Mantis's drills."""
    return (
        _make_quiet(),
        *make_failure_drills(values["highFailureRate"]),
        *make_edition_drills(values["highFailureRate"]),
        *make_rate_drills(values["rateLimitChronic"]),
        *make_cost_drills(values["costBudgetSpike"]),
        *make_stuck_drills(values["stuckConcurrency"]),
    )


def _make_quiet() -> Drill:
    name, failing_model, slow_model = (
        "mantis-quiet",
        "openai:gpt-4-turbo",
        "openai:o4-mini-deep-research",
    )
    return MANTIS.drill(
        name,
        "Half an hour of a healthy tenant: runs that are watched, asked for twice and cancelled, one in "
        "some twenty that fails, a handful too many at once, mistakes, and chat.",
        send_as(
            name,
            "predict",
            [(1800, 0.15)],
            change(0, CHEAP_MODEL, HEALTHY),
            change(0, failing_model, failing(every=20)),
            models=[CHEAP_MODEL, failing_model],
            steps=2,
            asks=["status", "result", "logs", "repeat"],
        ),
        send_as(
            name,
            "predict",
            [(1800, 0.01)],
            change(0, slow_model, slow(40)),
            part=" cancels",
            models=[slow_model],
            steps=6,
            asks=["cancel"],
        ),
        send_as(name, "predict", [(600, 0), (16, 1)], part=" at once", models=[CHEAP_MODEL]),
        send_as(
            name,
            "predict",
            [(1800, 1 / 150)],
            part=" mistakes",
            models=[DENIED_MODEL, "openai:no-such-model"],
        ),
        send_as(name, "steady", [(1800, 0.1)], part=" chat", models=[CHEAP_MODEL], stream_share=0.5),
        lasts_s=1800,
    )
