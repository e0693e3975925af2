"""Outages of parts of the stack: when they are due in a run, and what to leave unmeasured for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from alertdrill.core.drill import STARTS_AGAIN, LoadProfile, LoadStage, Outage, Placement
from alertdrill.core.parts import LISTED_WALL_S
from alertdrill.core.timeline import Stall
from alertdrill.runner.faults.performing import Step
from alertdrill.runner.packing import PAGES, find_broken
from alertdrill.stacks import Stack

RECOVERY_S = 15.0
"""Rule time after an outage for the first scrape to come."""
RESTART_WALL_S = 3.0
"""Wall time that a part which was started again may take to be ready."""
USUAL_RESTART_WALL_S = 0.8
"""What it usually takes: an outage that lasts longer may be why something came otherwise."""


def list_outage_steps(placements: Iterable[Placement], stack: Stack) -> list[Step]:
    """Return what puts parts of the stack out, and back, in the run's time."""
    steps = []
    for placement in placements:
        for outage in placement.drill.outages:
            at_s, part, how = placement.start_s + outage.at_s, outage.part, outage.how
            # A part is gone as soon as it is told to end, long before that is confirmed.
            at_once = how in STARTS_AGAIN
            begin, end = partial(stack.begin_outage, part, how), partial(stack.end_outage, part, how)
            steps.append(Step(at_s=at_s, do=begin, puts_out=part, is_felt_at_once=at_once))
            steps.append(Step(at_s=at_s + outage.for_s, do=end, brings_back=part, is_felt_at_once=at_once))
    return steps


def list_outages(
    placements: Iterable[Placement], speed: float, restart_wall_s: float = RESTART_WALL_S
) -> Iterator[Stall]:
    """Yield which part may be silent when (rule time) because drills put it out, time to recover included."""
    for placement in placements:
        for outage in placement.drill.outages:
            yield _find_silence(placement, outage, speed, restart_wall_s)


def _find_silence(
    placement: Placement, outage: Outage, speed: float, restart_wall_s: float = RESTART_WALL_S
) -> Stall:
    from_s = placement.start_s + outage.at_s
    back_wall_s = LISTED_WALL_S if outage.how == "unlist" else restart_wall_s
    recovery_s = RECOVERY_S + (back_wall_s * speed if outage.how in {*STARTS_AGAIN, "unlist"} else 0.0)
    return Stall(part=outage.part, from_s=from_s - RECOVERY_S, until_s=from_s + outage.for_s + recovery_s)


def list_windows(placements: Iterable[Placement], speed: float) -> tuple[tuple[float, float], ...]:
    """Return from when to when (rule time) calls or scrapes may fail, time to recover included, in order.

    While nobody can be paged, both go on, and other drills are held: that is measured like any other time.
    """
    silences = [
        _find_silence(placement, outage, speed)
        for placement in placements
        for outage in placement.drill.outages
        if find_broken(outage) != PAGES
    ]
    windows = [(silence.from_s, silence.until_s) for silence in silences]
    apart: list[tuple[float, float]] = []
    for from_s, to_s in sorted(windows):
        if apart and from_s <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(to_s, apart[-1][1]))
        else:
            apart.append((from_s, to_s))
    return tuple(apart)


def interrupt(profile: LoadProfile, windows: Sequence[tuple[float, float]]) -> LoadProfile:
    """Return a profile of one stage, silent in these windows (of the profile's own time, in order)."""
    (stage,) = profile.stages
    stages = []
    at_s = 0.0
    for from_s, to_s in windows:
        stages.append(LoadStage(duration_s=max(0.0, from_s - at_s), rate_per_s=stage.rate_per_s))
        stages.append(LoadStage(duration_s=to_s - max(0.0, from_s), rate_per_s=0.0))
        at_s = to_s
    stages.append(LoadStage(duration_s=max(0.0, stage.duration_s - at_s), rate_per_s=stage.rate_per_s))
    return replace(profile, stages=tuple(stages))
