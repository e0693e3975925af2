"""Tests of what a run's findings are weighed by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill, Outage, Placement
from alertdrill.core.parts import SCRAPES
from alertdrill.core.timeline import Stall
from alertdrill.judging.clock_fidelity import Bounds, doubt
from alertdrill.judging.needs import STARTING
from alertdrill.runner import measurements
from alertdrill.runner.evidence import find_asked, read_stalls
from alertdrill.runner.probe import CALIBRATION_PROFILE
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.runtime.part_watch import SilentSpan
from alertdrill.stacks.subject import Job

CLOCK = Clock(speed=60.0, origin_s=0.0)


JOBS = (Job(system="metis", name="metis-gateway"), Job(system="mantis", name="mantis"))


def test_scrapes_that_were_missed_are_stalls_of_their_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """From when the next one was due to the next good one, but for jitter and what a drill made fail."""
    scrapes = {
        "metis-gateway": [
            *((0, True), (15, True), (30, False), (45, True)),
            *((67, True), (200, False), (320, True)),
        ],
        "mantis": [(at_s, True) for at_s in range(0, 400, 15)],
    }

    def read_scrapes(_: Any, clock: Clock, job: str, *span: float | None) -> tuple[tuple[float, bool], ...]:
        assert (clock, span) == (CLOCK, (0.0, 400.0, None))
        return tuple(scrapes.get(job, ()))

    monkeypatch.setattr(measurements, "read_scrapes", read_scrapes)
    anything: Any = None
    read = measurements.read_system_scrapes(anything, CLOCK, JOBS, 0.0, 400.0, [(190.0, 310.0)])
    missed = measurements.find_missed_scrapes(read)
    assert missed == (
        Stall(part=f"{SCRAPES}metis", from_s=30.0, until_s=45.0),
        Stall(part=f"{SCRAPES}metis", from_s=335.0, until_s=400.0),
    )


def test_a_gateway_that_is_scraped_only_at_the_end_was_not_scraped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed before the first good scrape is missing like any other, and the note says how many did."""
    scrapes = [*((float(at_s), False) for at_s in range(5, 980, 15)), (995.0, True)]
    monkeypatch.setattr(measurements, "read_scrapes", lambda *_: tuple(scrapes))
    monkeypatch.setattr(measurements, "count_evaluations", lambda _: (60, 0))
    anything: Any = None
    read = measurements.read_system_scrapes(anything, CLOCK, JOBS[:1], 0.0, 1000.0)
    (missed,) = measurements.find_missed_scrapes(read)
    assert (missed.from_s, missed.until_s) == (15.0, 995.0)
    fidelity = measurements.measure(anything, CLOCK, TrafficReport(), read, 0.0, 1000.0)
    assert "scrapes were up to 995 s of rule time apart (bound 40 s)" in doubt(fidelity, Bounds())
    said = measurements.describe_fidelity(fidelity, Bounds())["scrapes"]
    assert said == "1 of 66 succeeded, the longest time without one 995.0 s (bound 40 s)"


def test_what_a_gateway_of_somebodys_own_is_asked_is_known() -> None:
    """That of the reference gateway is the harness's own."""
    job = Job(system="own", name="own", path="/metrics/")
    own: Any = SimpleNamespace(subject=SimpleNamespace(keeps_rule_time=False, jobs=(job,)))
    order: Any = SimpleNamespace(site=own)
    health = {"gateway": "http://127.0.0.1:4000/health/readiness", "pager": "http://127.0.0.1:1/healthz"}
    assert find_asked(order, health) == {"gateway": "GET /health/readiness", "scrapes:own": "GET /metrics/"}
    own.subject.keeps_rule_time = True
    assert find_asked(order, health) == {}


@pytest.mark.parametrize(("speed", "overhead_s"), [(2.0, 29.0), (1.0, None)])
def test_calls_of_somebodys_gateway_take_what_they_take_at_speed_1(
    monkeypatch: pytest.MonkeyPatch, speed: float, overhead_s: float | None
) -> None:
    """However much longer the slowest take than the fastest: no lower speed would change that."""
    monkeypatch.setattr(measurements, "count_evaluations", lambda _: (10, 0))
    profile = ProfileReport(
        planned=100,
        sent=100,
        late=0,
        lateness_p50_s=0,
        lateness_p99_s=0,
        lateness_max_s=0,
        latency_min_s=1,
        latency_p50_s=9,
        latency_p99_s=30,
        slowest_s=(40, 38, 36, 30),
        unwelcome=0,
        statuses={"200": 100},
    )
    anything: Any = None
    measured = measurements.measure(
        anything,
        Clock(speed=speed, origin_s=0.0),
        TrafficReport(profiles={CALIBRATION_PROFILE: profile}),
        [],
        -100.0,
        0.0,
        is_probed=False,
    )
    assert measured.overhead_s == overhead_s


def test_a_part_that_takes_longer_than_usual_to_start_again_is_called_so() -> None:
    """Beside what no outage explains; what is usual is nobody's stall."""
    watch: Any = SimpleNamespace(
        silences=[
            SilentSpan(part="gateway", from_s=1.0, until_s=5.9),
            SilentSpan(part="pager", from_s=1.0, until_s=2.0),
        ]
    )
    outage = Outage(part="gateway", at_s=60, for_s=200, how="kill")
    drill = Drill(name="d", system="s", traffic=(), expects=(), why="", lasts_s=600, outages=(outage,))
    placed = [Placement(drill=drill, start_s=0.0)]
    assert read_stalls(watch, placed, TrafficReport(), CLOCK) == (
        Stall(part="pager", from_s=60.0, until_s=120.0),
        Stall(part=f"{STARTING}gateway", from_s=323.0, until_s=354.0),
    )
