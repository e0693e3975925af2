"""Which drills share time: as many as disturb each other neither by what they use nor by how much they send.

Drills of which one uses what another uses or shares are held one after another. Drills with outages, and
those that ask for a better clock, are held alone, after all others. The rest is packed, the longest first, so
that the arrivals of all acts together stay below a bound: past it the machine, not the rule, would decide
what a latency is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from harness.errors import BadInput
from harness.model import Drill, Placement

RATE_BOUND_PER_S = 4.0
"""Arrivals a second of rule time, all acts together; a drill that sends more has that time to itself."""
BIN_S = 15.0
GAP_S = 60.0
"""Rule time between the end of everything and an outage, and between two outages."""

Load = Mapping[int, float]
"""Arrivals a second by bin of BIN_S."""


def place(drills: Iterable[Drill], rate_bound_per_s: float = RATE_BOUND_PER_S) -> tuple[Placement, ...]:
    """Return when each drill starts, in the given order of drills."""
    given = tuple(drills)
    load: dict[int, float] = defaultdict(float)
    used_until_s: dict[str, float] = defaultdict(float)
    shared_until_s: dict[str, float] = defaultdict(float)
    placed: dict[str, Placement] = {}
    for drill in sorted(given, key=lambda drill: -drill.lasts_s):
        if _is_held_alone(drill):
            continue
        free_at_s = max(
            (
                0.0,
                *(max(used_until_s[name], shared_until_s[name]) for name in drill.uses),
                *(used_until_s[name] for name in drill.shares),
            )
        )
        own = _measure(drill)
        placement = Placement(drill=drill, start_s=_find_room(own, load, free_at_s, rate_bound_per_s))
        first = round(placement.start_s / BIN_S)
        for place_in_drill, rate in own.items():
            load[first + place_in_drill] += rate
        for name in drill.uses:
            used_until_s[name] = max(used_until_s[name], placement.end_s)
        for name in drill.shares:
            shared_until_s[name] = max(shared_until_s[name], placement.end_s)
        placed[drill.name] = placement
    end_s = max((placement.end_s for placement in placed.values()), default=-GAP_S)
    for drill in given:
        if _is_held_alone(drill):
            placed[drill.name] = Placement(drill=drill, start_s=end_s + GAP_S)
            end_s = placed[drill.name].end_s
    return tuple(placed[drill.name] for drill in given)


def _is_held_alone(drill: Drill) -> bool:
    return bool(drill.outages) or drill.max_speed is not None


def find_calendar(placements: Iterable[Placement], now: datetime) -> datetime:
    """Return what the calendar of a run shows at rule time 0: `now`, unless a drill says when it starts.

    Raises BadInput when drills disagree.
    """
    origin, said_by = now, None
    for placement in placements:
        if placement.drill.starts_at is None:
            continue
        hours, _, minutes = placement.drill.starts_at.partition(":")
        starts = now.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
        own = starts - timedelta(seconds=placement.start_s)
        if said_by is not None and own != origin:
            raise BadInput(
                f"{said_by} and {placement.drill.name} cannot be held in one run: "
                "each wants to begin at a time of day of its own"
            )
        origin, said_by = own, placement.drill.name
    return origin


def _measure(drill: Drill) -> Load:
    """Return what a drill sends, the highest rate in each bin from its start."""
    load: dict[int, float] = defaultdict(float)
    for act in drill.traffic:
        own: dict[int, float] = {}
        start_s = act.start_s
        for stage in act.stages:
            end_s = start_s + stage.duration_s
            for place_in_drill in range(math.floor(start_s / BIN_S), math.ceil(end_s / BIN_S)):
                own[place_in_drill] = max(own.get(place_in_drill, 0.0), stage.rate_per_s)
            start_s = end_s
        for place_in_drill, rate in own.items():
            load[place_in_drill] += rate
    return load


def _find_room(own: Load, load: Load, free_at_s: float, bound_per_s: float) -> float:
    """Return the first start, on a bin, from which on own and others' arrivals stay within the bound."""
    first = math.ceil(free_at_s / BIN_S)
    while not all(
        not rate or rate + load.get(first + place_in_drill, 0.0) <= max(bound_per_s, rate)
        for place_in_drill, rate in own.items()
    ):
        first += 1
    return first * BIN_S
