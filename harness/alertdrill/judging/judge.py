"""Judge what the alerts did against what a drill expects of them. Pure.

`share` gives every drill its own part of a timeline, in the drill's own time; `judge` says how each of its
expectations came out. What happened and belongs to no drill is returned by `find_unexpected`: an alert that
fires unexpectedly fails the run, whoever was being drilled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss
from alertdrill.core.rule import AS_WRITTEN, Labels
from alertdrill.core.timeline import Curve, Event, EventKind, Notification, PagingPath, Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.near_misses import check_silence, describe_peak
from alertdrill.judging.notifications import (
    Miss,
    check_closings,
    check_deliveries,
    check_grouping,
    check_incidents,
    check_pages,
)

ALARMS: frozenset[EventKind] = frozenset({"firing", "paged"})
_ENDS: tuple[EventKind, EventKind] = ("firing", "resolved")


def judge(drill: Drill, timeline: Timeline) -> Verdict:
    """Judge one drill on its own part of a timeline, whose times count from the drill's start.

    The timeline holds only what concerns the drill (see `share`); a quiet drill's holds only what concerns
    no other, and every alarm in it is a finding.
    """
    findings = []
    for expectation in drill.expects:
        mine = replace(
            timeline,
            events=tuple(
                event for event in timeline.events if matches(expectation, event.alert, event.labels)
            ),
            curves=tuple(
                curve for curve in timeline.curves if matches(expectation, curve.alert, curve.labels)
            ),
            paging=_choose(timeline.paging, partial(matches, expectation)),
        )
        if isinstance(expectation, Expectation):
            findings.append(_judge_firing(expectation, mine))
        elif isinstance(expectation, Grouped):
            findings.append(_judge_group(expectation, mine))
        elif isinstance(expectation, BlindRule):
            findings.append(_judge_blindness(expectation, mine))
        else:
            findings.append(_judge_silence(expectation, mine))
    if not drill.expects:
        findings.extend(_find_alarms(timeline.events))
    return Verdict(drill=drill.name, findings=tuple(findings))


def share(placement: Placement, placements: Sequence[Placement], timeline: Timeline) -> Timeline:
    """Return the part of a run's timeline that concerns one of its drills, in the drill's own time."""

    def is_own(event: Event) -> bool:
        if not placement.drill.expects:
            return (
                _is_held(placement, event.at_s)
                and not _is_as_written(event)
                and not any(_concerns(other, event) for other in placements)
            )
        return _concerns(placement, event)

    return replace(
        timeline,
        until_s=timeline.until_s - placement.start_s,
        events=tuple(
            replace(event, at_s=event.at_s - placement.start_s) for event in timeline.events if is_own(event)
        ),
        curves=tuple(_clip(curve, placement) for curve in timeline.curves),
        paging=_cut_out(timeline.paging, placement),
    )


def find_unexpected(placements: Sequence[Placement], timeline: Timeline) -> Verdict | None:
    """Return a verdict on the alarms that concern no drill of the run, or None if there were none.

    Rules that are kept as written, to prove what is wrong with them, concern only the drills that name them.
    """
    findings = _find_alarms(
        event
        for event in timeline.events
        if not _is_as_written(event) and not any(_concerns(placement, event) for placement in placements)
    )
    return Verdict(drill="(unasked)", findings=findings) if findings else None


def matches(expectation: Expected, alert: str, labels: Labels) -> bool:
    """Return whether an alert with these labels is the one that is expected."""
    return alert == expectation.alert and expectation.labels.items() <= labels.items()


def _choose(path: PagingPath, is_mine: Callable[[str, Labels], bool]) -> PagingPath:
    """Return what concerns some alerts: notices of every incident that has one of them, too.

    A notification that names no alert, as one whose template failed, may be about any, and is kept.
    """

    def has_mine(notification: Notification) -> bool:
        return any(is_mine(alert.alert, alert.labels) for alert in notification.alerts)

    incidents = {notification.incident for notification in path.notifications if has_mine(notification)} - {
        None
    }
    return replace(
        path,
        notifications=tuple(
            n for n in path.notifications if n.incident in incidents or has_mine(n) or not n.alerts
        ),
        received=tuple(one for one in path.received if is_mine(one.alert, one.labels)),
        held=tuple(span for span in path.held if is_mine(span.alert, span.labels)),
    )


def _cut_out(path: PagingPath, placement: Placement) -> PagingPath:
    """Return what happened while a drill was held, in its own time."""
    start_s = placement.start_s
    return replace(
        path,
        notifications=tuple(
            replace(notification, at_s=notification.at_s - start_s)
            for notification in path.notifications
            if _is_held(placement, notification.at_s)
        ),
        received=tuple(
            replace(one, since_s=one.since_s - start_s)
            for one in path.received
            if _is_held(placement, one.since_s)
        ),
        held=tuple(
            replace(span, since_s=span.since_s - start_s, until_s=span.until_s - start_s)
            for span in path.held
            if _is_held(placement, span.since_s)
        ),
    )


def _is_held(placement: Placement, at_s: float) -> bool:
    return placement.start_s <= at_s < placement.end_s


def _concerns(placement: Placement, event: Event) -> bool:
    return _is_held(placement, event.at_s) and any(
        matches(expectation, event.alert, event.labels) for expectation in placement.drill.expects
    )


def _is_as_written(event: Event) -> bool:
    return AS_WRITTEN.items() <= event.labels.items()


def _clip(curve: Curve, placement: Placement) -> Curve:
    points = tuple(
        (at_s - placement.start_s, value) for at_s, value in curve.points if _is_held(placement, at_s)
    )
    return replace(curve, points=points)


def _find_alarms(events: Iterable[Event]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            outcome="unexpected",
            alert=event.alert,
            labels=event.labels,
            expectation=None,
            observed={event.kind: event.at_s},
            evidence=f"{event.kind} at {format_s(event.at_s)}, and no drill expects it",
        )
        for event in events
        if event.kind in ALARMS
    )


def _judge_firing(expected: Expectation, timeline: Timeline) -> Finding:
    hops = _find_hops(timeline.events)
    blind = {"paged", "page_resolved"} - timeline.observed
    checks: tuple[tuple[EventKind, Callable[[], Miss | None]], ...] = (
        ("firing", lambda: _check_fired(expected, hops, timeline)),
        ("paged", lambda: None if "paged" in blind else check_pages(expected, hops["firing"], timeline)),
        ("resolved", lambda: _check_resolved(expected, hops, timeline.events)),
        (
            "page_resolved",
            lambda: (
                None if "page_resolved" in blind else check_closings(expected, hops["resolved"], timeline)
            ),
        ),
        (
            "paged",
            lambda: (
                None if blind else check_incidents(expected, timeline) or check_deliveries(expected, timeline)
            ),
        ),
    )
    broke_at, miss = next(((hop, miss) for hop, check in checks if (miss := check())), (None, None))
    if miss is None and blind:
        what = "it was paged" if "paged" in blind else "its page was closed"
        miss = ("unobserved", f"it was not observed whether {what}")
    return _find(expected, hops, miss or ("met", _say_met(expected)), broke_at)


def _say_met(expected: Expectation) -> str:
    held = expected.suppressed
    if held is None:
        return "fired, paged, resolved and closed in time"
    if held.until_s is None:
        return f"fired and paged nobody, {held.why}; resolved in time"
    return f"fired, was {held.why}, then paged, resolved and closed in time"


def _find_hops(events: Sequence[Event]) -> dict[str, float]:
    """Return the instant of each hop, each the first one after the hop that it follows."""
    after: dict[EventKind, EventKind] = {"paged": "firing", "resolved": "firing", "page_resolved": "paged"}
    hops: dict[str, float] = {}
    order: tuple[EventKind, ...] = ("pending", "firing", "paged", "resolved", "page_resolved")
    for kind in order:
        follows = after.get(kind)
        if follows is not None and follows not in hops:
            continue
        since_s = hops[follows] if follows is not None else -math.inf
        at_s = min(
            (event.at_s for event in events if event.kind == kind and event.at_s >= since_s), default=None
        )
        if at_s is not None:
            hops[kind] = at_s
    return hops


def _check_fired(expected: Expectation, hops: Mapping[str, float], timeline: Timeline) -> Miss | None:
    if "firing" not in hops:
        if "pending" in hops:
            return "missing", f"never fired, though it was pending at {format_s(hops['pending'])}"
        return "missing", f"never fired; {describe_peak(timeline.curves)}"
    fired_s = hops["firing"]
    if fired_s < expected.fires_after_s:
        return "unexpected", f"fired at {format_s(fired_s)}, before {format_s(expected.fires_after_s)}"
    if fired_s > expected.fires_within_s:
        return "late", f"fired at {format_s(fired_s)}, after {format_s(expected.fires_within_s)}"
    return None


def _check_resolved(expected: Expectation, hops: Mapping[str, float], events: Sequence[Event]) -> Miss | None:
    if "resolved" not in hops:
        return "missing", f"fired at {format_s(hops['firing'])} and never resolved"
    resolved_s = hops["resolved"]
    if resolved_s > expected.resolves_within_s:
        return "late", f"resolved at {format_s(resolved_s)}, after {format_s(expected.resolves_within_s)}"
    again = [event.at_s for event in events if event.kind == "firing" and event.at_s > resolved_s]
    if again:
        return "unexpected", f"fired again at {format_s(again[0])} after it had resolved"
    return None


def _judge_group(expected: Grouped, timeline: Timeline) -> Finding:
    fired, resolved = (
        {_identify(event) for event in timeline.events if event.kind == kind} for kind in _ENDS
    )
    hops = _find_hops(timeline.events)
    ends = {
        kind: [e.at_s for e in timeline.events if e.kind == kind] for kind in ("resolved", "page_resolved")
    }
    hops.update({kind: max(instants) for kind, instants in ends.items() if instants})
    miss: Miss | None = None
    broke_at: EventKind | None = None
    in_time = {
        _identify(event)
        for event in timeline.events
        if event.kind == "firing" and event.at_s <= expected.fires_within_s
    }
    if len(in_time) < expected.alerts:
        broke_at = "firing"
        miss = (
            "missing",
            f"{len(in_time)} fired by {format_s(expected.fires_within_s)}, not {expected.alerts}",
        )
    elif fired - resolved:
        broke_at = "resolved"
        miss = "missing", f"{len(fired - resolved)} of {len(fired)} never resolved"
    elif hops["resolved"] > expected.resolves_within_s:
        broke_at = "resolved"
        miss = "late", f"the last resolved at {format_s(hops['resolved'])}"
    elif "paged" in timeline.observed:
        miss = check_grouping(expected, len(fired), timeline)
        broke_at = "paged" if miss else None
    else:
        miss = "unobserved", "it was not observed whether it was paged"
    said = miss or ("met", f"{len(fired)} fired, grouped into {expected.incidents}")
    return _find(expected, hops, said, broke_at)


def _identify(event: Event) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(event.labels.items()))


def _judge_blindness(silence: BlindRule, timeline: Timeline) -> Finding:
    hops: dict[str, float] = {
        event.kind: event.at_s for event in reversed(timeline.events) if event.at_s >= silence.after_s
    }
    seen = ", ".join(f"{kind} at {format_s(at_s)}" for kind, at_s in hops.items())
    said: Miss = "met", "blind: never even pending"
    if hops:
        said = "unexpected", f"{seen}, though the rule should see nothing"
    return _find(silence, hops, said)


def _judge_silence(near: NearMiss, timeline: Timeline) -> Finding:
    hops: dict[str, float] = {
        event.kind: event.at_s
        for event in reversed(timeline.events)
        if event.kind in {"pending", "firing", "paged"}
    }
    return _find(near, hops, check_silence(near, hops, timeline.curves))


def _find(
    expected: Expected, hops: Mapping[str, float], said: Miss, broke_at: EventKind | None = None
) -> Finding:
    outcome, evidence = said
    return Finding(
        outcome=outcome,
        alert=expected.alert,
        labels=expected.labels,
        expectation=expected,
        observed=hops,
        evidence=evidence,
        broke_at=broke_at,
    )
