"""Which parts of the stack an expectation depends on, from when to when, and what stall it bears. Pure.

Whether an alert fires, and resolves, hangs on Locust, which sends the traffic, on the providers that it
calls, on the gateway and on Prometheus: from as far back as the rule looks until the hop. Whether a page
comes or closes hangs on Prometheus, Alertmanager and the pager, from about then on. A page that came in time
has borne every stall; one that had to stay away needs time enough in which it could have come.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from alertdrill.core.drill import Drill, LoadProfile, Outage
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Finding, Outcome
from alertdrill.judging.notifications import CLOSE_WITHIN_S, PAGE_WITHIN_S

UNMET_BEARS_S = 9.0
"""What stalls may cost that are not to blame for what came otherwise. Drills keep a distance of 15 s, and a
stall may have begun before it was noticed: a part is asked every 6 s of rule time at speed 60."""
MET_BEARS_S = 40.0
"""What stalls may cost to which what came as expected owes nothing: as long as two scrapes may be apart."""
ADDS_UP_S = 300.0
"""Within such a time stalls add up: that long is the way from a call, or from a firing alert, to a page. What
one has held up is not through yet when the next one comes, of the same part or of another."""
PATH: frozenset[str] = frozenset({"prometheus", "alertmanager", "alertmanager-2", "pager"})
"""What a page passes through."""
TRAFFIC: frozenset[str] = frozenset({"gateway", "prometheus"})
"""What all traffic passes through until a rule sees it."""
LOCUST = "locust"
"""What sends the traffic, and tells providers how to serve it."""
GUARD = "guard"
"""What is asked for the outages of containers by who may not ask the engine itself."""
PROVIDER = "provider-"
UNSEEN, STALE = "unseen:", "stale:"
"""What stands before an alert's name where its rule was evaluated without what there was, or with what there
was no more."""
SCRAPES = "scrapes:"
"""What stands before a system's name where scrapes of it were missed that no drill made fail."""
TAKES_S = 15.0
"""What an outage may take to begin, or to end."""

_TIMELY: frozenset[Outcome] = frozenset({"late", "missing"})
"""What is about a deadline: a stall after that has nothing to do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Parts that must answer between two instants, but for stalls that cost at most `bears_s` together.

    With `stretch_s`, it is enough that all answer for that long without a break. `question` is what nobody
    can tell otherwise.
    """

    parts: frozenset[str]
    from_s: float
    until_s: float
    question: str
    bears_s: float = UNMET_BEARS_S
    stretch_s: float | None = None


