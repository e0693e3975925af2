"""Tests of how answers of Prometheus and the pager become events, curves and measurements."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support.canned_prometheus import CannedApi
from support.panel_files import PANELS, read_toy_panels

from alertdrill.core.clock import Clock
from alertdrill.core.rule import AlertRule
from alertdrill.errors import ComponentFailed
from alertdrill.judging.clock_fidelity import Bounds
from alertdrill.recording.prometheus import (
    count_recorded_evaluations,
    count_samples,
    read_alert_events,
    read_curves,
    read_panels,
    read_pendings,
    read_recorded_curves,
)
from alertdrill.recording.scrapes import measure_gaps, read_scrapes
from alertdrill.rules.panels import PanelCurves
from alertdrill.runtime.http_client import Series

CLOCK = Clock(speed=60, origin_s=1000.0)


def at(*rule_s: float, value: float = 1.0) -> tuple[tuple[float, float], ...]:
    """Return samples at rule times, as Prometheus stamps them."""
    return tuple((CLOCK.wall_s(instant), value) for instant in rule_s)


def describe(answers: dict[str, list[Series]]) -> list[tuple[str, float]]:
    """Return the kinds and instants of the events in canned answers."""
    events = read_alert_events(CannedApi(answers), CLOCK, 0.0, 600.0)
    return [(event.kind, round(event.at_s, 3)) for event in events]


LABELS = {"alertname": "Slow", "model": "gpt-4.1"}


def make_answers(
    pending: tuple[float, ...], firing: tuple[float, ...], active_since: float = 1000.0
) -> dict[str, list[Series]]:
    """Return what Prometheus has of one activation."""
    return {
        "ALERTS_FOR_STATE": [(LABELS, at(*pending, *firing, value=active_since))],
        "ALERTS": [
            ({**LABELS, "alertstate": "pending"}, at(*pending)),
            ({**LABELS, "alertstate": "firing"}, at(*firing)),
        ],
    }


def test_an_activation_is_pending_then_firing_then_resolved_at_the_next_evaluation() -> None:
    """Each instant is that of an evaluation; the first one without the alert resolved it."""
    assert describe(make_answers((30, 45, 60), (75, 90))) == [
        ("pending", 30),
        ("firing", 75),
        ("resolved", 105),
    ]


def test_an_alert_that_still_fires_at_the_end_is_not_resolved() -> None:
    """An alert in the last evaluation before the end has no resolution yet."""
    assert describe(make_answers((540,), (555, 570, 585))) == [("pending", 540), ("firing", 555)]


def test_a_left_out_evaluation_does_not_end_an_activation() -> None:
    """A gap within one activation is an evaluation that was left out, not a resolution."""
    assert describe(make_answers((30,), (45, 60, 105, 120))) == [
        ("pending", 30),
        ("firing", 45),
        ("resolved", 135),
    ]


def test_two_activations_are_told_apart_by_when_they_became_active() -> None:
    """The same alert that fires twice has both its events twice, however short the pause."""
    first, second = make_answers((30,), (45,), 1000.0), make_answers((60,), (75,), 1001.0)
    answers = {key: first[key] + second[key] for key in first}
    merged = {
        "ALERTS_FOR_STATE": [(LABELS, answers["ALERTS_FOR_STATE"][0][1] + answers["ALERTS_FOR_STATE"][1][1])],
        "ALERTS": answers["ALERTS"],
    }
    assert sorted(describe(merged)) == [
        ("firing", 45),
        ("firing", 75),
        ("pending", 30),
        ("pending", 60),
        ("resolved", 60),
        ("resolved", 90),
    ]


def test_an_alert_that_goes_and_comes_in_one_second_is_active_twice() -> None:
    """At speed 60 that is four evaluations, and both activations have the same whole second."""
    answers = make_answers((15, 45, 60), (75, 90))
    assert describe(answers) == [("pending", 15), ("pending", 45), ("firing", 75), ("resolved", 105)]
    lasted = read_pendings(CannedApi(answers), CLOCK, 0.0, 600.0)
    assert {round(at_s): lasted_s for (_, _, at_s), lasted_s in lasted.items()} == {15: 0}


def test_evaluations_as_far_apart_as_their_group_has_them_are_one_activation() -> None:
    """A group may be evaluated twice a minute."""
    assert describe(make_answers((0, 30, 60), (90, 120))) == [
        ("pending", 0),
        ("firing", 90),
        ("resolved", 135),
    ]


def test_a_pending_alert_that_lapses_is_not_resolved() -> None:
    """What never fired has nothing to resolve."""
    assert describe(make_answers((30, 45), ())) == [("pending", 30)]


def make_rule(name: str, expr: str) -> AlertRule:
    """Return a rule that is evaluated every 15 s."""
    return AlertRule(
        name=name,
        expr=expr,
        for_s=0,
        keep_firing_for_s=0,
        labels={"severity": "warning"},
        annotations={},
        group="g",
        interval_s=15,
        source="rules.yml:1",
    )


def test_a_curve_asks_for_the_dilated_left_side_and_carries_the_rules_labels() -> None:
    """The threshold is split off, the expression dilated, gaps are marked, and rule labels win."""
    rule = make_rule("Slow", "rate(x[5m]) > 0.5")
    prometheus = CannedApi({"rate": [({"model": "m", "severity": "?"}, at(0, 15, 60))]})
    (curve,) = read_curves(prometheus, CLOCK, [rule], 0.0, 600.0)
    assert "[5s]" in prometheus.asked[0]["query"]
    assert "> 0.5" not in prometheus.asked[0]["query"]
    assert prometheus.asked[0]["step"] == "0.250000"
    assert (curve.op, curve.threshold) == (">", 0.5)
    assert curve.labels == {"model": "m", "severity": "warning"}
    assert [round(point, 3) for point, _ in curve.points] == [0, 15, 30, 60]
    assert math.isnan(curve.points[2][1])


def show_panels(answers: dict[str, list[Series]], until_s: float = 4500.0) -> dict[str, PanelCurves]:
    """Return what the toy system's panels showed, by title, given canned answers."""
    prometheus = CannedApi({**answers, "": []})
    panels = read_panels(prometheus, CLOCK, [read_toy_panels()], 0.0, until_s)
    assert {ask["path"] for ask in prometheus.asked} == {"/api/v1/query_range"}
    return {shown.panel.title: shown for shown in panels}


