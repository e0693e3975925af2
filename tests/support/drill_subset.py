"""The fewest drills that do everything once: what tests hold live where another run holds all drills.

A *feature* is something that a drill does, in words: it fires an alert, nearly misses one in one way, mutes a
page, sends a scenario. The subset is computed, so a new drill is in it as soon as it does something new.
`EVERY=1` holds all drills instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from alertdrill.core.drill import Drill, Failing
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss, Suppression
from alertdrill.judging.coverage import list_claims

HOLDS_EVERY = os.environ.get("EVERY", "0") not in {"", "0"}
"""Whether tests hold every drill, not only a subset."""

SUPPRESSIONS: Mapping[Suppression, str] = {
    "inhibited": "inhibits a page",
    "silenced": "silences a page",
    "muted": "mutes a page",
    "refused": "refuses a page for good",
}
FAILURES: Mapping[Failing, str] = {
    "rate_limit": "limits a receiver's rate",
    "error": "has a receiver answer with an error",
    "timeout": "has a receiver not answer",
    "reset": "has a receiver reset connections",
    "tls": "has a receiver with a certificate that nobody trusts",
    "refuse": "has a receiver take no connection",
}

AS_WRITTEN = "AsWritten"
"""How the name of a rule ends that is kept as its author wrote it, to prove what is wrong with it."""


def choose_held(drills: Iterable[Drill], *, every: bool = HOLDS_EVERY) -> tuple[Drill, ...]:
    """Return those of these drills that tests hold live."""
    drills = tuple(drills)
    return drills if every else choose_subset(drills)


def choose_subset(drills: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the fewest drills that do all that these do, in their order; of as few, the shortest."""
    drills = tuple(drills)
    features = {drill.name: list_features(drill) for drill in drills}
    lengths_s = {drill.name: drill.lasts_s for drill in drills}
    chosen = _cover(frozenset[str]().union(*features.values()), features, lengths_s)
    return tuple(drill for drill in drills if drill.name in chosen)


def find_missing(subset: Iterable[Drill], drills: Iterable[Drill]) -> list[str]:
    """Say, a sentence each, what drills do that no drill of a subset does."""
    done = frozenset[str]().union(*(list_features(drill) for drill in subset))
    wanted = frozenset[str]().union(*(list_features(drill) for drill in drills))
    return [f"no drill in the subset {feature}" for feature in sorted(wanted - done)]


def list_features(drill: Drill) -> frozenset[str]:
    """Say what a drill does, each time as what follows `the drill …`."""
    return frozenset(_say_features(drill))


def _say_features(drill: Drill) -> Iterator[str]:
    if not drill.expects:
        yield f"is a quiet one of {drill.system}"
    for expected in drill.expects:
        yield from _say_expected(expected, drill.system)
    for outage in drill.outages:
        yield f"has {outage.part} out: {outage.how}"
    for fault in drill.faults:
        yield FAILURES[fault.how]
    if drill.maintenance:
        yield "gives Alertmanager a silence"
    if drill.starts_at is not None:
        yield "is held at a time of day"
    if drill.alertmanagers > 1:
        yield "is held on a cluster of Alertmanagers"
    if drill.max_speed is not None:
        yield "asks for a better clock"
    yield from _say_traffic(drill)


def _say_traffic(drill: Drill) -> Iterator[str]:
    for profile in drill.traffic:
        yield f"sends {profile.scenario}"
        for change in profile.changes:
            if "errors" in change.behaviour:
                yield f"has a provider fail with {change.behaviour['errors']['class']}"
            if change.behaviour.get("listening") is False:
                yield "has a provider not listen"


def _say_expected(expected: Expected, system: str) -> Iterator[str]:
    for claim in list_claims(expected):
        if claim.hop == "fires":
            is_as_written = claim.alert.endswith(AS_WRITTEN)
            yield f"fires a rule of {system} as it was written" if is_as_written else f"fires {claim.alert}"
        if claim.integration is not None:
            yield f"pages by {claim.integration}"
    if isinstance(expected, Expectation) and expected.suppressed is not None:
        yield SUPPRESSIONS[expected.suppressed.why]
    if isinstance(expected, Grouped):
        yield "pages for several alerts at once"
    if isinstance(expected, BlindRule):
        yield f"shows a rule of {system} to be blind"
    if isinstance(expected, NearMiss):
        yield f"nearly misses {_say_near_miss(expected)} in {system}"


def _say_near_miss(expected: NearMiss) -> str:
    if expected.pending:
        return "a `for`"
    return "a threshold" if expected.reaches else "an alert whose value does not move"


def _cover(
    wanted: frozenset[str], features: Mapping[str, frozenset[str]], lengths_s: Mapping[str, float]
) -> frozenset[str]:
    """Return the names that have all wanted features: the fewest, then the shortest, then the first by name.

    Exact: the feature that the fewest have is had from each of them in turn, and what cannot become better
    than the best so far is not followed.
    """
    best: tuple[int, float, Sequence[str]] | None = None

    def follow(left: frozenset[str], chosen: tuple[str, ...], length_s: float) -> None:
        nonlocal best
        if not left:
            found = len(chosen), length_s, sorted(chosen)
            best = found if best is None else min(best, found)
            return
        useful = {name: own & left for name, own in features.items() if own & left}
        at_least = -(-len(left) // max(map(len, useful.values())))
        if best is not None and (len(chosen) + at_least, length_s) > best[:2]:
            return
        having = {feature: [name for name in useful if feature in useful[name]] for feature in left}
        rarest = min(left, key=lambda feature: (len(having[feature]), feature))
        for name in sorted(having[rarest], key=lambda name: (-len(useful[name]), lengths_s[name], name)):
            if not _is_dominated(name, having[rarest], useful, lengths_s):
                follow(left - features[name], (*chosen, name), length_s + lengths_s[name])

    follow(wanted, (), 0.0)
    return frozenset(best[2]) if best is not None else frozenset()


def _is_dominated(
    name: str, among: Iterable[str], useful: Mapping[str, frozenset[str]], lengths_s: Mapping[str, float]
) -> bool:
    """Return whether another one does all that this one does, and is no worse."""
    return any(
        useful[other] >= useful[name]
        and (-len(useful[other]), lengths_s[other], other) < (-len(useful[name]), lengths_s[name], name)
        and lengths_s[other] <= lengths_s[name]
        for other in among
    )
