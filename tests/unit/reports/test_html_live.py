"""A run that goes on, as the data of its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from support.report_records import build_record
from support.scripted_run import look

from alertdrill.reports.html.document import describe_run
from alertdrill.reports.html.live import describe_running

RECORD = build_record()
STARTED_AT = datetime(2025, 11, 3, 9, 41, 7, tzinfo=UTC)
FIRES = "metis-latency-fires"


def describe(now_s: float) -> dict[str, Any]:
    """Return what the page shows at an instant."""
    return describe_running(look(RECORD, now_s), STARTED_AT)


def find_drill(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a drill of the page."""
    return next(drill for drill in document["drills"] if drill["name"] == name)


def test_it_has_the_parts_of_a_report() -> None:
    """So the same page draws both."""
    assert describe(60.0).keys() == describe_run(RECORD, [], {}).keys()


def test_a_drill_is_to_come_held_and_over_and_not_judged() -> None:
    """Nobody is told a verdict before there is one."""
    (placement,) = (one for one in RECORD.placements if one.drill.name == FIRES)
    kinds = [
        find_drill(describe(at_s), FIRES)["kind"]
        for at_s in (placement.start_s - 1, placement.start_s, placement.end_s)
    ]
    assert kinds == ["waiting", "now", "over"]
    outcomes = {drill["outcome"] for drill in describe(4000.0)["drills"]}
    assert outcomes <= {"waiting", "now", "over"}


def test_hops_are_shown_as_they_are_seen() -> None:
    """Counted from the start of their drill, as in the report."""
    (reported,) = find_drill(describe_run(RECORD, [], {}), FIRES)["findings"]
    (early,) = find_drill(describe(250.0), FIRES)["findings"]
    (late,) = find_drill(describe(4000.0), FIRES)["findings"]
    assert [hop[0] for hop in early["hops"]] == ["pending"]
    assert late["hops"] == reported["hops"]


def test_progress_and_what_is_left() -> None:
    """Of rule time, and of wall time."""
    live = describe(2100.0)["live"]
    assert (live["share"], live["now"], live["until"]) == (0.5, 2100.0, 4200.0)
    assert (live["wall"], live["left"]) == (35.0, 35.0)


def test_what_fires_on_ends_now_and_the_drills_when_they_will() -> None:
    """The axis is the whole run's from the start, and what is not known yet is not drawn."""
    document = describe(600.0)
    assert document["timeline"]["until"] == 4200.0
    assert document["timeline"]["now"] == 600.0
    assert all(until <= 600.0 for *_, until in document["timeline"]["firing"])
    assert max(drill["until"] for drill in document["drills"]) > 600.0


def test_a_stack_that_stands_has_no_end() -> None:
    """Its axis ends now, and is a minute long at the least."""
    state = replace(look(RECORD, 10.0), endless=True, placements=(), drills=0)
    document = describe_running(state, STARTED_AT)
    assert document["head"]["outcome"] == "The stack stands"
    assert document["timeline"]["until"] == 60.0
    assert document["drills"] == []


def test_before_the_drills_nothing_has_happened() -> None:
    """While a run calibrates, rule time is negative."""
    document = describe(-300.0)
    assert document["live"]["now"] == -300.0
    assert document["live"]["share"] == 0.0
    assert {drill["kind"] for drill in document["drills"]} == {"waiting"}
