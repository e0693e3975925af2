"""One alert's figure, as plotly takes it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from support.paging_records import CRITICAL, SUPPRESSED_SPANS, WARNING, build_paging_record, notify
from support.report_exercises import AUTH, ERRORS, LATENCY, RULES
from support.report_records import build_record

from alertdrill.core.timeline import Curve, Event, Notification, PagingPath
from alertdrill.reports import RunRecord
from alertdrill.reports.html.figure import MOST_CURVES, Figure, draw_alert
from alertdrill.reports.html.incidents import MOST_ROWS, draw_incidents
from alertdrill.reports.html.scale import choose_scale


def _draw(alert: str, record: RunRecord | None = None) -> Figure:
    record = record or build_record()
    figure = draw_alert(record, alert, [rule for rule in RULES if rule.name == alert])
    assert figure is not None
    return figure


def _traces(figure: Figure, meta: str) -> list[Any]:
    return [trace for trace in figure.plot["data"] if trace["meta"] == meta]


def _curve(*values: float, threshold: float = 10.0, op: str = ">") -> Curve:
    return Curve(alert="A", labels={}, op=op, threshold=threshold, points=tuple(enumerate(values)))


def test_curves_are_bounded_and_those_left_out_are_counted() -> None:
    """At most a dozen label sets are drawn: those that did something, then those nearest the threshold."""
    record = build_record()
    figure = _draw(LATENCY, record)
    assert len(_traces(figure, "curve")) == len(figure.series) == MOST_CURVES
    assert (
        figure.left_out == sum(curve.alert == LATENCY for curve in record.timeline.curves) - MOST_CURVES > 0
    )
    assert {one.labels["model"] for one in figure.series[:4] if one.events} == {
        "gpt-4.1", "gpt-4.1-mini", "claude-haiku-4-5", "claude-sonnet-4-5",
    }  # fmt: skip
    assert figure.series[4].labels["model"] == "llama-3.3"


def test_label_set_that_did_something_is_never_left_out() -> None:
    """A label set with an event is drawn first, although a dozen others came nearer to the threshold."""
    record = build_record()
    labels = {"provider": "openrouter", "model": "model-00"}
    events = (*record.timeline.events, Event(at_s=90, kind="pending", alert=LATENCY, labels=labels))
    figure = _draw(LATENCY, replace(record, timeline=replace(record.timeline, events=events)))
    assert labels in [dict(one.labels) for one in figure.series[:5]]


def test_what_lies_on_a_level_line_is_left_out() -> None:
    """Of a stretch without a change, or without a value, both ends are kept and nothing between them."""
    values = (1.0, 1.0, 1.0, 4.0, 4.0, 5.0, math.nan, math.nan, math.nan, 2.0, 2.0, 2.0)
    curve = replace(_curve(*values, threshold=0.1), alert=AUTH)
    record = build_record()
    timeline = replace(record.timeline, events=(), curves=(curve,))
    (trace,) = _traces(_draw(AUTH, replace(record, timeline=timeline)), "curve")
    kept = (0, 2, 3, 4, 5, 6, 8, 9, 11)
    assert [round(x * 60) for x in trace["x"]] == list(kept)
    assert len(trace["text"]) == len(kept)


def test_gap_and_infinity() -> None:
    """NaN is a gap; an infinite value is drawn at the top and marked."""
    figure = _draw(LATENCY)
    (curve,) = [trace for trace in _traces(figure, "curve") if "claude-haiku" in trace["name"]]
    (infinite,) = _traces(figure, "infinite")
    top = figure.plot["layout"]["yaxis"]["range"][1]
    assert None in curve["y"]
    assert curve["connectgaps"] is False
    assert set(infinite["y"]) == {top}
    assert max(value for value in curve["y"] if value is not None) == top
    assert any("+Inf at" in text for text in curve["text"])
    assert any("infinite" in remark for remark in figure.remarks)
    json.dumps(figure.plot, allow_nan=False)


def test_threshold_runs_through_the_whole_plot() -> None:
    """The threshold is a dashed line from the start of the run to its end, with its value."""
    (line,) = _traces(_draw(ERRORS), "threshold")
    assert line["x"] == [0, 70.0]
    assert line["y"] == [0.05, 0.05]
    assert line["text"][1] == "&gt; 0.05"


def test_states_and_pages_follow_the_events() -> None:
    """Pending and firing are bars between the events, in minutes; pages and closings are marks."""
    figure = _draw(AUTH)
    pending, firing = _traces(figure, "pending")[0], _traces(figure, "firing")[0]
    assert (pending["base"][0], pending["x"][0]) == (3.0, 5.0)
    assert firing["base"] == [8.0]
    assert firing["x"] == [10.25]
    assert _traces(figure, "paged")[0]["x"] == [pytest.approx(8 + 41 / 60, abs=1e-3)]
    assert "paged at 8:41, metis-page" in _traces(figure, "paged")[0]["hovertext"]
    assert len(_traces(figure, "page_resolved")[0]["x"]) == 1
    for kind in ("drill", "other", "act", "pending", "firing", "paged", "page_resolved"):
        assert _traces(figure, kind)[0]["yaxis"] == "y2"


def test_pending_that_fades_ends_where_its_curve_falls() -> None:
    """No event says that a pending alert went back to inactive, so its bar ends with the curve."""
    pending = _traces(_draw(AUTH), "pending")[0]
    record = build_record()
    (curve,) = [curve for curve in record.timeline.curves if curve.alert == AUTH]
    base_s = pending["base"][1] * 60
    falls_s = next(at_s for at_s, value in curve.points if at_s > base_s and value <= 0.1)
    assert (pending["base"][1] + pending["x"][1]) * 60 == pytest.approx(falls_s, abs=0.1)


def test_what_has_not_ended_lasts_until_the_end() -> None:
    """An alert that still fires when the run ends has a bar to the plot's edge."""
    record = build_record()
    event = Event(at_s=4080, kind="firing", alert=AUTH, labels={})
    record = replace(record, timeline=replace(record.timeline, events=(event,)))
    firing = _traces(_draw(AUTH, record), "firing")[0]
    assert (firing["base"], firing["x"]) == ([68.0], [2.0])


