"""Which drills of a run are left out, or refused, and at which speed the others are held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.commands.sites import find_obstacles, find_slowest
from harness.errors import BadInput
from harness.model import Drill

QUICK = Drill(name="quick", system="s", traffic=(), expects=(), why="", lasts_s=1)
SLOW = Drill(name="slow", system="s", traffic=(), expects=(), why="", lasts_s=1, max_speed=5)
BOTH = (QUICK, SLOW)
SITE: Any = SimpleNamespace(find_obstacle=lambda _: None)


@pytest.mark.parametrize(("names", "speed"), [((), None), ((), 60.0), ((), 5.1)])
def test_a_run_of_all_leaves_out_what_wants_a_lower_speed(
    names: tuple[str, ...], speed: float | None
) -> None:
    """It says with which option it would be held."""
    assert find_obstacles(BOTH, names, SITE, speed) == {
        "slow": "a pause of the machine would decide: --speed 5"
    }


@pytest.mark.parametrize(("names", "speed"), [((), 5.0), ((), 1.0), (("slow",), None), (("slow",), 5.0)])
def test_a_speed_that_suits_or_a_name_is_enough(names: tuple[str, ...], speed: float | None) -> None:
    """Who names it has it held at its own speed."""
    assert find_obstacles(BOTH, names, SITE, speed) == {}


def test_a_named_drill_is_refused_at_too_high_a_speed() -> None:
    """Nobody could trust the verdict."""
    with pytest.raises(BadInput, match=r"slow cannot be held: .*--speed 5"):
        find_obstacles(BOTH, ("slow", "quick"), SITE, 60.0)


def test_the_slowest_drill_says_the_speed_of_the_run() -> None:
    """Unless there is none: then calibration does."""
    assert find_slowest(BOTH) == 5
    assert find_slowest((QUICK,)) is None
