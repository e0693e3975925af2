"""A run that goes on as the same document: what is known of it so far, and nothing judged. Pure.

`live` is what only a run that goes on has: how far it is, its parts, its traffic, and the alerts of now. A
drill is `waiting`, held `now`, or `over`: it is judged when the run is, on what Prometheus recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.timeline import Event, PagingPath, Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_selector
from alertdrill.judging.claims import HOPS
from alertdrill.judging.judge import matches
from alertdrill.reports import RunRecord
from alertdrill.reports.html.alerts import MOST_CURVES, describe_alerts
from alertdrill.reports.html.document import ELSEWHERE, RUN, clean
from alertdrill.reports.html.drills import describe_drills
from alertdrill.reports.html.overview import describe_timeline, say_moment
from alertdrill.reports.html.pages import describe_pages
from alertdrill.reports.progress import AlertRow, BoardState

SHORTEST_S = 60.0
"""Of what an endless run shows, however soon after its start somebody looks."""
Stage = Literal["waiting", "now", "over"]

Data = dict[str, Any]


def describe_running(state: BoardState, started_at: datetime) -> Data:
    """Return all that the page shows of a run that goes on."""
    now_s = max(0.0, state.now_rule_s)
    record = _make_record(state, started_at, now_s)
    alerts = describe_alerts(record)
    until_s = max(now_s, SHORTEST_S) if state.endless else state.until_s
    document: Data = clean(
        {
            "of": RUN,
            "live": _describe_progress(state),
            "head": _describe_head(state, started_at),
            "changes": [],
            "matrix": {"hops": list(HOPS), "counts": "", "left_out": [], "rows": []},
            "timeline": describe_timeline(record) | {"until": round(until_s, 1), "now": round(now_s, 1)},
            "drills": list(_describe_drills(state, record, alerts)),
            "alerts": list(map(_count_drawn, alerts)),
            "pages": describe_pages(record.timeline, goes_on=True),
            "dashboards": [],
            "facts": [["started", started_at.isoformat()], *map(list, state.engines.items())],
            "logs": [],
            "elsewhere": ELSEWHERE,
        }
    )
    return document


def _count_drawn(alert: Data) -> Data:
    number = len(alert["series"])
    return alert | {"drawn": min(MOST_CURVES, number), "left_out": max(0, number - MOST_CURVES)}


def find_stage(placement: Placement, now_s: float) -> Stage:
    """Return how far a drill is."""
    if now_s < placement.start_s:
        return "waiting"
    return "now" if now_s < placement.end_s else "over"


def _describe_progress(state: BoardState) -> Data:
    return {
        "endless": state.endless,
        "share": round(state.share, 3),
        "now": round(state.now_rule_s, 1),
        "until": round(state.until_s, 1),
        "wall": round(state.wall_s, 1),
        "left": round(state.left_wall_s, 1),
        "message": state.message,
        "parts": [list(part) for part in state.components.items()],
        "traffic": [[profile.name, profile.scenario, profile.rate_per_s] for profile in state.profiles],
        "alerts": [_describe_row(row) for row in state.alerts],
    }


def _describe_row(row: AlertRow) -> Data:
    return {
        "alert": row.alert,
        "labels": say_selector("", row.labels),
        "state": row.state,
        "since": _round(row.since_s),
        "paged": _round(row.paged_s),
        "closed": _round(row.page_closed_s),
        "receiver": row.receiver or "",
    }


def _describe_head(state: BoardState, started_at: datetime) -> Data:
    stages = [find_stage(placement, state.now_rule_s) for placement in state.placements]
    drills = "1 drill" if state.drills == 1 else f"{state.drills} drills"
    outcome = f"Holding {drills}: {stages.count('over')} over, {stages.count('now')} held now"
    facts = [say_moment(started_at), f"speed {state.speed:g}", state.stack]
    return {
        "kind": "running",
        "outcome": "The stack stands" if state.endless else outcome,
        "believed": [],
        "doubts": [],
        "doubted": "",
        "facts": facts,
        "engines": [f"{name} {version}" for name, version in state.engines.items()],
    }


def _make_record(state: BoardState, started_at: datetime, now_s: float) -> RunRecord:
    """Return what is known so far as a record; its findings say what was seen, and are not judged."""
    pages = [
        Event(
            at_s=notification.at_s,
            kind="paged" if alert.status == "firing" else "page_resolved",
            alert=alert.alert,
            labels=alert.labels,
            receiver=notification.receiver,
        )
        for notification in state.notifications
        if notification.is_accepted
        for alert in notification.alerts
    ]
    events = sorted((*state.events, *pages), key=lambda event: event.at_s)
    return RunRecord(
        placements=state.placements,
        timeline=Timeline(
            mode=state.stack,
            speed=state.speed,
            until_s=now_s,
            observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
            events=tuple(event for event in events if event.at_s >= 0),
            engines=state.engines,
            paging=PagingPath(
                notifications=tuple(one for one in state.notifications if one.at_s >= 0),
            ),
        ),
        verdicts=tuple(
            Verdict(
                drill=placement.drill.name,
                findings=tuple(
                    _make_finding(placement, expected, events) for expected in placement.drill.expects
                ),
            )
            for placement in state.placements
        ),
        rules=state.rules,
        wall_s=state.wall_s,
        started_at=started_at,
    )


def _make_finding(placement: Placement, expected: Expected, events: Sequence[Event]) -> Finding:
    seen: dict[str, float] = {}
    for event in events:
        is_own = placement.start_s <= event.at_s < placement.end_s
        if is_own and matches(expected, event.alert, event.labels) and event.kind not in seen:
            if event.kind == "resolved" and "firing" not in seen:
                seen.pop("pending", None)  # it was near, and went away
                continue
            seen[event.kind] = event.at_s - placement.start_s
    return Finding(
        outcome="unobserved",
        alert=expected.alert,
        labels=expected.labels,
        expectation=expected,
        observed=seen,
        evidence="",
    )


def _describe_drills(state: BoardState, record: RunRecord, alerts: Sequence[Data]) -> Iterator[Data]:
    named = {alert["name"]: alert for alert in alerts}
    described = describe_drills(replace(record, doubts=()), named)
    for placement, drill in zip(state.placements, described, strict=True):
        stage = find_stage(placement, state.now_rule_s)
        drill["kind"] = stage
        drill["outcome"] = stage
        drill["until"] = round(placement.end_s, 1)
        for finding in drill["findings"]:
            finding["outcome"] = stage
        yield drill


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
