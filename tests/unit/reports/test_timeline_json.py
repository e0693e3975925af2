"""The timeline's JSON: its fixed form, on rule time from the start of the run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.paging_records import build_paging_record
from support.report_records import build_record

from alertdrill.core.drill import Placement
from alertdrill.core.expectation import NearMiss
from alertdrill.core.timeline import Event, PagingPath
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.replay_agreement import compare
from alertdrill.reports import RunRecord, timeline_json

NUMBER = (int, float)
SPREAD = {"median_s": NUMBER, "median_wall_s": NUMBER, "max_s": NUMBER, "max_wall_s": NUMBER}
FORM: dict[str, Any] = {
    "schema": int,
    "started_at": str,
    "mode": str,
    "speed": NUMBER,
    "until_s": NUMBER,
    "engines": {str: str},
    "events": [
        {"at_s": NUMBER, "kind": str, "alert": str, "labels": {str: str}, "receiver": (str, type(None))}
    ],
    "verdicts": [
        {
            "drill": str,
            "outcome": str,
            "doubt": (str, type(None)),
            "findings": [
                {
                    "alert": str,
                    "labels": {str: str},
                    "broke_at": (str, type(None)),
                    "outcome": str,
                    "expected": {str: (str, int, float, bool, list, dict)},
                    "observed": {str: NUMBER},
                    "hops": {str: NUMBER},
                    "told": [{"receiver": str, "integration": str, "accepted": int, "refused": int}],
                    "evidence": str,
                    "doubt": (str, type(None)),
                }
            ],
        }
    ],
    "drills": [{"drill": str, "start_s": NUMBER, "end_s": NUMBER}],
    "doubts": [str],
    "stalls": [{"part": str, "from_s": NUMBER, "until_s": NUMBER}],
    "notices": [
        {
            "number": int,
            "at_s": NUMBER,
            "receiver": str,
            "integration": str,
            "status": str,
            "is_accepted": bool,
            "answer": str,
            "why": str,
            "incident": (str, type(None)),
            "effect": str,
            "group_key": str,
            "group_labels": {str: str},
            "alerts": [{"alert": str, "labels": {str: str}, "status": str}],
            "title": str,
            "text": str,
        }
    ],
    "incidents": [
        {
            "id": str,
            "receiver": str,
            "integration": str,
            "opened_s": NUMBER,
            "closed_s": (*NUMBER, type(None)),
            "notices": [int],
            "title": str,
            "group_labels": {str: str},
        }
    ],
    "receivers": [
        {
            "receiver": str,
            "integration": str,
            "opened": int,
            "closed": int,
            "refused": int,
            "firing_to_paged": SPREAD,
            "resolved_to_closed": SPREAD,
        }
    ],
    "held_back": [
        {
            "alert": str,
            "labels": {str: str},
            "why": str,
            "by": {str: str},
            "since_s": NUMBER,
            "until_s": NUMBER,
        }
    ],
    "troubles": [str],
    "agreement": {
        "largest_s": (*NUMBER, type(None)),
        "blips": int,
        "skipped": int,
        "notes": [str],
        "instants": [
            {
                "alert": str,
                "labels": {str: str},
                "kind": str,
                "live_s": (*NUMBER, type(None)),
                "replayed_s": (*NUMBER, type(None)),
                "bound_s": NUMBER,
            }
        ],
    },
    "appended": [[NUMBER]],
}


def _render(record: RunRecord) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return dict(json.loads(timeline_json.render(record), parse_constant=refuse))


def _check(value: Any, form: Any, where: str) -> None:
    if isinstance(form, dict) and str in form:
        assert isinstance(value, dict), where
        for name, item in value.items():
            _check(item, form[str], f"{where}.{name}")
    elif isinstance(form, dict):
        assert list(value) == list(form), where
        for name, item in value.items():
            _check(item, form[name], f"{where}.{name}")
    elif isinstance(form, list):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            _check(item, form[0], f"{where}[{number}]")
    else:
        assert isinstance(value, form), f"{where} is {value!r}"


@pytest.mark.parametrize("build", [build_record, build_paging_record])
def test_form(build: Callable[[], RunRecord]) -> None:
    """The document has exactly the keys of schema 1, in their order, with values of their types."""
    event = Event(at_s=30.0, kind="firing", alert="Slow", labels={"model": "gpt-4.1"})
    record = replace(
        build(),
        doubts=("scrapes came late",),
        agreement=compare([event], [], [], 3600.0, notes=("all was moved",)),
        appended=((100.0, 200.0),),
    )
    document = _render(record)
    _check(document, FORM, "$")
    assert document["schema"] == 1
    assert document["doubts"] == ["scrapes came late"]
    assert document["started_at"] == build().started_at.isoformat()
    assert len(document["events"]) == len(build().timeline.events)


def test_observed_counts_from_the_start_of_the_run() -> None:
    """A hop seen 165 s after the start of a drill that began at 1500 s happened at 1665 s."""
    document = _render(build_record())
    verdict = next(item for item in document["verdicts"] if item["drill"] == "metis-latency-off-the-scale")
    observed = verdict["findings"][0]["observed"]
    assert list(observed) == ["pending", "firing", "paged", "resolved", "page_resolved"]
    assert observed["pending"] == 1665.0
    pendings = [event["at_s"] for event in document["events"] if event["kind"] == "pending"]
    assert observed["pending"] in pendings


def test_what_nobody_asked_for() -> None:
    """A finding without an expectation expected silence, and its instants already count from the start."""
    finding = Finding(
        outcome="unexpected", alert="A", labels={}, expectation=None, observed={"firing": 77.0}, evidence=""
    )
    document = _render(replace(build_record(), verdicts=(Verdict(drill="(unasked)", findings=(finding,)),)))
    assert document["verdicts"][0]["outcome"] == "unmet"
    assert document["verdicts"][0]["findings"][0]["expected"] == {"silent": True}
    assert document["verdicts"][0]["findings"][0]["observed"] == {"firing": 77.0}


def test_expected_is_stated_as_in_the_drill() -> None:
    """An expectation and a near miss are objects of numbers, words and truths."""
    by_drill = {
        item["drill"]: item["findings"][0]["expected"]
        for item in _render(build_record())["verdicts"]
        if item["findings"]
    }
    assert by_drill["metis-latency-fires"] == {
        "fires_after_s": 60,
        "fires_within_s": 1200,
        "receiver": "metis-ticket",
        "resolves_within_s": 2400,
    }
    assert by_drill["metis-latency-just-below"] == {"silent": True, "reaches": 0.7, "pending": False}
    assert by_drill["metis-auth-rotation"] == {
        "silent": True,
        "reaches": 0.7,
        "pending": True,
        "pending_least_s": 120,
        "pending_most_s": 600,
    }


def _finding(document: dict[str, Any], drill: str) -> dict[str, Any]:
    (verdict,) = [item for item in document["verdicts"] if item["drill"] == drill]
    return dict(verdict["findings"][0])


def test_hops_are_in_rule_and_wall_time() -> None:
    """A finding says how long page and close took in both times, and how much of it was suppressed."""
    document = _render(build_paging_record())
    assert _finding(document, "paging-critical")["hops"] == {
        "firing_to_paged_s": 36,
        "firing_to_paged_wall_s": 0.6,
        "resolved_to_closed_s": 42,
        "resolved_to_closed_wall_s": 0.7,
    }
    assert _finding(document, "paging-silenced")["hops"] == {
        "firing_to_paged_s": 1110,
        "firing_to_paged_wall_s": 18.5,
        "held_s": 1080,
        "held_wall_s": 18,
        "resolved_to_closed_s": 48,
        "resolved_to_closed_wall_s": 0.8,
    }
    assert _finding(document, "paging-inhibited")["hops"] == {}


def test_who_was_told_is_counted() -> None:
    """A finding says how often each integration took a notification of its alert, and refused one."""
    told = _finding(_render(build_paging_record()), "paging-refused")["told"]
    assert told == [{"receiver": "mail", "integration": "email", "accepted": 2, "refused": 3}]


def test_incidents_and_receivers_are_those_of_the_notifications() -> None:
    """An incident lists its notifications by number; a receiver counts what it opened, closed and refused."""
    document = _render(build_paging_record())
    assert [incident["id"] for incident in document["incidents"]] == ["p1", "s1", "p2", "m1", "p3"]
    assert document["incidents"][0] == {
        "id": "p1",
        "receiver": "oncall",
        "integration": "pagerduty",
        "opened_s": 336,
        "closed_s": 1242,
        "notices": [1, 8, 10],
        "title": "alpha is down",
        "group_labels": {"alertname": "PagingModelDown"},
    }
    assert [notification["number"] for notification in document["notices"]] == list(range(1, 16))
    by_receiver = {item["receiver"]: item for item in document["receivers"]}
    assert by_receiver["oncall"] == {
        "receiver": "oncall",
        "integration": "pagerduty",
        "opened": 3,
        "closed": 3,
        "refused": 0,
        "firing_to_paged": {"median_s": 36, "median_wall_s": 0.6, "max_s": 60, "max_wall_s": 1},
        "resolved_to_closed": {"median_s": 48, "median_wall_s": 0.8, "max_s": 60, "max_wall_s": 1},
    }
    assert by_receiver["mail"]["refused"] == 3


def test_open_incident_and_unknown_durations_are_null() -> None:
    """What is open has not closed, and a page of an alert that was not seen to fire has no duration."""
    record = build_paging_record()
    notifications = (record.timeline.paging.notifications[0],)
    timeline = replace(record.timeline, events=(), paging=PagingPath(notifications=notifications))
    document = _render(replace(record, timeline=timeline))
    assert document["incidents"][0]["closed_s"] is None
    assert document["receivers"][0]["closed"] == 0
    assert document["receivers"][0]["firing_to_paged"] is None


def test_held_back_and_deliveries_are_stated_as_in_the_drill() -> None:
    """What an expectation says of the paging path is there, and what it does not say is left out."""
    document = _render(build_paging_record())
    assert _finding(document, "paging-silenced")["expected"]["held_back"] == {
        "why": "silenced",
        "until_s": 1500,
        "by": {"model": "beta"},
    }
    assert _finding(document, "paging-inhibited")["expected"]["held_back"]["until_s"] is None
    expected = _finding(document, "paging-critical")["expected"]
    assert (expected["pages_within_s"], expected["closes_within_s"]) == (300, 240)
    assert expected["deliveries"] == [
        {
            "receiver": "oncall",
            "integration": "pagerduty",
            "group_labels": {"alertname": "PagingModelDown", "model": "alpha"},
            "title": {"exact": "alpha is down"},
            "notices": [2, 3],
            "repeats_after_s": [600, 700],
        },
        {
            "receiver": "chat",
            "integration": "slack",
            "text": {"regex": "for \\d+ minutes"},
            "refused": [0, 0],
        },
    ]
    assert _finding(document, "paging-outage")["expected"]["notices"] == 2


def test_no_number_that_json_cannot_write() -> None:
    """NaN and infinities become null, and milliseconds are the finest that is written."""
    record = build_record()
    event = Event(at_s=math.nan, kind="firing", alert="A", labels={})
    near = NearMiss(alert="A", labels={}, reaches=0.5, pending=True, pending_within_s=(0.0, math.inf))
    drill = replace(record.placements[0].drill, name="endless", lasts_s=math.inf)
    finding = Finding(
        outcome="met", alert="A", labels={}, expectation=near, observed={"pending": 1.00049}, evidence=""
    )
    document = _render(
        replace(
            record,
            timeline=replace(record.timeline, events=(event,)),
            placements=(Placement(drill=drill, start_s=1.0),),
            verdicts=(Verdict(drill="endless", findings=(finding,)),),
        )
    )
    assert document["events"][0]["at_s"] is None
    assert document["drills"][0]["end_s"] is None
    assert document["verdicts"][0]["findings"][0]["expected"]["pending_most_s"] is None
    assert document["verdicts"][0]["findings"][0]["observed"]["pending"] == 2.0
