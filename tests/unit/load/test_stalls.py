"""Tests of how Locust knows that it stood still."""

from __future__ import annotations

import pytest

from alertdrill.load.stalls import BEAT_WALL_S, LEAST_WALL_S, Pulse

SPEED = 60.0


def beat(*rule_s: float) -> list[tuple[float, float]]:
    """Return the stalls of a process that begins at 0 and comes to beat at these instants."""
    instants = iter((0.0, *rule_s))
    pulse = Pulse(lambda: next(instants), SPEED)
    for _ in rule_s:
        pulse.beat()
    return pulse.stalls


def test_beats_that_come_about_when_they_are_due_are_no_stall() -> None:
    """Sleeping takes a little longer, and so does whatever else there is to do."""
    assert beat(0.0, 3.5, 7.0, 15.0) == []


def test_a_beat_that_comes_late_is_a_stall_from_when_it_was_due() -> None:
    """Rule time: a second is a minute at speed 60; after it, beats are due as before."""
    due_s = BEAT_WALL_S * SPEED
    assert beat(0.0, due_s + 60.0, 2 * due_s + 60.0) == [(due_s, due_s + 60.0)]


@pytest.mark.parametrize(
    ("late_wall_s", "is_stall"), [(LEAST_WALL_S - 0.01, False), (LEAST_WALL_S + 0.01, True)]
)
def test_the_least_stall_is_as_long_as_other_parts_have(late_wall_s: float, is_stall: bool) -> None:
    """A tenth of a second."""
    assert bool(beat(0.0, (BEAT_WALL_S + late_wall_s) * SPEED)) == is_stall
