"""Load profiles of drills, and the behaviour changes that go with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from alertdrill.core.drill import Arrivals, BehaviourChange, LoadProfile, LoadStage, TracedCall
from alertdrill.systems.drill_building.behaviours import HEALTHY, Behaviour

Stages = Iterable[tuple[float, float]]
"""(seconds, arrivals per second) each."""


def send(
    name: str,
    scenario: str,
    stages: Stages,
    changes: Iterable[BehaviourChange] = (),
    *,
    start_s: float = 0.0,
    arrivals: Arrivals = "uniform",
    burstiness: float | None = None,
    **options: Any,
) -> LoadProfile:
    """Return the traffic of a scenario; what else is given are its options."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=start_s,
        stages=tuple(LoadStage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages),
        arrivals=arrivals,
        burstiness=burstiness,
        changes=tuple(changes),
        options=options,
    )


def send_trace(
    name: str,
    scenario: str,
    trace: tuple[TracedCall, ...],
    changes: Iterable[BehaviourChange] = (),
    *,
    lasts_s: float | None = None,
    start_s: float = 0.0,
    **options: Any,
) -> LoadProfile:
    """Return the traffic of a scenario whose calls come as those of a trace, `read_trace` of a file, did."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=start_s,
        stages=(sum_up(trace, lasts_s),),
        trace=trace,
        changes=tuple(changes),
        options=options,
    )


def sum_up(trace: tuple[TracedCall, ...], lasts_s: float | None = None) -> LoadStage:
    """Return the stage that a trace is on the average; it ends within a second of its last call."""
    duration_s = float(math.floor(trace[-1].at_s) + 1) if lasts_s is None else lasts_s
    return LoadStage(duration_s=duration_s, rate_per_s=len(trace) / duration_s)


def change(at_s: float, model: str, behaviour: Behaviour) -> BehaviourChange:
    """Return what the provider of `provider:name` is told about that model."""
    provider, _, name = model.partition(":")
    return BehaviourChange(at_s=at_s, provider=provider, model=name, behaviour=behaviour)


def change_from_healthy(
    model: str, changes: Mapping[float, Behaviour], healthy: Behaviour = HEALTHY
) -> tuple[BehaviourChange, ...]:
    """Return what a model's provider is told: to be healthy from the start, and the changes by their time."""
    return tuple(change(at_s, model, behaviour) for at_s, behaviour in {0.0: healthy, **changes}.items())
