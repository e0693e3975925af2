"""Replay of unmodified rules: when alerts are pending, fire and resolve, calculated by hand."""

from __future__ import annotations

from pathlib import Path

from support.recorded import make_recording, scrape
from support.replayed import list_events, one_group

from alertdrill.recording.replay.replay import replay


def test_an_alert_is_pending_for_as_long_as_its_for(promtool: Path) -> None:
    """It fires at the first evaluation that is `for` after the first true one, and not before."""
    # Above from 60 s on; evaluations at 60, 75, 90; below again at 120.
    recording = make_recording(scrape("x", [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0]), until_s=150)
    rules = one_group(
        """{alert: Soon, expr: x > 1, for: 30s}
        {alert: Odd, expr: x > 1, for: 31s}
        {alert: Never, expr: x > 1, for: 60s}"""
    )
    assert list_events(replay(recording, [rules], promtool)) == [
        (60, "pending", "Never"),
        (60, "pending", "Odd"),
        (60, "pending", "Soon"),
        (90, "firing", "Soon"),
        (105, "firing", "Odd"),
        (120, "resolved", "Odd"),
        (120, "resolved", "Soon"),
    ]


def test_an_alert_without_for_fires_at_once_and_is_told_with_its_labels(promtool: Path) -> None:
    """There is no pending; labels are the series' and the rule's, rendered, without the alert's name."""
    labels = {"a": 'one "two", {three}\n\\', "b": "ü"}
    recording = make_recording(scrape("x", [0, 7, 7], labels=labels), until_s=30)
    rules = one_group("{alert: A, expr: x > 1, labels: {severity: page, value: 'v{{ $value }}'}}")
    (event,) = replay(recording, [rules], promtool).timeline.events
    assert (event.at_s, event.kind, event.alert) == (15, "firing", "A")
    assert event.labels == {**labels, "severity": "page", "value": "v7"}


def test_an_alert_goes_on_firing_for_as_long_as_it_is_kept(promtool: Path) -> None:
    """With keep_firing_for it resolves that long after the first evaluation that found it gone."""
    recording = make_recording(scrape("x", [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]), until_s=135)
    rules = one_group("{alert: A, expr: x > 1, keep_firing_for: 1m}")
    assert list_events(replay(recording, [rules], promtool)) == [(0, "firing", "A"), (90, "resolved", "A")]


def test_an_alert_that_comes_back_at_the_next_evaluation_is_two_activations(promtool: Path) -> None:
    """One evaluation without it resolves it."""
    recording = make_recording(scrape("x", [2, 2, 0, 2, 2, 2]), until_s=75)
    rules = one_group("{alert: A, expr: x > 1}\n{alert: B, expr: x > 1, for: 15s}")
    assert list_events(replay(recording, [rules], promtool)) == [
        (0, "firing", "A"),
        (0, "pending", "B"),
        (15, "firing", "B"),
        (30, "resolved", "A"),
        (30, "resolved", "B"),
        (45, "firing", "A"),
        (45, "pending", "B"),
        (60, "firing", "B"),
    ]


def test_a_pending_alert_that_goes_away_is_not_resolved(promtool: Path) -> None:
    """It never fired."""
    recording = make_recording(scrape("x", [2, 0, 0]), until_s=30)
    rules = one_group("{alert: A, expr: x > 1, for: 1m}")
    assert list_events(replay(recording, [rules], promtool)) == [(0, "pending", "A")]


def test_nothing_is_said_to_resolve_that_fires_to_the_end(promtool: Path) -> None:
    """The timeline ends with the recording."""
    recording = make_recording(scrape("x", [0, 2, 2, 2, 0, 0]), until_s=50)
    replayed = replay(recording, [one_group("{alert: A, expr: x > 1}")], promtool)
    assert list_events(replayed) == [(15, "firing", "A")]
    assert replayed.timeline.until_s == 50
    assert replayed.timeline.observed == {"pending", "firing", "resolved"}
    assert replayed.timeline.mode == "replay"


def test_many_evaluations_are_told_apart(promtool: Path) -> None:
    """Every other evaluation of two hundred is its own activation."""
    recording = make_recording(scrape("x", [2, 0] * 100), until_s=199 * 15)
    told = list_events(replay(recording, [one_group("{alert: A, expr: x > 1}")], promtool))
    assert [at_s for at_s, kind, _ in told if kind == "firing"] == [30 * number for number in range(100)]
    assert [at_s for at_s, kind, _ in told if kind == "resolved"] == [
        30 * number + 15 for number in range(100)
    ]


def test_annotations_are_rendered_as_the_alert_begins_to_fire(promtool: Path) -> None:
    """With the value at that evaluation; awkward texts come through."""
    recording = make_recording(scrape("x", [2, 3, 4, 5, 0, 6], labels={"path": '/a "b", [c]\n'}), until_s=75)
    rules = one_group(
        "{alert: A, expr: x > 1, for: 15s, annotations: {is: '{{ $labels.path }}: {{ $value }}', no: ''}}\n"
        "{alert: B, expr: x > 5}"
    )
    replayed = replay(recording, [rules], promtool, annotations=True)
    fired = [event for event in replayed.timeline.events if event.kind == "firing"]
    assert [replayed.find_annotations(event) for event in fired] == [
        {"is": '/a "b", [c]\n: 3', "no": ""},
        {},
    ]
