"""Finds room for one drill after another in a run, so that none disturbs another. Pure.

Every drill has *claims*: the alerts that it is about, what it uses, what it only shares, what it needs of
the stack, and for how long. Two claims on one thing disturb each other where they overlap, unless both are
shared. So an outage, which claims what it breaks, is kept away from the drills that need that, and from no
others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alertdrill.core.drill import STARTS_AGAIN, Drill, Outage, Placement
from alertdrill.core.parts import SCRAPES
from alertdrill.core.rule import Labels
from alertdrill.judging.kinds import find_kind

BIN_S = 15.0
BEFORE_OUTAGE_S = 60.0
"""Rule time between the end of the drills that an outage would disturb and the outage."""
RECOVERY_S = 60.0
"""Rule time between an outage and the start of drills that need what was out."""
RESTART_S = 300.0
"""The same, where a part was started again: at speed 60, that is five seconds for it to be ready."""

LISTED_S = 600.0
"""The same, where a target came back into Prometheus's config: at speed 60, that is `LISTED_WALL_S`."""

STACK, PROVIDERS, PAGES = "the stack", "the providers", "pages"
"""What an outage breaks: everything, calls, or notifications alone."""

Load = Mapping[int, float]
"""Arrivals a second by bin of BIN_S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """A drill wants a thing from one instant to another; nobody else may have it then, unless it `shares`.

    Where the thing is an alert, `labels` are those that tell it from others of its name.
    """

    thing: str
    from_s: float
    to_s: float
    shares: bool
    labels: Labels = field(default_factory=dict)

    def disturbs(self, other: Occupancy) -> bool:
        """Tell whether both cannot be at the same time, if they want the same thing."""
        if self.shares and other.shares:
            return False
        return all(self.labels[name] == other.labels[name] for name in self.labels.keys() & other.labels)


class Packing:
    """What has been placed so far; `add` places a drill at the first start where there is room for it."""

    def __init__(self, rate_bound_per_s: float) -> None:
        self._bound_per_s = rate_bound_per_s
        self._load: dict[int, float] = defaultdict(float)
        self._claims: dict[str, list[Occupancy]] = defaultdict(list)

    def add(self, drill: Drill, not_before_s: float = 0.0, rests_s: float = 0.0) -> Placement:
        """Place a drill, on a bin, at the first instant at which it and the others leave each other alone.

        For `rests_s` before it, too, nobody has what it uses.
        """
        claims = list_occupancies(drill, rests_s)
        taken = sorted(span for claim in claims for span in self._list_taken(claim))
        load = measure(drill)
        start_s = math.ceil(not_before_s / BIN_S) * BIN_S
        while True:
            for from_s, to_s in taken:
                if from_s < start_s < to_s:
                    start_s = math.ceil(to_s / BIN_S) * BIN_S
            if self._has_room(load, round(start_s / BIN_S)):
                break
            start_s += BIN_S
        for place_in_drill, rate in load.items():
            self._load[round(start_s / BIN_S) + place_in_drill] += rate
        for claim in claims:
            self._claims[claim.thing].append(
                Occupancy(
                    thing=claim.thing,
                    from_s=start_s + claim.from_s,
                    to_s=start_s + claim.to_s,
                    shares=claim.shares,
                    labels=claim.labels,
                )
            )
        return Placement(drill=drill, start_s=start_s)

    def _list_taken(self, claim: Occupancy) -> Iterator[tuple[float, float]]:
        """Yield between which starts (exclusively) a claim would overlap one that it disturbs."""
        for other in self._claims[claim.thing]:
            if claim.disturbs(other):
                yield other.from_s - claim.to_s, other.to_s - claim.from_s

    def _has_room(self, own: Load, first: int) -> bool:
        return all(
            not rate or rate + self._load.get(first + place_in_drill, 0.0) <= max(self._bound_per_s, rate)
            for place_in_drill, rate in own.items()
        )


def list_occupancies(drill: Drill, rests_s: float = 0.0) -> list[Occupancy]:
    """Return what a drill claims, in its own time; what it uses or shares, from `rests_s` before it on.

    So are its alerts, which could else be active still from a drill before.
    """
    shared = [STACK, SCRAPES + drill.system]
    if drill.traffic:
        shared.append(PROVIDERS)
    if is_paged(drill):
        shared.append(PAGES)
    claims = [Occupancy(thing=thing, from_s=0.0, to_s=drill.lasts_s, shares=True) for thing in shared]
    claims += [
        Occupancy(thing=thing, from_s=-rests_s, to_s=drill.lasts_s, shares=shares)
        for things, shares in ((drill.shares, True), (drill.uses, False))
        for thing in things
    ]
    claims += [
        Occupancy(
            thing=f"alert {one.alert}", from_s=-rests_s, to_s=drill.lasts_s, shares=False, labels=one.labels
        )
        for one in drill.expects
    ]
    claims += [_claim_outage(outage) for outage in drill.outages]
    if drill.max_speed is not None:
        claims.append(Occupancy(thing=STACK, from_s=-BEFORE_OUTAGE_S, to_s=drill.lasts_s, shares=False))
    return claims


def is_paged(drill: Drill) -> bool:
    """Return whether a drill's verdict depends on notifications; that of one with near misses alone does not.

    A quiet drill is there to show that nobody is paged.
    """
    return not drill.expects or any(find_kind(one).is_paged for one in drill.expects)


def measure(drill: Drill) -> Load:
    """Return what a drill sends, the highest rate in each bin from its start."""
    load: dict[int, float] = defaultdict(float)
    for profile in drill.traffic:
        own: dict[int, float] = {}
        start_s = profile.start_s
        for stage in profile.stages:
            end_s = start_s + stage.duration_s
            for place_in_drill in range(math.floor(start_s / BIN_S), math.ceil(end_s / BIN_S)):
                own[place_in_drill] = max(own.get(place_in_drill, 0.0), stage.rate_per_s)
            start_s = end_s
        for place_in_drill, rate in own.items():
            load[place_in_drill] += rate
    return load


def _claim_outage(outage: Outage) -> Occupancy:
    after_s = RESTART_S if outage.how in STARTS_AGAIN else RECOVERY_S
    if outage.how == "unlist":
        after_s = LISTED_S
    return Occupancy(
        thing=find_broken(outage),
        from_s=outage.at_s - BEFORE_OUTAGE_S,
        to_s=outage.at_s + outage.for_s + after_s,
        shares=False,
    )


def find_broken(outage: Outage) -> str:
    """Return what does not work while a part is out; a scrape target is nobody else's."""
    if outage.part.startswith(SCRAPES):
        return outage.part
    if outage.part.startswith("alertmanager"):
        return PAGES
    return PROVIDERS if outage.part.startswith("provider-") else STACK
