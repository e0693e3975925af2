"""Compare what the alerts did live with what the unmodified rules do on the run's own recording. Pure.

Both saw the same samples, so they may differ only by when they looked: live evaluations stand at other
instants than replayed ones, and one that comes just before a scrape is stored sees it an interval later. So
each instant may be one evaluation and one scrape apart. Where it is more, the dilated rules, the clock or
the recording are wrong, and no verdict of the run can be trusted.

A stretch must be on both sides, with one exception: an alert that never fired and was pending for less than
that bound may have come and gone between two evaluations of the other side. While Prometheus itself was
out, nothing was evaluated live and the replay goes on: a stretch that reaches into such a time is not
compared, nor is what happened so near to the end of the run that the other side could not see it any more.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alertdrill.core.clock import format_s
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Event, EventKind

SCRAPE_S = 15.0
ROUNDING_S = 0.01
"""Wall time has whole milliseconds; at the highest speed that is this much of rule time, or less."""

Window = tuple[float, float]
"""From when to when, rule time."""
Identity = tuple[str, tuple[tuple[str, str], ...]]
"""An alert's name and its labels, sorted."""
Pendings = Mapping[tuple[str, tuple[tuple[str, str], ...], float], float]
"""How long stretches that never fired were pending, from the first to the last evaluation that found them so:
by the alert's name, its labels, sorted, and the first instant."""
_KINDS: tuple[EventKind, ...] = ("pending", "firing", "resolved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """When an alert did something live and when in the replay, from the run's start; None: it did not."""

    alert: str
    labels: Labels
    kind: EventKind
    live_s: float | None
    replayed_s: float | None
    bound_s: float

    @property
    def off_s(self) -> float:
        """How far the two are apart; infinitely far where one is missing."""
        if self.live_s is None or self.replayed_s is None:
            return math.inf
        return abs(self.live_s - self.replayed_s)

    @property
    def at_s(self) -> float:
        """When it happened live, or in the replay if it did not."""
        return min(at_s for at_s in (self.live_s, self.replayed_s, math.inf) if at_s is not None)

    @property
    def is_beyond(self) -> bool:
        """Whether that is more than one evaluation and one scrape."""
        return self.off_s > self.bound_s + ROUNDING_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All instants that were compared.

    `blips` is how many short stretches only one side saw, `skipped` how many stretches were not compared;
    `unconfirmed` are when those of them began that only the run saw. `notes` are sentences on the replay. It
    `is_void` where no rule was replayed.
    """

    instants: tuple[Instant, ...]
    unconfirmed: tuple[Instant, ...] = ()
    blips: int = 0
    skipped: int = 0
    notes: tuple[str, ...] = ()
    is_void: bool = False

    @property
    def largest_s(self) -> float:
        """The largest difference; 0 if nothing was compared."""
        return max((instant.off_s for instant in self.instants), default=0.0)

    @property
    def beyond(self) -> tuple[Instant, ...]:
        """The instants that are further apart than they may be."""
        return tuple(instant for instant in self.instants if instant.is_beyond)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """One activation of an alert: its instants, and when the next one begins."""

    at_s: Mapping[EventKind, float]
    next_s: float
    lasted_s: float | None

    @property
    def start_s(self) -> float:
        return min(self.at_s.values())

    @property
    def end_s(self) -> float:
        """By when it was over, as far as that is known."""
        if self.lasted_s is not None and "firing" not in self.at_s:
            return self.start_s + self.lasted_s
        return self.at_s.get("resolved", self.next_s)


def compare(
    live: Iterable[Event],
    replayed: Iterable[Event],
    rules: Iterable[AlertRule],
    until_s: float,
    *,
    pendings: Pendings | None = None,
    out: Sequence[Window] = (),
    notes: tuple[str, ...] = (),
) -> Agreement:
    """Return how far each pending, firing and resolved instant of a live run is from that of its replay.

    Instants count from the run's start; both sides were seen until `until_s`. `pendings` are those of both
    sides, as far as they are known. `out` are the times at which Prometheus was out. `notes` are handed on.
    """
    bounds: dict[str, float] = {}
    for rule in rules:
        bounds[rule.name] = max(rule.interval_s + SCRAPE_S, bounds.get(rule.name, 0.0))
    sides = [_find_stretches(events, pendings or {}) for events in (live, replayed)]
    instants: list[Instant] = []
    unconfirmed: list[Instant] = []
    blips = skipped = 0
    for identity in sorted(sides[0].keys() | sides[1].keys()):
        bound_s = bounds.get(identity[0], 2 * SCRAPE_S)
        live_own, replayed_own = (side.get(identity, []) for side in sides)
        for one, other in _pair(live_own, replayed_own, bound_s):
            if any(_reaches_into(stretch, out, bound_s) for stretch in (one, other) if stretch):
                skipped += 1
            elif _is_blip(one, other, bound_s):
                blips += 1
                if one is not None:
                    unconfirmed += _compare_stretch(identity, one, None, bound_s)
            else:
                instants += [
                    instant
                    for instant in _compare_stretch(identity, one, other, bound_s)
                    if not (math.isinf(instant.off_s) and instant.at_s > until_s - bound_s)
                ]
    instants.sort(key=lambda instant: instant.at_s)
    return Agreement(
        instants=tuple(instants),
        unconfirmed=tuple(unconfirmed),
        blips=blips,
        skipped=skipped,
        notes=notes,
    )


def identify(alert: str, labels: Labels) -> Identity:
    """Return what tells an alert from others."""
    return alert, tuple(sorted(labels.items()))


def say_instant(instant: Instant) -> str:
    """Say when it happened on both sides: `firing at 5:30 live and at 6:30 in the replay, bound 0:30`."""
    live, replayed = (
        "never" if at_s is None else f"at {format_s(at_s)}" for at_s in (instant.live_s, instant.replayed_s)
    )
    return f"{instant.kind} {live} live and {replayed} in the replay, bound {format_s(instant.bound_s)}"


def _find_stretches(events: Iterable[Event], pendings: Pendings) -> dict[Identity, list[_Stretch]]:
    """Return each alert's stretches in order: a new one begins where the hops begin anew."""
    found: dict[Identity, list[dict[EventKind, float]]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.at_s, _KINDS.index(event.kind))):
        own = found[identify(event.alert, event.labels)]
        if not own or any(_KINDS.index(kind) >= _KINDS.index(event.kind) for kind in own[-1]):
            own.append({})
        own[-1][event.kind] = event.at_s
    stretches = {}
    for identity, own in found.items():
        starts = [min(at_s.values()) for at_s in own]
        stretches[identity] = [
            _Stretch(at_s=at_s, next_s=next_s, lasted_s=pendings.get((*identity, start_s)))
            for at_s, start_s, next_s in zip(own, starts, [*starts[1:], math.inf], strict=True)
        ]
    return stretches


