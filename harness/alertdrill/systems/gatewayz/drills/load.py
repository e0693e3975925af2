"""What Gatewayz's drills are made of: when causes begin, and what is expected of alerts a window later."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alertdrill.core.drill import BehaviourChange, LoadProfile
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.core.rule import Labels
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.near import blind, near_for
from alertdrill.systems.drill_building.traffic import Stages, send

GATEWAYZ = Builder(system="gatewayz", folder=Path(__file__).parents[1], closes_s=270.0)
FALLBACK = "openrouter:mistral-nemo"
"""The model that answers where another cannot."""
SLACK_S = 90.0
START_S = 120.0
"""When a cause begins, so that all that is read from counters has been there for a while."""


def send_as(
    name: str, scenario: str, stages: Stages, changes: Iterable[BehaviourChange] = (), **options: Any
) -> LoadProfile:
    """Return traffic under a key named like it."""
    return send(name, scenario, stages, changes, **{"key": name, **options})


def fires(
    alert: str,
    labels: Labels,
    *,
    seen_s: float,
    gone_s: float,
    values: AlertValues,
    begins_s: float | None = None,
) -> Expectation:
    """Return that an alert fires within a window after `seen_s`, and resolves within one after `gone_s`.

    Its cause may be seen sooner, but not before `begins_s`, if that is given.
    """
    soonest_s = seen_s if begins_s is None else begins_s
    return GATEWAYZ.fires(
        alert,
        labels,
        between_s=(soonest_s + values.for_s, seen_s + values.for_s + values.window_s + SLACK_S),
        resolves_within_s=gone_s + values.window_s + SLACK_S,
    )


def pends(alert: str, labels: Labels, *, least_s: float, values: AlertValues) -> NearMiss:
    """Return that an alert is pending for at least so long, and not long enough."""
    return near_for(alert, labels, over_s=(least_s, values.for_s - 10))


def is_blind(alert: str, labels: Labels) -> BlindRule:
    """Return that the rule as written does not notice."""
    return blind(f"{alert}AsWritten", {"edition": "as_written", **labels})
