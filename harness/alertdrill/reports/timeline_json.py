"""The timeline and its verdicts as JSON, schema 1.

The form is stable. All times are seconds of rule time; instants count from the start of the run. What a drill
expects is stated as the drill states it, `…_within_s` after its start, which `drills` gives. What ends in
`_wall_s` is seconds of wall time. Keys are only ever added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alertdrill.core.documents import Number, write_number
from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Notification, SuppressedSpan, Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.page_latency import (
    InboxSummary,
    Spread,
    count_told,
    find_held,
    summarise_inboxes,
    time_hops,
)
from alertdrill.judging.replay_agreement import Agreement
from alertdrill.reports import HOPS, RunRecord


def render(record: RunRecord) -> str:
    """Return the JSON document; a number that JSON cannot write (NaN, an infinity) becomes null."""
    timeline = record.timeline
    document = {
        "schema": 1,
        "started_at": record.started_at.isoformat(),
        "mode": timeline.mode,
        "speed": write_number(timeline.speed),
        "until_s": write_number(timeline.until_s),
        "engines": dict(timeline.engines),
        "events": [_event(event) for event in timeline.events],
        "verdicts": [
            _verdict(verdict, record.find_placement(verdict), timeline) for verdict in record.verdicts
        ],
        "drills": [
            {
                "drill": placement.drill.name,
                "start_s": write_number(placement.start_s),
                "end_s": write_number(placement.end_s),
            }
            for placement in record.placements
        ],
        "doubts": list(record.doubts),
        "stalls": [
            {"part": stall.part, "from_s": write_number(stall.from_s), "until_s": write_number(stall.until_s)}
            for stall in timeline.stalls
        ],
        "notices": [_notification(notification) for notification in timeline.paging.notifications],
        "incidents": [_incident(incident) for incident in list_incidents(timeline.paging.notifications)],
        "receivers": [_inbox(inbox, timeline.speed) for inbox in summarise_inboxes(timeline)],
        "held_back": [_held(span) for span in timeline.paging.suppressed],
        "troubles": list(timeline.paging.troubles),
        "agreement": None if record.agreement is None else _agreement(record.agreement),
        "appended": [[write_number(from_s), write_number(to_s)] for from_s, to_s in record.appended],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def render_timeline(
    timeline: Timeline,
    notes: Sequence[str],
    find_annotations: Callable[[Event], Labels] | None = None,
    *,
    silent: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the JSON document of a timeline alone, which no drill was judged by; `notes` are sentences.

    Events of alerts that begin to fire have the annotations that are found for them. `silent` are the alerts
    that never fired.
    """
    document = {
        "schema": 1,
        "mode": timeline.mode,
        "speed": write_number(timeline.speed),
        "until_s": write_number(timeline.until_s),
        "engines": dict(timeline.engines),
        "events": [
            {**_event(event), "annotations": dict(find_annotations(event))}
            if find_annotations is not None and event.kind == "firing"
            else _event(event)
            for event in timeline.events
        ],
        "silent": [dict(one) for one in silent],
        "notes": list(notes),
    }
    if timeline.appended_from_s is not None:
        document["appended_from_s"] = write_number(timeline.appended_from_s)
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _event(event: Event) -> dict[str, Any]:
    return {
        "at_s": write_number(event.at_s),
        "kind": event.kind,
        "alert": event.alert,
        "labels": dict(event.labels),
        "receiver": event.receiver,
    }


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "largest_s": write_number(agreement.largest_s),
        "blips": agreement.blips,
        "skipped": agreement.skipped,
        "notes": list(agreement.notes),
        "instants": [
            {
                "alert": one.alert,
                "labels": dict(one.labels),
                "kind": one.kind,
                "live_s": None if one.live_s is None else write_number(one.live_s),
                "replayed_s": None if one.replayed_s is None else write_number(one.replayed_s),
                "bound_s": write_number(one.bound_s),
            }
            for one in agreement.instants
        ],
    }