def test_traffic_of_the_alerts_own_drills_is_labelled() -> None:
    """Each drill of the alert has a bar from its start to its end with its profiles; others share a lane."""
    figure = _draw(AUTH)
    profiles, drills = _traces(figure, "act")[0], _traces(figure, "drill")[0]
    titles = [note["text"] for note in figure.plot["layout"]["annotations"]]
    assert "auth-scan-fires" in profiles["text"]
    assert drills["base"] == [0.0, 25.0, 45.0]
    assert {"metis-auth-scan-fires", "metis-auth-rotation", "metis-auth-slow-scan"} <= set(titles)
    assert "traffic of the other drills" in titles
    assert len(_traces(figure, "other")[0]["x"]) == 2 * 14 + 1
    edges = {shape["x0"] for shape in figure.plot["layout"]["shapes"]}
    assert {0.0, 25.0, 45.0} <= edges


def test_profiles_at_the_same_time_lie_beneath_each_other() -> None:
    """Two load profiles that overlap do not cover each other."""
    record = build_record()
    place = next(place for place in record.placements if place.drill.name == "metis-auth-scan-fires")
    profile = place.drill.traffic[1]
    place = replace(place, drill=replace(place.drill, traffic=(profile, replace(profile, name="second"))))
    profiles = _traces(_draw(AUTH, replace(record, placements=(place,))), "act")[0]
    assert profiles["text"] == ["auth-scan-fires", "second"]
    assert profiles["y"][1] - profiles["y"][0] >= profiles["width"][0]


def test_events_without_a_curve_have_a_lane() -> None:
    """An alert whose value was never seen, such as one that compares nothing, is drawn all the same."""
    record = build_record()
    event = Event(at_s=60, kind="firing", alert=AUTH, labels={"zone": "a", "severity": "page"})
    record = replace(record, timeline=replace(record.timeline, curves=(), events=(event,)))
    figure = _draw(AUTH, record)
    assert "yaxis" not in figure.plot["layout"]
    assert [one.labels for one in figure.series] == [{"zone": "a"}]
    assert figure.plot["layout"]["annotations"][0]["text"] == '{zone="a"}'


