"""The clock of a run."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.clock import Clock, find_origin, format_s

NOW_S = 1_790_000_000.0


@given(
    earliest_s=st.floats(min_value=0, max_value=4e9),
    speed=st.sampled_from([60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 12.0, 10.0, 7.5, 1.0, 0.5]),
)
def test_an_origin_is_a_whole_minute_of_rule_time_since_the_epoch(earliest_s: float, speed: float) -> None:
    """It is the next one, less than a minute of rule time away."""
    origin_s = find_origin(earliest_s, speed)
    minutes = Fraction(origin_s) * Fraction(speed) / 60
    assert abs(minutes - round(minutes)) < Fraction(1, 10**4)
    assert 0 <= origin_s - earliest_s + 1e-6 < 60 / speed + 1e-5


@pytest.mark.parametrize("step_s", [1, 5, 15, 30, 60])
def test_steps_of_subqueries_stand_alike_in_rule_and_wall_time(step_s: int) -> None:
    """A multiple of the step since the run's origin is a multiple of the divided step since the epoch."""
    clock = Clock(speed=60.0, origin_s=find_origin(NOW_S + 0.4, 60.0))
    steps = clock.wall_s(7 * step_s) / (step_s / clock.speed)
    assert steps == pytest.approx(round(steps), abs=1e-3)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (-75, "-1:15"), (3661, "1:01:01"), (-0.4, "0:00")]
)
def test_rule_time_is_written_as_a_stopwatch_shows_it(seconds: float, text: str) -> None:
    """Minutes and seconds, and hours from an hour on."""
    assert format_s(seconds) == text
