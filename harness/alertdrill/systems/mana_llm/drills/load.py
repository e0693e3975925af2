"""What mana-llm's drills are made of: calls of a model, latencies that the histogram tells apart, labels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import ceil
from pathlib import Path

from alertdrill.core.drill import BehaviourChange, LoadProfile
from alertdrill.core.expectation import Expected
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.traffic import Stages, send

MANA_LLM = Builder(system="mana_llm", folder=Path(__file__).parents[1], closes_s=240.0)

ERRORS = "LLMHighErrorRate"
FALLBACK = "OllamaProviderDown"
SLOW = "LLMSlowResponses"
FALLBACK_AS_WRITTEN = "OllamaProviderDownAsWritten"
AS_WRITTEN_S = 300.0
"""Window and `for` of the rule that is kept as written."""

SYSTEM = {"system": "mana_llm"}
TRAFFIC = "mana-llm traffic"
STILLNESS = "mana-llm stillness"

OPEN_CHOICE = "auto"
DEFAULT = "ollama:gemma3:12b"
"""What an open choice means behind mana-llm's prefix."""
FIRST_FALLBACK = "google:gemini-2.5-flash"

LATENCY_BOUNDS_S = (0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120)
"""The histogram's: `histogram_quantile` tells latencies apart by these alone."""

LEAD_S = 60.0
"""Healthy traffic before something breaks, so that every series is born."""
SLACK_S = 120.0
"""What a verdict allows for scrapes, evaluations and this machine."""
RESTS_S = 90.0
"""After the last of a drill's own alerts, until what else it moved is at rest, as the next drill wants it."""
LEAST_SLOW_S = 5.0
"""Below this, what the gateway itself adds at a high speed would decide."""


def call(
    name: str,
    model: str,
    stages: Stages,
    changes: Iterable[BehaviourChange] = (),
    *,
    scenario: str = "steady",
    start_s: float = 0.0,
) -> LoadProfile:
    """Return one model's traffic, under a key named like it."""
    return send(name, scenario, stages, changes, start_s=start_s, models=[model], key=name, stream_share=0.3)


def find_bucket(slow: AlertValues, *, above: bool) -> tuple[float, float]:
    """Return the bounds of the nearest bucket that is whole on one side of the threshold. Raises BadInput."""
    buckets = list(pairwise(LATENCY_BOUNDS_S))
    if above:
        found = [bucket for bucket in buckets if bucket[0] >= slow.threshold][:1]
    else:
        found = [bucket for bucket in buckets if bucket[1] <= slow.threshold][-1:]
    if not found or found[0][0] < LEAST_SLOW_S:
        raise BadInput(f"{slow.key}.threshold: no drill can tell latencies of {slow.threshold:g} s apart")
    return found[0]


def take_too_long(slow: AlertValues) -> float:
    """Return a latency over the threshold, well inside a bucket that is over it."""
    low_s, high_s = find_bucket(slow, above=True)
    return low_s + 0.4 * (high_s - low_s)


def find_last_s(*expects: Expected) -> float:
    """Return until when traffic has to go on for some expectations: the last deadline, in whole seconds."""
    return ceil(MANA_LLM.find_end_s(expects) - MANA_LLM.closes_s)
