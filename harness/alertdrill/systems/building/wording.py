"""What the drills of all systems say alike: stages, what a provider is told, and when an alert fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alertdrill.core.drill import BehaviourChange, LoadStage
from alertdrill.core.expectation import Expectation


def list_stages(stages: Iterable[tuple[float, float]]) -> tuple[LoadStage, ...]:
    """Return stages that are given as (seconds, arrivals per second)."""
    return tuple(LoadStage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages)


def change(at_s: float, model: str, behaviour: Mapping[str, Any]) -> BehaviourChange:
    """Return what the provider of `provider:name` is told about that model."""
    provider, _, name = model.partition(":")
    return BehaviourChange(at_s=at_s, provider=provider, model=name, behaviour=behaviour)


def slow(seconds: float) -> dict[str, Any]:
    """Return a behaviour that always takes so long."""
    return {"latency": {"kind": "constant", "s": seconds}}


def fires(
    alert: str,
    labels: Mapping[str, str],
    *,
    receiver: str,
    between_s: tuple[float, float],
    resolves_within_s: float,
) -> Expectation:
    """Return that the alert fires between two instants, pages the receiver and resolves in time."""
    after_s, within_s = between_s
    return Expectation(
        alert=alert,
        labels=labels,
        fires_after_s=after_s,
        fires_within_s=within_s,
        receiver=receiver,
        resolves_within_s=resolves_within_s,
    )
