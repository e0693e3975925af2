"""The timeline's JSON: its fixed form, on rule time from the start of the run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from report_records import build_record

from harness.model import Event, Finding, NearMiss, Placement, Verdict
from harness.reports import RunRecord, timeline_json

NUMBER = (int, float)
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
            "findings": [
                {
                    "alert": str,
                    "labels": {str: str},
                    "broke_at": (str, type(None)),
                    "outcome": str,
                    "expected": {str: (str, int, float, bool)},
                    "observed": {str: NUMBER},
                }
            ],
        }
    ],
    "drills": [{"drill": str, "start_s": NUMBER, "end_s": NUMBER}],
    "doubts": [str],
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


def test_form() -> None:
    """The document has exactly the keys of schema 1, in their order, with values of their types."""
    document = _render(replace(build_record(), doubts=("scrapes came late",)))
    _check(document, FORM, "$")
    assert document["schema"] == 1
    assert document["doubts"] == ["scrapes came late"]
    assert document["started_at"] == "2025-11-03T09:41:07+00:00"
    assert len(document["events"]) == len(build_record().timeline.events)


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
