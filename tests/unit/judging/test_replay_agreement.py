"""Tests of the comparison of a run with the replay of its recording."""

from __future__ import annotations

import math

import pytest

from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Event, EventKind
from alertdrill.judging.replay_agreement import Agreement, compare, identify

RULE = AlertRule(
    name="Slow",
    expr="x > 1",
    for_s=60,
    keep_firing_for_s=0,
    labels={},
    annotations={},
    group="g",
    interval_s=15.0,
    source="r.yml:1",
)
LABELS = {"model": "gpt-4.1"}
UNTIL_S = 3600.0


def make_events(*instants: tuple[EventKind, float]) -> list[Event]:
    """Return events of one alert."""
    return [Event(at_s=at_s, kind=kind, alert="Slow", labels=LABELS) for kind, at_s in instants]


def agree(live: list[Event], replayed: list[Event], **how: object) -> Agreement:
    """Compare two sides of a run of an hour."""
    return compare(live, replayed, [RULE], UNTIL_S, **how)  # type: ignore[arg-type]


LIVE = make_events(("pending", 100), ("firing", 160), ("resolved", 400))


@pytest.mark.parametrize(
    ("off_s", "is_beyond"), [(0, False), (-15, False), (30, False), (31, True), (-31, True)]
)
def test_an_instant_may_be_an_evaluation_and_a_scrape_off(off_s: float, is_beyond: bool) -> None:
    """One evaluation and one scrape apart is agreement, more is not."""
    replayed = make_events(("pending", 100), ("firing", 160 + off_s), ("resolved", 400))
    found = agree(LIVE, replayed)
    assert len(found.instants) == 3
    assert found.largest_s == abs(off_s)
    assert [instant.kind for instant in found.beyond] == (["firing"] if is_beyond else [])


def test_the_bound_grows_with_the_interval_of_the_rule() -> None:
    """A rule that is evaluated every minute may be a minute and a scrape off."""
    slow = AlertRule(**{name: getattr(RULE, name) for name in RULE.__slots__} | {"interval_s": 60.0})
    replayed = make_events(("pending", 170), ("firing", 235), ("resolved", 475))
    assert compare(LIVE, replayed, [slow], UNTIL_S).beyond == ()
    assert [instant.off_s for instant in compare(LIVE, replayed, [RULE], UNTIL_S).beyond] == [70, 75, 75]


@pytest.mark.parametrize("is_live", [True, False])
def test_a_stretch_that_fired_must_be_on_both_sides(is_live: bool) -> None:
    """All instants of an alert that fired on one side only are beyond the bound."""
    found = agree(LIVE, []) if is_live else agree([], LIVE)
    assert [instant.kind for instant in found.beyond] == ["pending", "firing", "resolved"]
    assert math.isinf(found.largest_s)


@pytest.mark.parametrize(("lasted_s", "blips"), [(15.0, 1), (30.0, 0), (None, 0)])
def test_only_a_short_pending_may_be_on_one_side(lasted_s: float | None, blips: int) -> None:
    """What was pending for less than the bound may be missing on the other side; what lasted may not."""
    key = (*identify("Slow", LABELS), 50.0)
    known = {} if lasted_s is None else {key: lasted_s}
    found = agree([*make_events(("pending", 50)), *LIVE], LIVE, pendings=known)
    assert found.blips == blips
    assert [instant.live_s for instant in found.unconfirmed] == ([50.0] if blips else [])
    assert [instant.live_s for instant in found.beyond] == ([] if blips else [50.0])


def test_a_blip_before_a_stretch_does_not_take_its_place() -> None:
    """One side saw the alert flap before it stayed pending, the other saw it pending throughout."""
    live = make_events(("pending", 335.3), ("pending", 365.3), ("firing", 965.3), ("resolved", 1640.3))
    replayed = make_events(("pending", 345), ("firing", 945), ("resolved", 1650))
    known = {(*identify("Slow", LABELS), 335.3): 0.0}
    for sides in ((live, replayed), (replayed, live)):
        found = agree(*sides, pendings=known)
        assert (found.beyond, found.blips, len(found.instants)) == ((), 1, 3)


def test_stretches_are_paired_with_the_nearest() -> None:
    """A stretch that only one side saw does not shift the pairs after it."""
    second = make_events(("pending", 900), ("firing", 960), ("resolved", 1200))
    third = make_events(("pending", 1215), ("firing", 1275), ("resolved", 1500))
    found = agree([*LIVE, *second, *third], [*LIVE, *third])
    assert [instant.live_s for instant in found.beyond] == [900, 960, 1200]


def test_a_stretch_that_began_elsewhere_is_the_same_stretch() -> None:
    """Where one side is a minute late, each of its instants is that late; none is missing."""
    late = make_events(("pending", 160), ("firing", 220), ("resolved", 460))
    assert [instant.off_s for instant in agree(LIVE, late).beyond] == [60, 60, 60]


def test_label_sets_that_one_side_has_count() -> None:
    """An alert with other labels is another alert."""
    other = [Event(at_s=event.at_s, kind=event.kind, alert="Slow", labels={}) for event in LIVE]
    assert len(agree(LIVE, other).beyond) == 6


def test_the_end_of_the_run_hides_what_the_other_side_saw_last() -> None:
    """An instant within the bound of the end may be on one side only."""
    end = make_events(("pending", 3400), ("firing", 3460), ("resolved", 3580))
    found = agree(end, end[:2])
    assert (len(found.instants), found.beyond) == (2, ())
    early = make_events(("pending", 3400), ("firing", 3460), ("resolved", 3560))
    assert len(agree(early, early[:2]).beyond) == 1


def test_nothing_is_compared_while_prometheus_was_out() -> None:
    """A stretch that reaches into an outage of Prometheus is counted and left out; others are compared."""
    replayed = make_events(("pending", 100), ("firing", 160), ("resolved", 290))
    later = make_events(("pending", 900), ("firing", 990))
    found = agree(
        [*LIVE, *later], [*replayed, *make_events(("pending", 900), ("firing", 960))], out=[(250, 300)]
    )
    assert found.skipped == 1
    assert [instant.off_s for instant in found.instants] == [0, 30]
