"""How the speed of a run is found: its first seconds are measured, and a speed is taken that fits them."""

from __future__ import annotations

from alertdrill.core.clock import Clock
from alertdrill.judging.clock_fidelity import Bounds, Fidelity, doubt, find_fitting_speed
from alertdrill.runner.measurements import measure, read_system_scrapes
from alertdrill.runner.traffic import TrafficReport
from alertdrill.runtime.http_client import Api

SPEEDS = (60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 12.0, 10.0)
"""What calibration chooses from; at each, 15 s of rule time is a whole number of milliseconds."""
CALIBRATION_WALL_S = 3.5


class TooFast(Exception):
    """A lower speed is needed: `reason` says why, and `slower` is which, unless all are too high."""

    def __init__(self, fidelity: Fidelity, bounds: Bounds, speed: float) -> None:
        self.reason = f"at {speed:g}, {doubt(fidelity, bounds)[0]}"
        self.slower = find_fitting_speed(fidelity, bounds, speed, SPEEDS)


def calibrate(bounds: Bounds, prometheus: Api, clock: Clock, traffic: TrafficReport, lead_s: float) -> None:
    """Measure the `lead_s` of rule time before the run's origin; raises TooFast if that is out of bounds."""
    scrapes = read_system_scrapes(prometheus, clock, -lead_s, 0.0)
    fidelity = measure(prometheus, clock, traffic, scrapes, -lead_s, 0.0)
    if doubt(fidelity, bounds):
        raise TooFast(fidelity, bounds, clock.speed)