def test_markup_in_labels_is_escaped_for_plotly() -> None:
    """Plotly would obey tags in a label value, so they reach it as entities."""
    record = build_record()
    curve = Curve(
        alert=AUTH, labels={"l": "<a href='x'>y</a>%{x}"}, op=">", threshold=1, points=((0, 1), (9, 2))
    )
    record = replace(record, timeline=replace(record.timeline, curves=(curve,), events=()))
    (trace,) = _traces(_draw(AUTH, record), "curve")
    assert trace["name"] == "{l=\"&lt;a href='x'&gt;y&lt;/a&gt;%{x}\"}"
    assert "%{x}" not in trace["hovertemplate"]


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
    assert scale.axis["type"] == kind
    high = scale.axis["range"][1]
    assert scale.top == pytest.approx(10**high if kind == "log" else high)
    assert top <= scale.top <= top * 1.7
    assert scale.place(10.0) == 10.0
    assert scale.place(math.nan) is None
    assert scale.place(math.inf) == scale.top
    assert any("axis" in remark for remark in scale.remarks) == (max(values) in {500})


def test_nearness_follows_the_comparison() -> None:
    """For a rule that fires below its threshold, the lowest label sets are the ones to show."""
    record = build_record()
    curves = tuple(
        Curve(alert=AUTH, labels={"n": str(number)}, op="<", threshold=1, points=((0, 5.0 + number),))
        for number in range(20)
    )
    figure = _draw(AUTH, replace(record, timeline=replace(record.timeline, curves=curves, events=())))
    assert {one.labels["n"] for one in figure.series} == {str(number) for number in range(MOST_CURVES)}


def test_what_held_an_alert_back_lies_beneath_its_state() -> None:
    """A span is a bar of its own kind under the state, named in it and hatched, with its reason to hover."""
    figure = _draw(CRITICAL, build_paging_record())
    (silenced,) = _traces(figure, "silenced")
    firing = _traces(figure, "firing")[0]
    assert (silenced["base"], silenced["x"], silenced["text"]) == ([7.0], [18.0], ["silenced"])
    assert silenced["hovertext"] == ['silenced by a silence of {model="beta"}, 7:00 to 25:00']
    beta = [one.labels["model"] for one in figure.series].index("beta")
    assert silenced["y"][0] == firing["y"][beta] + firing["width"][beta]
    patterns = {
        trace["meta"]: trace["marker"]["pattern"]["shape"]
        for alert in (CRITICAL, WARNING)
        for trace in _draw(alert, build_paging_record()).plot["data"]
        if trace["meta"] in {"silenced", "inhibited", "refused"}
    }
    assert len(set(patterns.values())) == len(patterns) == 3


def test_span_belongs_to_the_label_set_that_fits_best() -> None:
    """Of a label set without labels and one with the span's own, the latter has it; one unknown has none."""
    record = build_paging_record()
    labels = SUPPRESSED_SPANS[0].labels
    curves = tuple(
        Curve(alert=CRITICAL, labels=own, op=">", threshold=1, points=((0, 0.5), (60, 2)))
        for own in ({}, labels, {"model": "other"})
    )
    timeline = replace(record.timeline, curves=curves, events=())
    figure = _draw(CRITICAL, replace(record, timeline=timeline))
    assert {tuple(one.labels): len(one.held) for one in figure.series} == {
        (): 0, tuple(labels): 1, ("model",): 0,
    }  # fmt: skip
    titles = [note["text"] for note in figure.plot["layout"]["annotations"]]
    assert '{provider="openai", model="beta"}' in titles


def _draw_notifications(*notifications: Notification) -> Any:
    record = build_paging_record()
    timeline = replace(record.timeline, paging=PagingPath(notifications=notifications))
    return draw_incidents(replace(record, timeline=timeline))