def test_every_panel_is_asked_in_dilated_time_and_few_points() -> None:
    """Each query of each panel is asked once, dilated, in steps of whole evaluations, 300 at most."""
    prometheus = CannedApi({"": []})
    panels = read_panels(prometheus, CLOCK, [read_toy_panels()], 0.0, 4515.0)
    assert [shown.panel for shown in panels] == list(read_toy_panels().panels)
    assert len(prometheus.asked) == sum(len(shown.panel.queries) for shown in panels)
    assert {ask["step"] for ask in prometheus.asked} == {"0.500000"}
    (failing,) = [ask["query"] for ask in prometheus.asked if "* 100" in ask["query"]]
    assert "[10s]" in failing


def test_a_panels_series_are_named_and_on_rule_time() -> None:
    """A series has its legend's name, and its gaps are marked."""
    labels = {"model": "gpt-4.1", "provider": "openai"}
    shown = show_panels({"* 100": [(labels, at(0, 15, 60, value=7.0))]})["Failing calls"]
    (curve,) = shown.curves
    assert curve.legend == "gpt-4.1 of openai"
    assert [round(at_s, 3) for at_s, _ in curve.points] == [0, 15, 30, 60]
    assert math.isnan(curve.points[2][1])
    assert (shown.left_out, shown.trouble) == (0, None)


def test_the_largest_series_are_kept_and_the_others_counted() -> None:
    """Of ten series the six with the largest values are kept, a NaN being no value."""
    series: list[Series] = [({"model": f"m{number}"}, at(0, 15, value=float(number))) for number in range(9)]
    series.append(({"model": "none"}, at(0, value=math.nan)))
    shown = show_panels({"topk": series})["Busiest models"]
    assert [curve.legend for curve in shown.curves] == ["m8", "m7", "m6", "m5", "m4", "m3"]
    assert shown.left_out == 4


def test_a_histogram_keeps_its_buckets() -> None:
    """A heatmap is nothing without its lower buckets, so more of its series are kept."""
    series: list[Series] = [({"le": str(bound)}, at(0, 15, value=float(bound))) for bound in range(12)]
    shown = show_panels({"by (le)": series})["Latency"]
    assert len(shown.curves) == 12
    assert shown.left_out == 0


