"""When each drill of a run starts: as many as do not disturb each other are held at the same time.

`packing` says who disturbs whom, and finds room for one drill after another; here it is decided who comes
first. A drill that many wait for comes before one that nobody waits for, so that no queue begins late. In a
queue, those are the first that say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from alertdrill.core.drill import Drill, Placement
from alertdrill.errors import BadInput
from alertdrill.runner.packing import (
    PAGES,
    PROVIDERS,
    STACK,
    Packing,
    find_broken,
    is_paged,
    measure,
)

RATE_BOUND_PER_S = 4.0
"""Arrivals a second of rule time, all profiles together; a drill that sends more has that time to itself."""
TURNS = ((PROVIDERS, PAGES, None, STACK), (PROVIDERS, None, PAGES, STACK))
"""Drills by what their outages break, in orders in which they can be placed; None are those
that break nothing of others.

While providers are out, nearly nobody can send: before all others, that is waited for once. The stack is
broken last, so that nobody depends on how a gateway comes back. Whether pages are better out early, beside
near misses, or late depends on the drills.
"""


def place(
    drills: Iterable[Drill],
    rate_bound_per_s: float = RATE_BOUND_PER_S,
    rests_s: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Placement, ...]:
    """Return when each drill starts, in the given order of drills, so that the last one ends early.

    `rests_s` is for how long before a drill, by its name, nobody may have what it uses.
    """
    given = tuple(drills)
    return min(
        (_place_in_turn(given, rate_bound_per_s, rests_s, turns) for turns in TURNS),
        key=lambda placements: max((placement.end_s for placement in placements), default=0.0),
    )


def _place_in_turn(
    drills: Sequence[Drill],
    rate_bound_per_s: float,
    rests_s: Mapping[str, float],
    turns: Sequence[str | None],
) -> tuple[Placement, ...]:
    packing = Packing(rate_bound_per_s)
    waited_s = _find_waits(drills)

    def rank(drill: Drill) -> tuple[int, bool, float]:
        broken = [thing for thing in map(find_broken, drill.outages) if thing in turns]
        if drill.max_speed is not None:
            broken.append(STACK)
        turn = max(map(turns.index, broken), default=turns.index(None))
        is_loud = max(measure(drill).values(), default=0.0) > rate_bound_per_s
        # The loud first, since they need that all others are silent; then those waited for longest.
        return turn, not is_loud, -waited_s[drill.name]

    def rank_in_queue(drill: Drill) -> tuple[tuple[int, bool, float], bool]:
        if not drill.comes_first:
            return rank(drill), True
        return min(rank(other) for other in drills if other is drill or other.uses & drill.uses), False

    placed: dict[str, Placement] = {}
    for drill in sorted(drills, key=rank_in_queue):
        ends_s = (
            other.end_s
            for other in placed.values()
            if other.drill.comes_first and other.drill.uses & drill.uses
        )
        placed[drill.name] = packing.add(
            drill, not_before_s=max(ends_s, default=0.0), rests_s=rests_s.get(drill.name, 0.0)
        )
    return tuple(placed[drill.name] for drill in drills)


def _find_waits(drills: Sequence[Drill]) -> dict[str, float]:
    """Return how long each drill lasts together with those that queue behind it for what it uses.

    In a queue, those whose pages matter are before those with near misses alone, since these can be held
    while pages are out, and the longer are before the shorter.
    """

    def rank(drill: Drill) -> tuple[bool, float]:
        return is_paged(drill), drill.lasts_s

    users: dict[str, list[Drill]] = {}
    for drill in drills:
        for name in drill.uses:
            users.setdefault(name, []).append(drill)
    return {
        drill.name: max(
            (
                sum(other.lasts_s for other in users[name] if rank(other) <= rank(drill))
                for name in drill.uses
            ),
            default=drill.lasts_s,
        )
        for drill in drills
    }


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