def _pair(
    live: Sequence[_Stretch], replayed: Sequence[_Stretch], bound_s: float
) -> Iterator[tuple[_Stretch | None, _Stretch | None]]:
    """Yield which stretches are the same on both sides, in order: so that least is beyond the bound.

    Near a threshold one side may see a blip before the stretch that both see. This is the alignment of two
    sequences by dynamic programming: the cost of what is left of both, and the step that it begins with.
    """
    costs: dict[tuple[int, int], tuple[_Cost, _Step]] = {(len(live), len(replayed)): ((0, 0.0), (0, 0))}
    for i in range(len(live), -1, -1):
        for j in range(len(replayed), -1, -1):
            steps: list[tuple[_Cost, _Step]] = []
            one = live[i] if i < len(live) else None
            other = replayed[j] if j < len(replayed) else None
            if one and other and _overlap(one, other):
                steps.append((_weigh(one, other, bound_s), (1, 1)))
            if one:
                steps.append((_weigh(one, None, bound_s), (1, 0)))
            if other:
                steps.append((_weigh(None, other, bound_s), (0, 1)))
            if steps:
                costs[i, j] = min((_add(cost, costs[i + a, j + b][0]), (a, b)) for cost, (a, b) in steps)
    i = j = 0
    while (i, j) != (len(live), len(replayed)):
        a, b = costs[i, j][1]
        yield live[i] if a else None, replayed[j] if b else None
        i, j = i + a, j + b


_Cost = tuple[int, float]
"""How many instants are beyond the bound, and the sum of all differences."""
_Step = tuple[int, int]
"""How many stretches of either side are taken."""


def _add(one: _Cost, other: _Cost) -> _Cost:
    return one[0] + other[0], one[1] + other[1]


def _weigh(one: _Stretch | None, other: _Stretch | None, bound_s: float) -> _Cost:
    """Return the cost of taking two stretches for the same, or one for alone; a blip may be alone."""
    offs = [instant.off_s for instant in _compare_stretch(("", ()), one, other, bound_s)]
    beyond = 0 if _is_blip(one, other, bound_s) else sum(off_s > bound_s + ROUNDING_S for off_s in offs)
    return beyond, sum(min(off_s, 2 * bound_s) for off_s in offs)


def _overlap(one: _Stretch, other: _Stretch) -> bool:
    first, second = sorted((one, other), key=lambda stretch: stretch.start_s)
    return second.start_s < first.end_s + SCRAPE_S


def _is_blip(one: _Stretch | None, other: _Stretch | None, bound_s: float) -> bool:
    """Whether only one side saw it, it never fired, and was pending for less than the bound."""
    if one is not None and other is not None:
        return False
    seen = one or other
    return (
        seen is not None
        and "firing" not in seen.at_s
        and seen.lasted_s is not None
        and seen.lasted_s < bound_s
    )


def _reaches_into(stretch: _Stretch, windows: Sequence[Window], bound_s: float) -> bool:
    return any(
        stretch.start_s <= to_s + bound_s and stretch.end_s >= from_s - bound_s for from_s, to_s in windows
    )


def _compare_stretch(
    identity: Identity, one: _Stretch | None, other: _Stretch | None, bound_s: float
) -> Iterator[Instant]:
    alert, labels = identity
    for kind in _KINDS:
        live_s = one.at_s.get(kind) if one else None
        replayed_s = other.at_s.get(kind) if other else None
        if live_s is not None or replayed_s is not None:
            yield Instant(
                alert=alert,
                labels=dict(labels),
                kind=kind,
                live_s=live_s,
                replayed_s=replayed_s,
                bound_s=bound_s,
            )
