"""Tests of what a run's findings are weighed by."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.core.timeline import Stall
from alertdrill.judging.needs import SCRAPES
from alertdrill.runner import measurements
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

    def read_scrapes(_: Any, clock: Clock, job: str, *span: float) -> tuple[tuple[float, bool], ...]:
        assert (clock, span) == (CLOCK, (0.0, 400.0))
        return tuple(scrapes.get(job, ()))

    monkeypatch.setattr(measurements, "read_scrapes", read_scrapes)
    anything: Any = None
    read = measurements.read_system_scrapes(anything, CLOCK, JOBS, 0.0, 400.0, [(190.0, 310.0)])
    missed = measurements.find_missed_scrapes(read)
    assert missed == (Stall(part=f"{SCRAPES}metis", from_s=30.0, until_s=45.0),)
