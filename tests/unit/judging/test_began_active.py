"""What of a verdict cannot be told because an alert was active as its drill began."""

from __future__ import annotations

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule
from alertdrill.core.timeline import Event, Timeline
from alertdrill.judging.began_active import doubt_active
from alertdrill.judging.judge import judge, select_for_drill

LABELS = {"queue": "a"}
PLACE = Placement(
    drill=Drill(
        name="d",
        system="own",
        traffic=(),
        expects=(BlindRule(alert="Deep", labels={}),),
        why="",
        lasts_s=600,
    ),
    start_s=300,
)
TIMELINE = Timeline(
    mode="replay",
    speed=1,
    until_s=900,
    observed=frozenset({"pending", "firing", "resolved"}),
    events=(Event(at_s=60, kind="pending", alert="Deep", labels=LABELS),),
)


@pytest.mark.parametrize(
    ("pended_s", "is_doubted"), [(None, True), (75.0, False), (179.0, False), (200.0, True)]
)
def test_an_alert_that_was_seen_to_end_before_its_drill_is_no_doubt(
    pended_s: float | None, *, is_doubted: bool
) -> None:
    """Where nobody knows how long it was pending, or to within an evaluation or two, it may be so still."""
    known = {} if pended_s is None else {("Deep", (("queue", "a"),), 60.0): pended_s}
    verdict = judge(PLACE.drill, select_for_drill(PLACE, (PLACE,), TIMELINE))
    doubted = doubt_active(verdict, PLACE, TIMELINE, {"Deep": 300.0}, known)
    assert bool(doubted.doubts) is is_doubted
