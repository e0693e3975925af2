"""Tests of how the drills of a live run are judged, on timelines written by hand."""

from __future__ import annotations

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Expectation, Expected
from alertdrill.core.timeline import Event, EventKind, Timeline
from alertdrill.runner.live import judge_all

FIRES = Expectation(
    alert="Down", labels={"job": "api"}, fires_within_s=300, receiver="oncall", resolves_within_s=500
)
FOR_S = {"Down": 60.0}
START_S = 600.0


def place(*expects: Expected) -> Placement:
    """Return a drill that is held from 10:00 to 20:00."""
    return Placement(
        drill=Drill(name="down", system="own", traffic=(), expects=expects, why="", lasts_s=600),
        start_s=START_S,
    )


def make_timeline(*did: tuple[EventKind, float]) -> Timeline:
    """Return a timeline on which the alert does these things, and is paged during the drill."""
    events = [
        Event(at_s=instant_s, kind=kind, alert="Down", labels={"job": "api"}) for kind, instant_s in did
    ]
    pages: tuple[tuple[EventKind, float], ...] = (("paged", 830.0), ("page_resolved", 1020.0))
    paged = [
        Event(at_s=instant_s, kind=kind, alert="Down", labels={"job": "api"}, receiver="oncall")
        for kind, instant_s in pages
    ]
    return Timeline(
        mode="embedded",
        speed=60,
        until_s=1260,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=tuple(sorted([*events, *paged], key=lambda event: event.at_s)),
    )


def test_what_an_alert_did_that_was_active_before_its_drill_cannot_be_told() -> None:
    """It was still firing as the drill began, and resolved two seconds later; then it did as expected."""
    timeline = make_timeline(
        ("pending", 200),
        ("firing", 260),
        ("resolved", 602),
        ("pending", 740),
        ("firing", 800),
        ("resolved", 990),
    )
    verdict = judge_all([place(FIRES)], timeline, FOR_S)[0]
    assert verdict.outcome == "unobserved"
    assert verdict.doubts == (
        'Down{job="api"} had been active for 6:40 as the drill began; '
        "what it would have done from rest is unknown",
    )


def test_an_alert_that_was_at_rest_as_its_drill_began_is_judged() -> None:
    """What it did long before the drill is no matter."""
    timeline = make_timeline(
        ("pending", 200),
        ("firing", 260),
        ("resolved", 590),
        ("pending", 740),
        ("firing", 800),
        ("resolved", 990),
    )
    verdict = judge_all([place(FIRES)], timeline, FOR_S)[0]
    assert verdict.doubts == ()


def test_an_alert_that_was_pending_once_and_begins_anew_is_judged() -> None:
    """That a pending alert becomes inactive is no event; that it is pending again says so."""
    timeline = make_timeline(("pending", 200), ("pending", 740), ("firing", 800), ("resolved", 990))
    verdict = judge_all([place(FIRES)], timeline, FOR_S)[0]
    assert verdict.doubts == ()


def test_an_alert_that_was_pending_as_its_drill_began_cannot_be_told() -> None:
    """It fires without being pending anew."""
    timeline = make_timeline(("pending", 590), ("firing", 650), ("resolved", 990))
    assert judge_all([place(FIRES)], timeline, FOR_S)[0].doubts != ()


def test_a_quiet_drill_is_not_doubted_for_what_another_drill_left_active() -> None:
    """Its own part of the timeline has what belongs to no drill."""
    before = Placement(
        drill=Drill(name="before", system="own", traffic=(), expects=(FIRES,), why="", lasts_s=600),
        start_s=0.0,
    )
    timeline = make_timeline(("pending", 200), ("firing", 260), ("resolved", 602))
    verdicts = {one.drill: one for one in judge_all([before, place()], timeline, FOR_S)}
    assert verdicts["down"].doubts == ()
