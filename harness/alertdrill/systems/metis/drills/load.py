"""What Metis's drills are made of: calls of a model, and the labels of its alerts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alertdrill.core.drill import LoadProfile
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import Behaviour
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.traffic import Stages, change_from_healthy, send

METIS = Builder(system="metis", folder=Path(__file__).parents[1], closes_s=240.0)


def call(name: str, model: str, stages: Stages, changes: Mapping[float, Behaviour]) -> LoadProfile:
    """Return one model's traffic, under a key named like the drill, and what changes at its provider when."""
    stages = tuple(stages)
    scenario = "steady" if len(stages) == 1 else "burst"
    told = change_from_healthy(model, changes)
    return send(name, scenario, stages, told, models=[model], key=name, stream_share=0.3)


def label_model(model: str) -> dict[str, str]:
    """Return the labels of `provider:name`."""
    provider, _, name = model.partition(":")
    return {"provider": provider, "model": name}


def check_threshold(values: AlertValues, least: float, most: float) -> None:
    """Raise BadInput for a threshold that no drill can come near."""
    if not least <= values.threshold <= most:
        raise BadInput(
            f"{values.key}.threshold: there are drills from {least:g} to {most:g}, "
            f"not for {values.threshold:g}"
        )
