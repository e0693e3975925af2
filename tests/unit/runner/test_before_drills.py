"""What goes on before the drills on somebody's own gateway: a speed is found, and every rule quiet."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill, LoadProfile, LoadStage, Placement
from alertdrill.runner import measurements
from alertdrill.runner.live_board import say_stage
from alertdrill.runner.probe import CALIBRATION_PROFILE, WARM_UP_PROFILE, make_own_calibration
from alertdrill.runner.traffic import ProfileReport, TrafficReport

LEAD_S, QUIET_LEAD_S = 120.0, 180.0


def make_placement(*models: str, rate_per_s: float = 0.5) -> Placement:
    """Return a drill at the run's start that calls these models for two minutes."""
    profile = LoadProfile(
        name="steady",
        scenario="steady",
        start_s=0,
        stages=(LoadStage(duration_s=120, rate_per_s=rate_per_s),),
        options={"models": list(models)},
    )
    drill = Drill(name="one", system="shop", traffic=(profile,), expects=(), why="Calls.", lasts_s=180)
    return Placement(drill=drill, start_s=0)


def test_the_first_calls_come_before_what_is_measured() -> None:
    """A gateway that is cold answers its first calls slowly at any speed: some go ahead, of each model."""
    warm_up, calibration = make_own_calibration(
        (make_placement("a", "b"), make_placement("b")), LEAD_S, QUIET_LEAD_S
    )
    assert (warm_up.name, calibration.name) == (WARM_UP_PROFILE, CALIBRATION_PROFILE)
    assert warm_up.options == calibration.options == {"models": ["a", "b"]}
    (first,), (then,) = warm_up.stages, calibration.stages
    assert first.duration_s * first.rate_per_s == 4
    assert warm_up.start_s == -QUIET_LEAD_S - LEAD_S
    assert warm_up.start_s + first.duration_s == calibration.start_s
    assert calibration.start_s + then.duration_s < -QUIET_LEAD_S
    assert then.rate_per_s >= 0.5


def report(slowest_s: float) -> ProfileReport:
    """Return what is counted of thirty calls, of which some were slow."""
    return ProfileReport(
        planned=30,
        sent=30,
        late=0,
        lateness_p50_s=0.0,
        lateness_p99_s=0.0,
        lateness_max_s=0.0,
        latency_min_s=1.0,
        latency_p50_s=1.0,
        latency_p99_s=slowest_s,
        slowest_s=(slowest_s,) * 4,
        unwelcome=0,
        statuses={"200": 30},
    )


def test_slow_first_calls_lower_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the calls after them are measured, before the drills and during them."""
    traffic = TrafficReport(profiles={WARM_UP_PROFILE: report(40.0), CALIBRATION_PROFILE: report(2.0)})
    monkeypatch.setattr(measurements, "count_evaluations", lambda _: (10, 0))
    anything: Any = None
    clock = Clock(speed=20.0, origin_s=0.0)
    before = measurements.measure(anything, clock, traffic, (), -300.0, -180.0, is_probed=False)
    during = measurements.measure(anything, clock, traffic, (), 0.0, 180.0, is_probed=False)
    assert (before.overhead_s, before.arrivals, during.arrivals) == (1.0, 30, 0)


def test_evaluations_that_a_store_lacks_are_among_those_that_were_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Never more are left out than there should have been; where none was recorded, none was seen."""
    anything: Any = None
    store: Any = object()
    clock = Clock(speed=20.0, origin_s=0.0)
    monkeypatch.setattr(measurements, "count_evaluations", lambda _: (0, 0))
    for counted, due in (((12, 48), 60), ((0, 60), 0)):
        monkeypatch.setattr(measurements, "count_recorded_evaluations", lambda *_, it=counted: it)
        found = measurements.measure(anything, clock, TrafficReport(), (), 0.0, 900.0, store)
        assert (found.evaluations, found.evaluations_missed) == (due, counted[1])


def test_the_quiet_lead_is_not_called_calibration() -> None:
    """Who waits is told for what: a speed that was stated is not looked for."""
    assert say_stage(-200.0, QUIET_LEAD_S) == "calibrating"
    assert say_stage(-170.0, QUIET_LEAD_S).startswith("quiet lead")
    assert say_stage(-170.0, QUIET_LEAD_S, "A remembers 5:00").endswith(
        " before the drills, and A remembers 5:00"
    )
    assert say_stage(-1.0, 0.0) == "calibrating"
    assert say_stage(0.0, QUIET_LEAD_S) == ""