def test_a_panel_that_cannot_be_asked_does_not_spoil_the_run() -> None:
    """An expression that Prometheus refuses, or that cannot be dilated, is said at its panel alone."""

    class Refusing(CannedApi):
        def query(self, path: str, **params: str) -> list[Series]:
            if "toy_keys" in params["query"]:
                raise ComponentFailed("prometheus answered 422")
            return super().query(path, **params)

    dashboard = read_toy_panels(PANELS.replace("topk(3, toy_calls_total)", "time() - toy_calls_total"))
    panels = read_panels(Refusing({"": [({}, at(0))]}), CLOCK, [dashboard], 0.0, 600.0)
    troubles = {shown.panel.title: shown.trouble for shown in panels if shown.trouble}
    assert troubles["Active keys"] == "prometheus answered 422"
    assert "reads the clock" in troubles["Busiest models"]
    assert set(troubles) == {"Active keys", "Busiest models"}
    assert all(shown.curves == () for shown in panels if shown.trouble)
    assert all(shown.curves for shown in panels if not shown.trouble)


def test_scrapes_tell_good_from_failed() -> None:
    """A failed scrape is a sample of `up` that is 0."""
    prometheus = CannedApi({"up": [({}, at(0, 15) + at(30, value=0.0))]})
    scrapes = read_scrapes(prometheus, CLOCK, "metis-gateway", 0.0, 600.0)
    assert [is_good for _, is_good in scrapes] == [True, True, False]


@pytest.mark.parametrize(
    ("scrapes", "gap_s", "off"),
    [
        ([], None, 0),
        ([(0.0, True)], None, 0),
        ([(0.0, True), (15.0, True), (30.0, True)], 15.0, 0),
        ([(0.0, True), (15.0, False), (30.0, True), (45.0, True)], 30.0, 1),
        ([(0.0, True), (15.0, True), (135.0, True), (150.0, True)], 120.0, 7),
        ([(0.0, True), (22.0, True), (45.0, True)], 23.0, 1),
    ],
)
def test_gaps_are_between_good_scrapes(
    scrapes: list[tuple[float, bool]], gap_s: float | None, off: int
) -> None:
    """A failed scrape lengthens the gap; in more than one and a half intervals scrapes are missing."""
    assert measure_gaps(scrapes, 15.0) == (gap_s, off)


@pytest.mark.parametrize(("until_s", "gap_s", "off"), [(44.0, 15.0, 0), (60.0, 30.0, 1), (330.0, 300.0, 19)])
def test_a_gap_up_to_the_end_counts(until_s: float, gap_s: float, off: int) -> None:
    """A Prometheus that stands still until the run is over has left out scrapes like any other."""
    assert measure_gaps([(0.0, True), (15.0, True), (30.0, True)], 15.0, until_s) == (gap_s, off)


@pytest.mark.parametrize(("since_s", "gap_s", "off"), [(0.0, 15.0, 0), (-300.0, 310.0, 20)])
def test_a_gap_from_the_beginning_counts(since_s: float, gap_s: float, off: int) -> None:
    """Scrapes that failed before the first good one are missing like any other."""
    assert measure_gaps([(-5.0, False), (10.0, True), (25.0, True)], 15.0, 40.0, since_s) == (gap_s, off)


def test_a_staleness_marker_is_no_sample() -> None:
    """VictoriaMetrics has the marker as NaN: the alert was gone then, and the scrape did not happen."""
    pending, firing = at(30), at(45, 60)
    ends = at(75, value=math.nan)
    answers: dict[str, list[Series]] = {
        "ALERTS_FOR_STATE": [(LABELS, pending + firing + ends)],
        "ALERTS": [
            ({**LABELS, "alertstate": "pending"}, pending + at(45, value=math.nan)),
            ({**LABELS, "alertstate": "firing"}, firing + ends),
        ],
        "up": [({}, at(0, 15) + at(30, value=math.nan))],
    }
    assert describe(answers) == [("pending", 30), ("firing", 45), ("resolved", 75)]
    assert len(read_scrapes(CannedApi(answers), CLOCK, "metis-gateway", 0.0, 600.0)) == 2


