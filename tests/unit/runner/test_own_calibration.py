"""What is sent to somebody's gateway to find a speed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage, Placement
from alertdrill.runner.calibration import find_calibration_wall_s
from alertdrill.runner.probe import WARM_UP_PROFILE, make_own_calibration, make_warm_up
from alertdrill.stacks.subject import Job, Subject


def place(start_s: float, rate_per_s: float, *models: str, lasts_s: float = 60.0) -> Placement:
    """Return a drill that sends calls of models at one rate."""
    profile = LoadProfile(
        name="d",
        scenario="steady",
        start_s=0,
        stages=(LoadStage(duration_s=lasts_s, rate_per_s=rate_per_s),),
        options={"models": list(models)} if models else {},
    )
    drill = Drill(name="d", system="own", traffic=(profile,), expects=(), why="", lasts_s=lasts_s)
    return Placement(drill=drill, start_s=start_s)


def test_it_is_over_before_the_quiet_lead() -> None:
    """So that nothing of it is in a rule's window when the first drill begins."""
    first, then = make_own_calibration([place(0, 2, "m")], lead_s=100, quiet_lead_s=360)
    assert first.start_s == -460
    assert then.end_s < -360


def test_rates_of_drills_that_are_held_at_once_add_up() -> None:
    """As much is sent as the gateway gets at the most, of every model once."""
    placements = [place(0, 2, "m"), place(30, 3, "n", "m"), place(600, 4, "m")]
    _, profile = make_own_calibration(placements, lead_s=100, quiet_lead_s=360)
    assert profile.stages[0].rate_per_s == 5
    assert profile.options == {"models": ["m", "n"]}


@pytest.mark.parametrize("placements", [[], [place(0, 2)], [place(0, 0, "m")]])
def test_nothing_is_sent_where_nothing_is_known(placements: list[Placement]) -> None:
    """Drills without traffic, or whose traffic names no model."""
    assert make_own_calibration(placements, lead_s=100, quiet_lead_s=360) == ()


def test_each_scenario_is_warmed_up_once_with_its_models() -> None:
    """Two calls of each model, over before the quiet lead, and no provider behaves otherwise."""
    changed = replace(
        place(0, 2, "m", "n").drill.traffic[0],
        changes=(BehaviourChange(at_s=5, provider="openai", behaviour={"listening": False}),),
    )
    first = place(0, 2, "m", "n")
    placements = [
        replace(first, drill=replace(first.drill, traffic=(changed,))),
        place(300, 9, "m", "n"),
        place(600, 1),
    ]
    warm_up = make_warm_up(placements, 50, -400)
    assert [(one.start_s, one.end_s, one.changes) for one in warm_up] == [(-450, -400, ())] * 2
    assert [one.stages[0].rate_per_s * 50 for one in warm_up] == [4, 2]
    assert [one.options for one in warm_up] == [{"models": ["m", "n"]}, {}]


def test_a_warm_up_is_no_measure_of_the_gateway() -> None:
    """Its names are none that a drill has."""
    assert all(one.name.startswith(f"{WARM_UP_PROFILE} ") for one in make_warm_up([place(0, 1, "m")], 50, 0))


def make_order(*intervals_s: float, speed: float | None = None) -> Any:
    """Return an order for a gateway with these scrape intervals."""
    jobs = tuple(Job(system="own", name=f"j{at}", interval_s=one) for at, one in enumerate(intervals_s))
    subject = Subject(parts=(), providers=(), jobs=jobs, keeps_rule_time=False)
    return SimpleNamespace(site=SimpleNamespace(subject=subject), speed=speed)


@pytest.mark.parametrize(("interval_s", "speed", "lasts_s"), [(15, 20, 12), (15, 1, 60), (60, 10, 24)])
def test_some_scrapes_are_seen_however_slow_it_is(interval_s: float, speed: float, lasts_s: float) -> None:
    """Four of the job that is scraped least often."""
    assert find_calibration_wall_s(make_order(5, interval_s), speed) == lasts_s


def test_a_speed_that_was_asked_for_is_not_looked_for() -> None:
    """No time is spent on it."""
    assert find_calibration_wall_s(make_order(15, speed=12), 12) == 0
