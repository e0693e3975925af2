"""The speed is found: calibration goes down until the machine keeps the clock, or says that it never does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.held_orders import make_order

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill, LoadProfile, LoadStage
from alertdrill.errors import ClockDoubted
from alertdrill.judging.clock_fidelity import Fidelity
from alertdrill.runner import calibration
from alertdrill.runner import live as run
from alertdrill.runner.speeds import SPEEDS
from alertdrill.runtime.binaries import Engines

BRIEF = Drill(
    name="brief",
    system="metis",
    traffic=(
        LoadProfile(
            name="brief",
            scenario="steady",
            start_s=0,
            stages=(LoadStage(duration_s=60, rate_per_s=0.2),),
            options={"models": ["openai:gpt-4o"], "key": "brief"},
        ),
    ),
    expects=(),
    why="What is measured is made up, so it may be over at once.",
    lasts_s=60,
)
GOOD = Fidelity(
    scrapes=280,
    scrape_gap_s=15.0,
    scrapes_off=0,
    scrapes_failed=0,
    evaluations=280,
    evaluations_missed=0,
    arrivals=900,
    arrivals_late=0,
    arrival_lateness_s=0.5,
    overhead_s=None,
)


def slow_down(monkeypatch: pytest.MonkeyPatch, overhead_wall_s: float) -> None:
    """Make the run measure just that much overhead, in wall time, and nothing else amiss.

    So it need not wait for Locust, nor for what would be measured.
    """
    monkeypatch.setattr(calibration, "CALIBRATION_WALL_S", 0.5)
    monkeypatch.setattr(calibration, "lead_wall_s", lambda _workers: 0.2)
    monkeypatch.setattr(run, "DRAIN_WALL_S", 60.0)

    def measure(_prometheus: Any, clock: Clock, *_rest: Any, **_more: Any) -> Fidelity:
        return replace(GOOD, overhead_s=overhead_wall_s * clock.speed)

    monkeypatch.setattr(run, "measure", measure)
    monkeypatch.setattr(calibration, "measure", measure)


def test_a_machine_that_fits_is_held_at_the_highest_speed(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With next to no overhead the first speed fits, and the record says which."""
    slow_down(monkeypatch, 0.001)
    record = run.hold(make_order((BRIEF,), engines, tmp_path / "out"), lambda _state: None)
    assert record.timeline.speed == SPEEDS[0]
    assert record.notes["speed"] == "60 (the highest)"
    # Of the drill somebody may doubt that there were samples: its stack began a second ago.
    assert record.doubts == ()


def test_a_slow_machine_is_held_at_a_lower_speed(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.35 s of overhead are 21 s of rule time at 60, and within the bound of 15 s at 40; it says why."""
    slow_down(monkeypatch, 0.35)
    shown: list[str] = []
    record = run.hold(
        make_order((BRIEF,), engines, tmp_path / "out"), lambda state: shown.append(state.message)
    )
    assert record.timeline.speed == 40
    assert record.notes["speed"] == (
        "40 (at 60, gateway and client added 21 s of rule time to a call (bound 15 s))"
    )
    assert any(message.startswith("starting the stack at speed 40") for message in shown)
    assert record.doubts == ()


def test_a_machine_too_slow_for_every_speed_is_said_to_be(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When even the lowest speed would be too fast, nothing is judged."""
    slow_down(monkeypatch, 2.0)
    with pytest.raises(ClockDoubted, match="too slow to hold drills even at speed 10: at 60, gateway"):
        run.hold(make_order((BRIEF,), engines, tmp_path / "out"), lambda _state: None)


def test_a_speed_that_was_asked_for_is_kept_and_doubted(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a speed given there is no calibration, but the whole run is still measured."""
    slow_down(monkeypatch, 0.35)
    record = run.hold(make_order((BRIEF,), engines, tmp_path / "out", speed=60), lambda _state: None)
    assert record.timeline.speed == 60
    # What stood still besides, on a busy machine, is said after it.
    assert record.doubts[0] == "gateway and client added 21 s of rule time to a call (bound 15 s)"
    assert record.exit_code == 3
