"""Replay of recorded series: gaps, ends, phases, quiet tails, and recordings of any start."""

from __future__ import annotations

from pathlib import Path

from support.recorded import make_recording, make_series, scrape
from support.replayed import list_events, one_group

from alertdrill.recording.replay.replay import replay


def test_a_staleness_marker_ends_a_series_at_once(promtool: Path) -> None:
    """Without one, its last value counts for five minutes."""
    recording = make_recording(
        scrape("x", [2, 2, 2], stale_ms=[45_000]), scrape("y", [2, 2, 2], begin_ms=7_000), until_s=400
    )
    rules = one_group("{alert: X, expr: x > 1}\n{alert: Y, expr: y > 1}")
    assert list_events(replay(recording, [rules], promtool)) == [
        (0, "firing", "X"),
        (15, "firing", "Y"),
        (45, "resolved", "X"),
        # The last sample is of 37 s.
        (345, "resolved", "Y"),
    ]


def test_a_scrape_that_failed_is_seen_in_up(promtool: Path) -> None:
    """Rules on `up` see the scrape that failed, and those on the target's series its markers."""
    up = scrape("up", [1, 1, 0, 0, 1], labels={"job": "gateway"})
    requests = make_series(
        "requests_total", {0: 1.0, 15_000: 2.0, 60_000: 3.0}, stale_ms=[30_000], labels={"job": "gateway"}
    )
    rules = one_group("{alert: Down, expr: up == 0, for: 15s}\n{alert: Gone, expr: absent(requests_total)}")
    assert list_events(replay(make_recording(up, requests, until_s=60), [rules], promtool)) == [
        (30, "pending", "Down"),
        (30, "firing", "Gone"),
        (45, "firing", "Down"),
        (60, "resolved", "Down"),
        (60, "resolved", "Gone"),
    ]


def test_utf_8_names_and_values_are_replayed(newest: Path) -> None:
    """Where promtool knows them: it quotes them."""
    labels = {"a.b": "c", "d": "🔥\x7f\u2028"}
    recording = make_recording(scrape("metric.name", [2, 2], labels=labels), until_s=15)
    rules = one_group("""{alert: "Feuer 🔥", expr: '{"metric.name"} > 1'}""")
    (event,) = replay(recording, [rules], newest).timeline.events
    assert (event.alert, event.labels) == ("Feuer 🔥", labels)


def test_what_the_rules_make_themselves_is_not_taken_from_the_recording(promtool: Path) -> None:
    """A note says so; an alert that others made is read, and is no event."""
    others = {"alertname": "Other", "alertstate": "firing"}
    recording = make_recording(
        scrape("x", [2, 2]),
        scrape("r", [9, 9]),
        scrape("ALERTS", [1, 1], labels={"alertname": "A", "alertstate": "firing", "old": "yes"}),
        scrape("ALERTS", [1, 1], labels=others),
        until_s=15,
    )
    rules = one_group(
        "{record: r, expr: x}\n{alert: A, expr: r > 1}\n{alert: B, expr: 'ALERTS{alertname=\"Other\"}'}"
    )
    replayed = replay(recording, [rules], promtool)
    assert list_events(replayed) == [(0, "firing", "A"), (0, "firing", "B")]
    assert replayed.timeline.events[0].labels == {}
    (note,) = replayed.notes
    assert note.startswith("made.om: has ALERTS, r, which the rules make themselves")


def test_a_recording_that_begins_later_is_replayed_as_well(promtool: Path) -> None:
    """Instants count from its start; what reads the clock, and an absolute @, see the recording's time."""
    start_s = 1_789_999_980
    recording = make_recording(
        scrape("x", [0, 2, 2, 2], begin_ms=start_s * 1000), start_s=start_s, until_s=start_s + 60
    )
    rules = one_group(
        f"""{{alert: A, expr: x > 1}}
        {{alert: Clock, expr: 'vector(time()) == {start_s + 30}'}}
        {{alert: At, expr: 'x @ {start_s + 15} == 2'}}"""
    )
    assert list_events(replay(recording, [rules], promtool)) == [
        (15, "firing", "A"),
        (15, "firing", "At"),
        (30, "firing", "Clock"),
        (45, "resolved", "Clock"),
    ]


def test_curves_are_the_left_side_at_each_evaluation(promtool: Path) -> None:
    """Only of the alerts that are asked for; a gap is one NaN."""
    recording = make_recording(
        scrape("x", [1, 2, None, None, 5], labels={"a": "b"}, stale_ms=[30_000]), until_s=75
    )
    rules = one_group("{alert: A, expr: x * 2 > 3, labels: {own: l}}\n{alert: B, expr: x > 1}")
    replayed = replay(recording, [rules], promtool, curves=rules.alerts[:1])
    (curve,) = replayed.timeline.curves
    assert (curve.alert, curve.op, curve.threshold) == ("A", ">", 3.0)
    assert curve.labels == {"a": "b", "own": "l"}
    assert str(curve.points) == "((0.0, 2.0), (15.0, 4.0), (30.0, nan), (60.0, 10.0), (75.0, 10.0))"


def test_a_quiet_tail_drains_a_window_of_an_hour(promtool: Path) -> None:
    """Counters go on flat and gauges as they were, marked as appended; what had ended stays ended."""
    counter = scrape("c_total", [0, *range(0, 400, 10)])
    gauge = scrape("g", [3] * 41)
    ended = scrape("e", [3] * 10, stale_ms=[150_000])
    lost = scrape("l", [3] * 30)
    recording = make_recording(counter, gauge, ended, lost, until_s=600)
    rules = one_group(
        """{alert: Hour, expr: 'increase(c_total[1h]) > 100'}
        {alert: Gauge, expr: g == 3}
        {alert: Ended, expr: e == 3}
        {alert: Lost, expr: l == 3}"""
    )
    without = replay(recording, [rules], promtool)
    assert ("resolved", "Hour") not in [told[1:] for told in list_events(without)]
    assert without.timeline.appended_from_s is None
    replayed = replay(recording, [rules], promtool, tail_s=4000)
    assert replayed.timeline.appended_from_s == 600
    assert replayed.timeline.until_s == 4600
    told = {(kind, alert): at_s for at_s, kind, alert in list_events(replayed)}
    # The last hundred were counted between 450 s and 600 s, an hour and so long before.
    assert 3600 + 400 < told["resolved", "Hour"] < 3600 + 500
    assert ("resolved", "Gauge") not in told
    assert told["resolved", "Ended"] == 150
    assert told["resolved", "Lost"] <= 29 * 15 + 315


def test_samples_off_the_grid_are_exact_where_that_is_cheap(promtool: Path) -> None:
    """Each scrape has its own phase, as targets have; the first evaluation after it sees it."""
    series = [
        scrape("x", [0, 2, 2, 0], begin_ms=begin_ms, labels={"n": str(begin_ms)})
        for begin_ms in (0, 60, 4_260, 14_940)
    ]
    replayed = replay(make_recording(*series, until_s=90), [one_group("{alert: A, expr: x > 1}")], promtool)
    assert replayed.notes == ()
    assert {(event.kind, event.labels["n"], event.at_s) for event in replayed.timeline.events} == {
        ("firing", "0", 15),
        ("firing", "60", 30),
        ("firing", "4260", 30),
        ("firing", "14940", 30),
        ("resolved", "0", 45),
        ("resolved", "60", 60),
        ("resolved", "4260", 60),
        ("resolved", "14940", 60),
    }
