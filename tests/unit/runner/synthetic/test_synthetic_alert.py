"""Tests of the synthetic alert: how it is marked, and how it is handed in."""

from __future__ import annotations

from alertdrill.runner.synthetic.synthetic import (
    DRILL_ANNOTATION,
    DRILL_LABEL,
    DRILL_TEXT,
    DRILL_VALUE,
    SyntheticAlert,
    is_same_but_for_the_mark,
    mark,
    write_instant,
)

LABELS = {"alertname": "Down", "job": "api"}


def make_alert(**annotations: str) -> SyntheticAlert:
    """Return an alert with these annotations, marked."""
    return mark(labels=LABELS, annotations=annotations, generator_url="http://p/graph", source="r.yml:3")


def test_a_drill_is_marked_in_label_and_annotation() -> None:
    """Nobody takes it for an alert in earnest: a label for routes, a sentence for people."""
    alert = make_alert(summary="it is down")
    assert alert.labels == {**LABELS, DRILL_LABEL: DRILL_VALUE}
    assert alert.annotations == {"summary": "it is down", DRILL_ANNOTATION: DRILL_TEXT}
    assert "This is a drill" in DRILL_TEXT
    assert "nobody has to act" in DRILL_TEXT


def test_an_alert_is_written_as_the_api_takes_it() -> None:
    """Instants are RFC 3339 in UTC, to the millisecond."""
    written = make_alert().write(1700000000.25, 1700000060.0)
    assert written["startsAt"] == "2023-11-14T22:13:20.250Z"
    assert written["endsAt"] == write_instant(1700000060.0) == "2023-11-14T22:14:20.000Z"
    assert written["generatorURL"] == "http://p/graph"
    assert written["labels"] == {**LABELS, DRILL_LABEL: DRILL_VALUE}


def test_the_mark_does_not_make_another_alert() -> None:
    """A drill of an alert is the same alert; another value of the marking label is another one."""
    marked = make_alert().labels
    assert is_same_but_for_the_mark(marked, LABELS)
    assert is_same_but_for_the_mark(marked, marked)
    assert not is_same_but_for_the_mark(marked, {**LABELS, "job": "db"})
    assert not is_same_but_for_the_mark(marked, {**LABELS, DRILL_LABEL: "other"})


def test_texts_that_could_not_be_rendered_are_known() -> None:
    """Prometheus writes an error in place of the text; which annotations it is in is said."""
    alert = make_alert(bad="<error expanding template: no data>", good="fine")
    assert alert.broken_annotations == ("bad",)