def test_a_recorded_curve_has_the_values_of_its_own_rule_and_what_was_nan() -> None:
    """Rules are told apart by their number; a NaN, recorded beside, is a point without a value."""
    labels = {"model": "m", "severity": "?", "alertdrill_rule": "1"}
    prometheus = CannedApi(
        {
            "alertdrill:rule_value": [
                ({"__name__": "alertdrill:rule_value", **labels}, at(0, 15, value=2.0)),
                ({"__name__": "alertdrill:rule_value_is_nan", **labels}, at(30, value=0.0)),
            ]
        }
    )
    rules = [make_rule("Other", "a > 9"), make_rule("Slow", "rate(x[5m]) > 0.5")]
    (curve,) = read_recorded_curves(prometheus, CLOCK, rules, 0.0, 600.0)
    assert (curve.alert, curve.op, curve.threshold) == ("Slow", ">", 0.5)
    assert curve.labels == {"model": "m", "severity": "warning"}
    assert [round(at_s, 3) for at_s, _ in curve.points] == [0, 15, 30]
    assert [value for _, value in curve.points[:2]] == [2.0, 2.0]
    assert math.isnan(curve.points[2][1])


def test_a_sample_that_came_twice_is_counted_once() -> None:
    """Who sends samples may send some again, and a store may keep both."""
    prometheus = CannedApi({"ALERTS": [(LABELS, at(0, 15, 15)), ({}, at(15, 30))]})
    assert count_samples(prometheus, CLOCK, 0.0, 600.0) == 4


@pytest.mark.parametrize(
    ("instants", "counted"),
    [
        ((), (0, 0)),
        ((15, 30, 45, 60, 75), (5, 0)),
        ((8, 23, 38, 53, 68, 83), (6, 0)),
        ((15, 30, 75), (3, 2)),
        ((15, 30, 30), (2, 3)),
    ],
)
def test_evaluations_that_are_missing_are_counted(instants: tuple[float, ...], counted: Any) -> None:
    """Between the recorded ones, and before the first and after the last."""
    prometheus = CannedApi({"alertdrill:evaluation": [({}, at(*instants))] if instants else []})
    assert count_recorded_evaluations(prometheus, CLOCK, 0.0, 90.0) == counted


@pytest.mark.parametrize(
    ("speed", "is_doubted"), [(60, True), (30, True), (20, True), (15, False), (5, False)]
)
def test_a_clock_of_whole_seconds_is_seen_as_evaluations_left_out(speed: float, is_doubted: bool) -> None:
    """Who stamps evaluations with whole seconds can be told from its stamps, whatever it is called."""
    clock = Clock(speed=speed, origin_s=1000.0)
    stamps = [(math.floor(clock.wall_s(15.0 * number)), 1.0) for number in range(1, 60)]
    store = CannedApi({"alertdrill:evaluation": [({}, tuple(stamps))]})
    done, missed = count_recorded_evaluations(store, clock, 0.0, 900.0)
    assert done > 0
    assert (missed > max(1.0, Bounds().evaluations_missed_share * done)) == is_doubted


def test_how_long_an_alert_was_pending_that_never_fired() -> None:
    """From the first evaluation that found it pending to the last; one that fired is not among them."""
    never = make_answers((15.0, 30.0, 45.0), ())
    pendings = read_pendings(CannedApi(never), CLOCK, 0.0, 600.0)
    assert {(key[0], key[1], round(key[2], 3)): round(lasted_s, 3) for key, lasted_s in pendings.items()} == {
        ("Slow", (("model", "gpt-4.1"),), 15.0): 30.0
    }
    fired = make_answers((15.0, 30.0), (45.0,))
    assert read_pendings(CannedApi(fired), CLOCK, 0.0, 600.0) == {}


def test_a_templated_label_that_came_out_empty_is_no_label() -> None:
    """Prometheus leaves the template's text in the series ALERTS, and the label out of the alert."""
    empty = {**LABELS, "team": "{{ $labels.team }}"}
    answers: dict[str, list[Series]] = {
        "ALERTS_FOR_STATE": [(empty, at(30, 45, value=1000.0))],
        "ALERTS": [({**empty, "alertstate": "pending"}, at(30, 45))],
    }
    (event,) = read_alert_events(CannedApi(answers), CLOCK, 0.0, 600.0)
    assert event.labels == {"model": "gpt-4.1"}
    ((_, labels, _),) = read_pendings(CannedApi(answers), CLOCK, 0.0, 600.0)
    assert dict(labels) == {"model": "gpt-4.1"}