def _incident_traces(figure: Any, meta: str) -> list[Any]:
    return [trace for trace in figure.plot["data"] if trace["meta"] == meta]


def test_incidents_have_a_lane_for_each_inbox() -> None:
    """Incidents are bars from opening to closing, named, and marked where they were opened and closed."""
    figure = draw_incidents(build_paging_record())
    assert figure is not None
    assert [note["text"] for note in figure.plot["layout"]["annotations"]] == [
        "chat · slack", "mail · email", "oncall · pagerduty",
    ]  # fmt: skip
    (closed,) = _incident_traces(figure, "closed")
    by_title = dict(
        zip(map(str.strip, closed["text"]), zip(closed["base"], closed["x"], strict=True), strict=True)
    )
    assert by_title["alpha is down"] == (5.6, 15.1)
    assert len(_incident_traces(figure, "paged")[0]["x"]) == 5
    assert len(_incident_traces(figure, "page_resolved")[0]["x"]) == 5
    assert _incident_traces(figure, "updated")[0]["hovertext"] == [
        "updated at 16:26, notification 8", "updated at 10:20, notification 4",
    ]  # fmt: skip
    assert figure.left_out == 0
    json.dumps(figure.plot, allow_nan=False)


def test_refused_attempts_have_a_row_of_their_own() -> None:
    """What a receiver refused is marked under its incidents, in another colour and symbol than its pages."""
    figure = draw_incidents(build_paging_record())
    (refused,) = _incident_traces(figure, "refused")
    assert len(refused["x"]) == 3
    assert "refused with 421 at 10:40, notification 5" in refused["hovertext"]
    assert refused["marker"]["symbol"] != _incident_traces(figure, "paged")[0]["marker"]["symbol"]
    assert not set(refused["y"]) & set(_incident_traces(figure, "closed")[0]["y"])


def test_incident_that_never_closed_runs_to_the_end() -> None:
    """An open incident is a bar of another kind, to the edge of the plot."""
    figure = _draw_notifications(notify(1, 600, title="t", incident="a", effect="opened"))
    (bar,) = _incident_traces(figure, "open")
    assert (bar["base"], bar["x"]) == ([10.0], [40.0])
    assert bar["hovertext"] == ["t, never closed, 10:00 to 50:00"]
    assert not _incident_traces(figure, "closed")


def test_incidents_at_the_same_time_lie_beneath_each_other() -> None:
    """Incidents that overlap have rows of their own, up to a bound; one that comes later uses a free row."""
    notifications = [
        notify(number, number, title=f"t{number}", incident=f"i{number}", effect="opened")
        for number in range(1, MOST_ROWS + 4)
    ]
    figure = _draw_notifications(*notifications)
    (bars,) = _incident_traces(figure, "open")
    assert len(set(bars["y"])) == len(bars["y"]) == MOST_ROWS
    assert figure.left_out == 3
    figure = _draw_notifications(
        *notifications[:1],
        notify(90, 90, incident="i1", effect="closed"),
        notify(91, 91, title="later", incident="b", effect="opened"),
    )
    assert _incident_traces(figure, "open")[0]["y"] == _incident_traces(figure, "closed")[0]["y"]


def test_title_is_cut_to_its_bar() -> None:
    """A short incident shows the beginning of its title, and hovering the whole."""
    title = "a title of many words that says it all"
    figure = _draw_notifications(
        notify(1, 600, title=title, incident="a", effect="opened"),
        notify(2, 900, incident="a", effect="closed"),
        notify(3, 1200, title=title, incident="b", effect="opened"),
    )
    (short,), (long,) = (_incident_traces(figure, kind) for kind in ("closed", "open"))
    assert short["text"] == [f"   {title[:14]}…"]
    assert short["hovertext"][0].startswith(title)
    assert long["text"] == [f"   {title}"]


def test_no_notifications_no_figure() -> None:
    """Where nothing was sent to any receiver there is nothing to draw."""
    assert _draw_notifications() is None
