"""Which parts of the stack an expectation depends on, from when to when, and what stall it bears. Pure.

Whether an alert fires, and resolves, hangs on Locust, which sends the traffic, on the providers that it
calls, on the gateway and on Prometheus: from as far back as the rule looks until the hop. Whether a page
comes or closes hangs on Prometheus, Alertmanager and the pager, from about then on. A page that came in time
has borne every stall; one that had to stay away needs time enough in which it could have come.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from alertdrill.core.drill import Drill, LoadProfile, Outage
from alertdrill.core.parts import SCRAPES
from alertdrill.core.verdict import Finding
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.needs import (
    GUARD,
    LOCUST,
    MET_TOLERATES_S,
    MOVED,
    MOVED_BEARS_S,
    PATH,
    PROVIDER,
    STARTING,
    TRAFFIC,
    Need,
    Weighed,
    find_sights,
)
from alertdrill.judging.notifications import CLOSE_WITHIN_S, PAGE_WITHIN_S

FAILING = frozenset({"errors", "flaw", "limits", "spells"})
"""What a behaviour has that may make calls fail."""
ADDS_UP_S = 300.0
"""Within such a time stalls add up: that long is the way from a call, or from a firing alert, to a page. What
one has held up is not through yet when the next one comes, of the same part or of another."""
TAKES_S = 15.0
"""What an outage may take to begin, or to end."""


def list_needs(finding: Finding, drill: Drill, reach_s: float, providers: Collection[str]) -> Iterator[Need]:
    """Yield what a finding of a drill depends on, in the drill's time; its rule looks `reach_s` back."""
    expected = finding.expectation
    if expected is None:
        return
    traffic = TRAFFIC | find_providers(drill.traffic, providers) | find_sights([finding.alert])
    traffic |= {SCRAPES + drill.system}
    weighed = Weighed(finding=finding, drill=drill, reach_s=reach_s, traffic=traffic)
    for need in find_kind(expected).list_needs(expected, weighed):
        yield need
        if need.parts >= TRAFFIC:
            yield from _list_sending_needs(need, drill.traffic)
        yield from _list_outage_needs(need, drill.outages)


def list_quiet_needs(drill: Drill, alerts: Iterable[str], providers: Collection[str]) -> Iterator[Need]:
    """Yield what a drill depends on in which nothing fired, as it should be; `alerts` are all there are."""
    need = Need(
        parts=TRAFFIC
        | find_providers(drill.traffic, providers)
        | find_sights(alerts)
        | {SCRAPES + drill.system},
        from_s=0.0,
        until_s=drill.lasts_s,
        question="whether anything would have fired",
        tolerates_s=MET_TOLERATES_S,
    )
    yield need
    yield from _list_sending_needs(need, drill.traffic)
    yield from _list_outage_needs(need, drill.outages)


def list_unexpected_needs(
    finding: Finding,
    profiles: Sequence[LoadProfile],
    outages: Sequence[Outage],
    systems: Iterable[str],
    reach_s: float,
    providers: Collection[str],
) -> Iterator[Need]:
    """Yield what an alarm depends on that no drill expects; what `systems` were sent may be why."""
    at_s = min(finding.observed.values(), default=math.inf)
    need = Need(
        parts=TRAFFIC
        | find_providers(profiles, providers)
        | find_sights([finding.alert])
        | {SCRAPES + system for system in systems},
        from_s=at_s - reach_s,
        until_s=at_s,
        question="whether it would have fired",
    )
    yield need
    yield from _list_sending_needs(need, profiles)
    yield from _list_outage_needs(need, outages)
    if "paged" in finding.observed:
        yield Need(
            parts=PATH,
            from_s=at_s - PAGE_WITHIN_S - CLOSE_WITHIN_S,
            until_s=at_s,
            question="whether it would have paged then",
        )


def heed_outages(needs: Iterable[Need]) -> Iterator[Need]:
    """Yield needs of what came otherwise: that an outage began or ended later than it should may be why."""
    for need in needs:
        yield replace(need, parts=need.parts | {STARTING + part for part in need.parts})
        yield replace(need, parts=frozenset(MOVED + part for part in need.parts), tolerates_s=MOVED_BEARS_S)


def _list_sending_needs(need: Need, profiles: Sequence[LoadProfile]) -> Iterator[Need]:
    """Yield that the calls, and what providers are told, must leave on time, for as long as there are any."""
    from_s = min((profile.start_s for profile in profiles), default=math.inf)
    ends = [
        (profile.end_s, *(profile.start_s + change.at_s for change in profile.changes))
        for profile in profiles
    ]
    until_s = max((at_s for own in ends for at_s in own), default=-math.inf)
    if max(from_s, need.from_s) < min(until_s, need.until_s):
        yield replace(
            need,
            parts=need.parts | {LOCUST},
            from_s=max(from_s, need.from_s),
            until_s=min(until_s, need.until_s),
        )


def _list_outage_needs(need: Need, outages: Iterable[Outage]) -> Iterator[Need]:
    """Yield that whoever is asked for outages must answer as they begin and end."""
    for outage in outages:
        for at_s in (outage.at_s, outage.at_s + outage.for_s):
            if need.from_s - TAKES_S < at_s < need.until_s:
                yield Need(
                    parts=frozenset({GUARD}), from_s=at_s, until_s=at_s + TAKES_S, question=need.question
                )


def find_providers(profiles: Iterable[LoadProfile], providers: Collection[str]) -> frozenset[str]:
    """Return the parts that are providers which load profiles may call, of all `providers` that there are.

    Where a provider is told to fail, others may be asked in its stead; and so may any where a model does not
    name its provider and nobody is told how to serve it.
    """
    called: set[str] = set()
    for profile in profiles:
        told = {change.provider for change in profile.changes}
        named = [str(model).partition(":")[0] for model in profile.options.get("models", ())]
        fails = any(
            FAILING & change.behaviour.keys() or "listening" in change.behaviour for change in profile.changes
        )
        if fails or (not told and any(name not in providers for name in named)):
            called |= set(providers)
        called |= told | {name for name in named if name in providers}
    return frozenset(PROVIDER + name for name in called)
