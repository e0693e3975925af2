"""What Mantis's drills are made of: runs of a tenant, each under a key named like its drill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alertdrill.core.drill import BehaviourChange, LoadProfile
from alertdrill.systems.drill_building.behaviours import Behaviour
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.traffic import Stages, change_from_healthy, send

MANTIS = Builder(system="mantis", folder=Path(__file__).parents[1], closes_s=300.0)
SLACK_S = 120.0
"""Between what is expected and its deadline: scrape, evaluation, and what this machine adds."""
AS_WRITTEN = "AsWritten"

STARTS_PER_S = 0.1
"""How many runs a tenant may start: what comes on top is refused."""
RUNS_PER_S = 0.08
"""Below that, so that none is refused."""
DENIED_MODEL = "openai:gpt-4o"
CHEAP_MODEL = "openai:o1-mini"


def send_as(
    name: str, scenario: str, stages: Stages, *changes: BehaviourChange, part: str = "", **options: Any
) -> LoadProfile:
    """Return traffic under a key named like the drill; `part` tells a drill's load profiles apart."""
    return send(name + part, scenario, stages, changes, **{"key": name, **options})


def run(
    name: str, model: str, stages: Stages, changes: Mapping[float, Behaviour], **options: Any
) -> LoadProfile:
    """Return runs of one model, and what changes at its provider when."""
    told = change_from_healthy(model, changes)
    return send_as(name, "predict", stages, *told, **{"models": [model], **options})


def label_tenant(name: str) -> dict[str, str]:
    """Return the labels of the tenant that a drill's key is of."""
    return {"tenant_id": name}
