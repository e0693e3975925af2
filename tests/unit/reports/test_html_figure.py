"""One alert of a run, as the page draws it: values, threshold, states, pages and what held them back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from support.paging_records import CRITICAL, SUPPRESSED_SPANS, WARNING, build_paging_record
from support.report_documents import describe, find_alert, find_drill, unpack
from support.report_exercises import AUTH, ERRORS, LATENCY
from support.report_records import build_record

from alertdrill.core.timeline import Curve, Event
from alertdrill.reports import RunRecord
from alertdrill.reports.html.alerts import MOST_CURVES
from alertdrill.reports.html.packing import pack
from alertdrill.reports.html.scale import choose_scale


def _describe(alert: str, record: RunRecord | None = None) -> dict[str, Any]:
    return find_alert(describe(record or build_record()), alert)


def _drawn(alert: dict[str, Any]) -> list[dict[str, Any]]:
    return list(alert["series"][: alert["drawn"]])


def _curve(*values: float, threshold: float = 10.0, op: str = ">") -> Curve:
    return Curve(alert="A", labels={}, op=op, threshold=threshold, points=tuple(enumerate(values)))


def _states(alert: dict[str, Any], kind: str) -> list[tuple[float, float]]:
    return [(start, end) for one in alert["series"] for state, start, end in one["states"] if state == kind]


def test_curves_are_bounded_and_those_left_out_are_counted() -> None:
    """At most a dozen label sets are drawn: those that did something, then those nearest the threshold."""
    record = build_record()
    alert = _describe(LATENCY, record)
    drawn = _drawn(alert)
    assert len(drawn) == MOST_CURVES
    assert (
        alert["left_out"] == sum(curve.alert == LATENCY for curve in record.timeline.curves) - MOST_CURVES > 0
    )
    assert {one["labels"]["model"] for one in drawn[:4] if one["states"]} == {
        "gpt-4.1", "gpt-4.1-mini", "claude-haiku-4-5", "claude-sonnet-4-5",
    }  # fmt: skip
    assert drawn[4]["labels"]["model"] == "llama-3.3"


def test_label_set_that_did_something_is_never_left_out() -> None:
    """A label set with an event is drawn first, although a dozen others came nearer to the threshold."""
    record = build_record()
    labels = {"provider": "openrouter", "model": "model-00"}
    events = (*record.timeline.events, Event(at_s=90, kind="pending", alert=LATENCY, labels=labels))
    alert = _describe(LATENCY, replace(record, timeline=replace(record.timeline, events=events)))
    assert labels in [one["labels"] for one in _drawn(alert)[:5]]


def test_what_a_drill_is_about_is_kept_beside_the_dozen() -> None:
    """A drill shows its own label set, however many others came nearer to the threshold."""
    record = build_record()
    labels = {"provider": "openrouter", "model": "model-00"}
    place = next(place for place in record.placements if place.drill.expects[0].alert == LATENCY)
    expected = replace(place.drill.expects[0], labels=labels)
    drill = replace(place.drill, expects=(expected,))
    (finding,) = next(one for one in record.verdicts if one.drill == drill.name).findings
    verdicts = tuple(
        replace(one, findings=(replace(finding, labels=labels),)) if one.drill == drill.name else one
        for one in record.verdicts
    )
    document = describe(replace(record, placements=(replace(place, drill=drill),), verdicts=verdicts))
    (shown,) = find_drill(document, drill.name)["findings"]
    alert = find_alert(document, LATENCY)
    assert [alert["series"][number]["labels"] for number in shown["series"]] == [labels]
    assert alert["drawn"] == MOST_CURVES < len(alert["series"])


def test_what_lies_on_a_level_line_is_left_out() -> None:
    """Of a stretch without a change, or without a value, both ends are kept and nothing between them."""
    values = (1.0, 1.0, 1.0, 4.0, 4.0, 5.0, math.nan, math.nan, math.nan, 2.0, 2.0, 2.0)
    kept = unpack(pack(list(enumerate(values))))
    assert [at_s for at_s, _ in kept] == [0, 2, 3, 4, 5, 6, 8, 9, 11]
    assert [value for _, value in kept] == [1, 1, 4, 4, 5, None, None, 2, 2]


def test_a_curve_weighs_little_and_is_what_it_was() -> None:
    """Instants on a grid are a digit each; values keep four of them, instants a tenth of a second."""
    points = [(7.3 + 15.0 * number, 1234.5678 + number) for number in range(100)]
    packed = pack(points)
    assert packed["step"] * packed["t"][1] == 150
    assert unpack(packed)[:2] == [(7.3, 1235), (22.3, 1236)]
    assert unpack(packed)[-1] == (pytest.approx(points[-1][0]), 1334)
    grid = pack([(15.0 * number, number % 3) for number in range(100)])
    assert set(grid["t"][1:]) == {1}


def test_gap_and_infinity() -> None:
    """NaN is a gap, an infinite value is marked as such, and both are explained."""
    alert = _describe(LATENCY)
    (curve,) = [one for one in alert["series"] if one["labels"]["model"] == "claude-haiku-4-5"]
    values = [value for _, value in unpack(curve["points"])]
    assert None in values
    assert "+" in values
    assert any("infinite" in remark for remark in alert["remarks"])
    assert any("gap" in remark for remark in alert["remarks"])


def test_the_threshold_is_there_with_its_comparison() -> None:
    """The line has the threshold's value and says how the rule compares."""
    assert _describe(ERRORS)["thresholds"] == [{"value": 0.05, "says": "> 0.05"}]