def _notification(notification: Notification) -> dict[str, Any]:
    """All of a notification but its payload, of which title and text are what a person reads."""
    return {
        "number": notification.number,
        "at_s": write_number(notification.at_s),
        "receiver": notification.receiver,
        "integration": notification.integration,
        "status": notification.status,
        "is_accepted": notification.is_accepted,
        "answer": notification.answer,
        "why": notification.why,
        "incident": notification.incident,
        "effect": notification.effect,
        "group_key": notification.group_key,
        "group_labels": dict(notification.group_labels),
        "alerts": [
            {"alert": alert.alert, "labels": dict(alert.labels), "status": alert.status}
            for alert in notification.alerts
        ],
        "title": notification.title,
        "text": notification.text,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "receiver": incident.receiver,
        "integration": incident.integration,
        "opened_s": write_number(incident.opened_s),
        "closed_s": None if incident.closed_s is None else write_number(incident.closed_s),
        "notices": [notification.number for notification in incident.notifications],
        "title": incident.title,
        "group_labels": dict(incident.group_labels),
    }


def _inbox(inbox: InboxSummary, speed: float) -> dict[str, Any]:
    return {
        "receiver": inbox.receiver,
        "integration": inbox.integration,
        "opened": inbox.opened,
        "closed": inbox.closed,
        "refused": inbox.refused,
        "firing_to_paged": _spread(inbox.firing_to_paged, speed),
        "resolved_to_closed": _spread(inbox.resolved_to_closed, speed),
    }


def _spread(spread: Spread | None, speed: float) -> dict[str, Number] | None:
    if spread is None:
        return None
    return _in_both_times("median", spread.median_s, speed) | _in_both_times("max", spread.max_s, speed)


def _held(span: SuppressedSpan) -> dict[str, Any]:
    return {
        "alert": span.alert,
        "labels": dict(span.labels),
        "why": span.why,
        "by": dict(span.by),
        "since_s": write_number(span.since_s),
        "until_s": write_number(span.until_s),
    }


def _verdict(verdict: Verdict, placement: Placement | None, timeline: Timeline) -> dict[str, Any]:
    return {
        "drill": verdict.drill,
        "outcome": verdict.outcome,
        "doubt": verdict.doubt or None,
        "findings": [_finding(finding, placement, timeline) for finding in verdict.findings],
    }


def _finding(finding: Finding, placement: Placement | None, timeline: Timeline) -> dict[str, Any]:
    return {
        "alert": finding.alert,
        "labels": dict(finding.labels),
        "broke_at": finding.broke_at,
        "outcome": finding.outcome,
        "expected": _expected(finding.expectation),
        "observed": _observed(finding.observed, placement.start_s if placement else 0.0),
        "hops": _hops(finding, placement, timeline),
        "told": [
            {
                "receiver": told.receiver,
                "integration": told.integration,
                "accepted": told.accepted,
                "refused": told.refused,
            }
            for told in count_told(finding, placement, timeline)
        ],
        "evidence": finding.evidence,
        "doubt": finding.doubt or None,
    }


def _hops(finding: Finding, placement: Placement | None, timeline: Timeline) -> dict[str, Number]:
    """Only what was seen, as with `observed`; `held_s` is a part of `firing_to_paged_s`."""
    times = time_hops(finding, find_held(finding, placement, timeline))
    hops: dict[str, Number] = {}
    if times.firing_to_paged_s is not None:
        hops |= _in_both_times("firing_to_paged", times.firing_to_paged_s, timeline.speed)
    if times.held_s:
        hops |= _in_both_times("held", times.held_s, timeline.speed)
    if times.resolved_to_closed_s is not None:
        hops |= _in_both_times("resolved_to_closed", times.resolved_to_closed_s, timeline.speed)
    return hops


def _in_both_times(name: str, rule_s: float, speed: float) -> dict[str, Number]:
    return {f"{name}_s": write_number(rule_s), f"{name}_wall_s": write_number(rule_s / speed)}


def _expected(expectation: Expected | None) -> dict[str, Any]:
    return {"silent": True} if expectation is None else find_kind(expectation).write(expectation)


def _observed(observed: Mapping[str, float], start_s: float) -> dict[str, Number]:
    return {hop: write_number(start_s + observed[hop]) for hop in HOPS if hop in observed}