def list_needs(finding: Finding, drill: Drill, reach_s: float, providers: Collection[str]) -> Iterator[Need]:
    """Yield what a finding of a drill depends on, in the drill's time; its rule looks `reach_s` back."""
    expected = finding.expectation
    traffic = TRAFFIC | find_providers(drill.traffic, providers) | find_sights([finding.alert])
    traffic |= {SCRAPES + drill.system}
    needs: Iterator[Need] = iter(())
    if isinstance(expected, Expectation | Grouped):
        needs = _list_firing_needs(finding, expected, drill, reach_s, traffic)
    elif expected is not None:
        needs = _list_silent_needs(finding, expected, drill, reach_s, traffic)
    for need in needs:
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
        bears_s=MET_BEARS_S,
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
    name its provider and nobody is notified how to serve it.
    """
    called: set[str] = set()
    for profile in profiles:
        told = {change.provider for change in profile.changes}
        named = [str(model).partition(":")[0] for model in profile.options.get("models", ())]
        fails = any(
            "errors" in change.behaviour or "listening" in change.behaviour for change in profile.changes
        )
        if fails or (not told and any(name not in providers for name in named)):
            called |= set(providers)
        called |= told | {name for name in named if name in providers}
    return frozenset(PROVIDER + name for name in called)


def find_sights(alerts: Iterable[str]) -> frozenset[str]:
    """Return what stands for what the rules of alerts did not see in time, as if it were parts."""
    return frozenset(kind + alert for alert in alerts for kind in (UNSEEN, STALE))


def _list_firing_needs(
    finding: Finding,
    expected: Expectation | Grouped,
    drill: Drill,
    reach_s: float,
    traffic: frozenset[str],
) -> Iterator[Need]:
    is_unmet = finding.outcome not in {"met", "unobserved"}
    hop = finding.broke_at if is_unmet else None
    until_s = _find_end(finding, expected, drill, hop)
    need = Need(
        parts=traffic,
        from_s=-reach_s,
        until_s=until_s,
        question=_ask(hop),
        bears_s=UNMET_BEARS_S if is_unmet else MET_BEARS_S,
    )
    if (
        hop is None
        and isinstance(expected, Expectation)
        and {"firing", "resolved"} <= finding.observed.keys()
    ):
        yield replace(need, parts=traffic - {UNSEEN + finding.alert})
        yield from _list_sight_needs(finding, expected, need)
    else:
        yield need
    fired_s = finding.observed.get("firing")
    if fired_s is None or hop in {"pending", "firing"}:
        return
    page_s, _ = find_page_bounds(expected)
    from_s = -reach_s if isinstance(expected, Expectation) and expected.suppressed else fired_s - page_s
    if hop in {"paged", "page_resolved"}:
        # What held Alertmanager up a little before may still hold the page up.
        yield Need(parts=PATH, from_s=from_s, until_s=until_s, question=_ask(hop))
    if hop is None:
        yield from _list_delivered_needs(finding, expected, drill)


def _list_sight_needs(finding: Finding, expected: Expectation, need: Need) -> Iterator[Need]:
    """Yield how much earlier an alert may have fired, and how much later resolved, that came in time.

    Had its rule seen at once what there was, it would have done so.
    """
    fired_s, resolved_s = finding.observed["firing"], finding.observed["resolved"]
    own = replace(need, parts=frozenset({UNSEEN + finding.alert}))
    yield replace(own, until_s=fired_s, bears_s=max(MET_BEARS_S, fired_s - expected.fires_after_s))
    left_s = expected.resolves_within_s - resolved_s
    yield replace(own, from_s=fired_s, until_s=expected.resolves_within_s, bears_s=max(MET_BEARS_S, left_s))


def _list_delivered_needs(finding: Finding, expected: Expectation | Grouped, drill: Drill) -> Iterator[Need]:
    """Yield what it depends on that no more was delivered than was; what was, was in time."""
    fired_s = finding.observed["firing"]
    resolved_s = finding.observed.get("resolved", drill.lasts_s)
    page_s, close_s = find_page_bounds(expected)
    if isinstance(expected, Grouped):
        yield Need(
            parts=PATH,
            from_s=fired_s - page_s,
            until_s=finding.observed.get("page_resolved", drill.lasts_s),
            question="whether they would have been grouped like that",
            bears_s=MET_BEARS_S,
        )
        return
    if any(one.notifications or one.refused for one in expected.deliveries):
        yield Need(
            parts=PATH,
            from_s=fired_s,
            until_s=resolved_s,
            question="whether more would have been delivered",
            bears_s=page_s,
        )
    if expected.suppressed is not None:
        free_s = resolved_s if expected.suppressed.until_s is None else expected.suppressed.until_s
        yield _need_stretch(fired_s, free_s, page_s, "whether a page would have come")
    if any(not one.closes for one in expected.deliveries):
        question = "whether a notification of the end would have come"
        yield _need_stretch(resolved_s, drill.lasts_s, close_s, question)


def _need_stretch(from_s: float, until_s: float, stretch_s: float, question: str) -> Need:
    """Return that the path must be whole for long enough for something to come, had it not to stay away."""
    return Need(
        parts=PATH,
        from_s=from_s,
        until_s=until_s,
        question=question,
        stretch_s=max(0.0, min(stretch_s, until_s - from_s)),
    )


def _list_silent_needs(
    finding: Finding, expected: NearMiss | BlindRule, drill: Drill, reach_s: float, traffic: frozenset[str]
) -> Iterator[Need]:
    is_unmet = finding.outcome not in {"met", "unobserved"}
    begin_s = expected.after_s if isinstance(expected, BlindRule) else 0.0
    alarms = [finding.observed[kind] for kind in ("firing", "paged") if kind in finding.observed]
    yield Need(
        parts=traffic | PATH if "paged" in finding.observed and "firing" not in finding.observed else traffic,
        from_s=begin_s - reach_s,
        until_s=min(alarms) if finding.outcome == "unexpected" and alarms else drill.lasts_s,
        question="whether it would have stayed silent"
        if finding.outcome == "unexpected"
        else "how near it would have come",
        bears_s=UNMET_BEARS_S if is_unmet else MET_BEARS_S,
    )


def find_page_bounds(expected: Expected) -> tuple[float, float]:
    """Return how soon after the alert a page must come, and must close."""
    if not isinstance(expected, Expectation):
        return PAGE_WITHIN_S, CLOSE_WITHIN_S
    page_s, close_s = expected.pages_within_s, expected.closes_within_s
    return (
        PAGE_WITHIN_S if page_s is None else page_s,
        CLOSE_WITHIN_S if close_s is None else close_s,
    )


def _find_end(
    finding: Finding, expected: Expectation | Grouped, drill: Drill, hop: EventKind | None
) -> float:
    """Return after which instant nothing could change any more how an expectation came out."""
    seen = finding.observed
    if hop is None:
        return seen.get("resolved", expected.resolves_within_s)
    if finding.outcome not in _TIMELY:
        return seen["firing"] if hop == "firing" and "firing" in seen else drill.lasts_s
    is_about_the_end = finding.outcome == "missing" and {"paged", "resolved"} <= seen.keys()
    if hop == "paged" and (isinstance(expected, Grouped) or is_about_the_end):
        # Somebody was paged: what is missing may be the end of an incident.
        return drill.lasts_s
    page_s, close_s = find_page_bounds(expected)
    held = expected.suppressed if isinstance(expected, Expectation) else None
    free_s = held.until_s or 0.0 if held is not None else 0.0
    ends: Mapping[EventKind, float] = {
        "firing": expected.fires_within_s,
        "paged": max(seen.get("firing", 0.0), free_s) + page_s,
        "resolved": expected.resolves_within_s,
        "page_resolved": seen.get("resolved", drill.lasts_s) + close_s,
    }
    return ends.get(hop, drill.lasts_s)


def _ask(hop: EventKind | None) -> str:
    questions: Mapping[EventKind | None, str] = {
        "paged": "whether the page would have come in time",
        "resolved": "whether it would have resolved in time",
        "page_resolved": "whether the page would have closed in time",
        None: "whether it would have fired and resolved without that",
    }
    return questions.get(hop, "whether it would have fired in time")
