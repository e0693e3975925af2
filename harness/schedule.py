"""Which drills share time: those that use nothing in common start together, the others queue."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model import Drill, Placement


def place(drills: Iterable[Drill]) -> tuple[Placement, ...]:
    """Start each drill, in the given order, as soon as all that it uses is free.

    Drills without a common entry in `uses` disturb nobody and all start at 0.
    """
    free_at_s: dict[str, float] = {}
    placements = []
    for drill in drills:
        start_s = max((free_at_s.get(name, 0.0) for name in drill.uses), default=0.0)
        placement = Placement(drill=drill, start_s=start_s)
        free_at_s.update(dict.fromkeys(drill.uses, placement.end_s))
        placements.append(placement)
    return tuple(placements)