def test_states_and_pages_follow_the_events() -> None:
    """Pending and firing are stretches between the events; pages and closings are instants."""
    alert = _describe(AUTH)
    assert _states(alert, "pending")[0] == (180, 480)
    assert _states(alert, "firing") == [(480, 1095)]
    marks = [mark for one in alert["series"] for mark in one["marks"]]
    assert ["paged", 521, "paged, metis-page"] in marks
    assert [mark[0] for mark in marks].count("page_resolved") == 1


def test_pending_that_fades_ends_where_its_curve_falls() -> None:
    """No event says that a pending alert went back to inactive, so its stretch ends with the curve."""
    start_s, end_s = _states(_describe(AUTH), "pending")[1]
    record = build_record()
    (curve,) = [curve for curve in record.timeline.curves if curve.alert == AUTH]
    falls_s = next(at_s for at_s, value in curve.points if at_s > start_s and value <= 0.1)
    assert end_s == pytest.approx(falls_s, abs=0.1)


def test_what_has_not_ended_lasts_until_the_end() -> None:
    """An alert that still fires when the run ends does so to the end."""
    record = build_record()
    event = Event(at_s=4080, kind="firing", alert=AUTH, labels={})
    record = replace(record, timeline=replace(record.timeline, events=(event,)))
    assert _states(_describe(AUTH, record), "firing") == [(4080, 4200)]


def test_events_without_a_curve_are_there() -> None:
    """An alert whose value was never seen, such as one that compares nothing, is shown all the same."""
    record = build_record()
    event = Event(at_s=60, kind="firing", alert=AUTH, labels={"zone": "a", "severity": "page"})
    record = replace(record, timeline=replace(record.timeline, curves=(), events=(event,)))
    alert = _describe(AUTH, record)
    assert alert["scale"] is None
    assert [(one["labels"], one["name"], one["points"]) for one in alert["series"]] == [
        ({"zone": "a"}, '{zone="a"}', None)
    ]


@pytest.mark.parametrize(
    ("values", "kind", "top"),
    [
        ((1, 12), "linear", 12),
        ((0.5, 500), "log", 500),
        ((0, 500), "linear", 30),
        ((0, math.inf), "linear", 10),
        ((math.nan,), "linear", 10),
        ((-5, 4), "linear", 10),
    ],
)
def test_scale(values: tuple[float, ...], kind: str, top: float) -> None:
    """Values far over the threshold make the axis logarithmic, or clipped where they come down to zero."""
    scale = choose_scale([_curve(*values)])
    assert scale.is_log == (kind == "log")
    assert top <= scale.top <= top * 1.7
    assert scale.bottom < 10 < scale.top
    assert any("axis" in remark for remark in scale.remarks) == (max(values) in {500})


def test_nearness_follows_the_comparison() -> None:
    """For a rule that fires below its threshold, the lowest label sets are the ones to show."""
    record = build_record()
    curves = tuple(
        Curve(alert=AUTH, labels={"n": str(number)}, op="<", threshold=1, points=((0, 5.0 + number),))
        for number in range(20)
    )
    alert = _describe(AUTH, replace(record, timeline=replace(record.timeline, curves=curves, events=())))
    assert {one["labels"]["n"] for one in _drawn(alert)} == {str(number) for number in range(MOST_CURVES)}


def test_what_held_an_alert_back_stands_with_its_label_set() -> None:
    """A span has its kind, from when until when, and its reason in words."""
    alert = _describe(CRITICAL, build_paging_record())
    (beta,) = [one for one in alert["series"] if one["labels"]["model"] == "beta"]
    assert beta["held"] == [["silenced", 420, 1500, 'silenced 7:00 to 25:00 by a silence of {model="beta"}']]
    inhibited = [one["held"] for one in _describe(WARNING, build_paging_record())["series"] if one["held"]]
    assert {span[0] for spans in inhibited for span in spans} >= {"inhibited"}


def test_span_belongs_to_the_label_set_that_fits_best() -> None:
    """Of a label set without labels and one with the span's own, the latter has it; one unknown has none."""
    record = build_paging_record()
    labels = SUPPRESSED_SPANS[0].labels
    curves = tuple(
        Curve(alert=CRITICAL, labels=own, op=">", threshold=1, points=((0, 0.5), (60, 2)))
        for own in ({}, labels, {"model": "other"})
    )
    timeline = replace(record.timeline, curves=curves, events=())
    alert = _describe(CRITICAL, replace(record, timeline=timeline))
    assert {tuple(one["labels"]): len(one["held"]) for one in alert["series"]} == {
        (): 0, tuple(labels): 1, ("model",): 0,
    }  # fmt: skip
