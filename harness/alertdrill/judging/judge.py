"""Judge what the alerts did against what a drill expects of them. Pure.

`share` gives every drill its own part of a timeline, in the drill's own time; `judge` says how each of its
expectations came out. What happened and belongs to no drill is returned by `find_unexpected`: an alert that
fires unexpectedly fails the run, whoever was being drilled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import AS_WRITTEN, Labels
from alertdrill.core.timeline import Curve, Event, EventKind, Notification, PagingPath, Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.clusters import leave_out, list_repeated, say_repeated
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.kinds import find_kind

ALARMS: frozenset[EventKind] = frozenset({"firing", "paged"})
PAGES: frozenset[EventKind] = frozenset({"paged", "page_resolved"})


def judge(drill: Drill, timeline: Timeline) -> Verdict:
    """Judge one drill on its own part of a timeline, whose times count from the drill's start.

    The timeline holds only what concerns the drill (see `share`); a quiet drill's holds only what concerns
    no other, and every alarm in it is a finding.
    """
    findings = []
    for expectation in drill.expects:
        mine = replace(
            timeline,
            observed=timeline.observed - _list_unseen(expectation, timeline),
            events=tuple(
                event for event in timeline.events if matches(expectation, event.alert, event.labels)
            ),
            curves=tuple(
                curve for curve in timeline.curves if matches(expectation, curve.alert, curve.labels)
            ),
            paging=_choose(timeline.paging, partial(matches, expectation)),
        )
        findings.append(_judge_one(drill, expectation, mine))
    if not drill.expects:
        findings.extend(_find_alarms(timeline.events, timeline))
    return Verdict(drill=drill.name, findings=tuple(findings))


def _judge_one(drill: Drill, expectation: Expected, mine: Timeline) -> Finding:
    """Judge an expectation; what only a cluster's second notification breaks, nobody can tell."""
    judge_kind = find_kind(expectation).judge
    finding = judge_kind(expectation, mine)
    if drill.alertmanagers == 1 or not finding.is_unmet:
        return finding
    repeated = list_repeated(mine)
    told_once = judge_kind(expectation, leave_out(mine, (second for _, second in repeated)))
    return put_in_doubt(finding, say_repeated(*repeated[0])) if told_once.outcome == "met" else finding


def select_for_drill(placement: Placement, placements: Sequence[Placement], timeline: Timeline) -> Timeline:
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
        (
            event
            for event in timeline.events
            if not _is_as_written(event) and not any(_concerns(placement, event) for placement in placements)
        ),
        timeline,
    )
    return Verdict(drill="(unasked)", findings=findings) if findings else None


def _list_unseen(expectation: Expected, timeline: Timeline) -> frozenset[EventKind]:
    """Return the hops that could not be seen, where those are pages of a receiver that shows none."""
    kind = find_kind(expectation)
    if timeline.receivers is None or not kind.is_paged:
        return frozenset()
    receivers = {claim.receiver for claim in kind.list_claims(expectation)}
    receivers = (receivers | {kind.name_receiver(expectation)}) - {None}
    return frozenset() if receivers <= timeline.receivers else PAGES


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
        suppressed=tuple(span for span in path.suppressed if is_mine(span.alert, span.labels)),
        recorded=tuple(step for step in path.recorded if is_mine(step.alert, step.labels)),
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
        suppressed=tuple(
            replace(span, since_s=span.since_s - start_s, until_s=span.until_s - start_s)
            for span in path.suppressed
            if _is_held(placement, span.since_s)
        ),
        recorded=tuple(
            replace(step, at_s=step.at_s - start_s)
            for step in path.recorded
            if _is_held(placement, step.at_s)
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


def _find_alarms(events: Iterable[Event], timeline: Timeline) -> tuple[Finding, ...]:
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
        and event.alert not in timeline.heartbeats
        and not (event.kind == "firing" and event.alert in timeline.inhibitors)
    )
