"""What the inference service's drills are made of: its models, their traffic, and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alertdrill.core.drill import BehaviourChange, LoadProfile
from alertdrill.systems.drill_building.behaviours import Behaviour
from alertdrill.systems.drill_building.behaviours import failing as failing_otherwise
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.traffic import Stages, change, change_from_healthy, send

INFERENCE = Builder(system="inference", folder=Path(__file__).parents[1], closes_s=255.0)
SEEN_S = 45.0
"""Until what happens now is scraped and evaluated."""
PAUSE_S = 60.0
"""What a late scrape, or a pause of the machine, may add besides."""

PROVIDER = "openrouter"
UPSTREAMS: Mapping[str, str] = {
    "summarizer:v1": "phi-4",
    "summarizer:v2": "nemotron-70b",
    "classifier:v1": "granite-3.1-8b",
    "moderator:v1": "olmo-2-32b",
    "translator:v1": "wizardlm-2-8x22b",
    "translator:v2": "yi-large",
    "translator:v3": "hermes-3-70b",
    "ranker:v1": "dbrx-instruct",
    "ranker:v2": "jamba-1.5-large",
    "ranker:v3": "glm-4-32b",
    "ranker:v4": "nova-lite",
    "transcriber:v1": "nova-pro",
    "transcriber:v2": "minimax-01",
    "transcriber:v3": "lfm-40b",
    "embedder:v1": "falcon-40b",
    "embedder:v2": "aya-expanse-32b",
    "embedder:v3": "solar-10.7b",
}
"""Which upstream model computes which model: as in deployments.yml."""

HEALTHY: Behaviour = {"latency": {"kind": "constant", "s": 0.3}}


def failing(error_class: str = "server_error", **when: float) -> dict[str, Any]:
    """Return a behaviour that fails `every` n-th call or the `next` n."""
    return failing_otherwise(error_class, otherwise=HEALTHY, **when)


def label_model(model: str) -> dict[str, str]:
    """Return the labels of `model:version`."""
    name, _, version = model.partition(":")
    return {"model": name, "version": version}


def change_upstream(at_s: float, model: str, behaviour: Behaviour) -> BehaviourChange:
    """Return what is changed at the upstream model that computes a model."""
    return change(at_s, f"{PROVIDER}:{UPSTREAMS[model]}", behaviour)


def infer(
    name: str,
    model: str,
    stages: Stages,
    changes: Mapping[float, Behaviour],
    *,
    scenario: str = "infer",
    **options: Any,
) -> LoadProfile:
    """Return one model's traffic, under a key named like it, and what changes at its upstream model when."""
    upstream = f"{PROVIDER}:{UPSTREAMS[model]}"
    told = change_from_healthy(upstream, changes, HEALTHY)
    return send(name, scenario, stages, told, models=[model], key=name, **options)
