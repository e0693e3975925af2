"""How the speed of a run is found: its first seconds are measured, and a speed is taken that fits them."""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.core.clock import Clock
from alertdrill.judging.clock_fidelity import Bounds, Fidelity, doubt, find_fitting_speed
from alertdrill.runner.measurements import measure, read_system_scrapes
from alertdrill.runner.order import Order
from alertdrill.runner.traffic import TrafficReport
from alertdrill.runtime.http_client import Api

CALIBRATION_WALL_S = 3.5
OWN_CALIBRATION_WALL_S = 10.0
"""Of a gateway that runs in wall time, whose first calls may take long."""


class TooFast(Exception):
    """A lower speed is needed: `reason` says why, and `slower` is which, unless all are too high."""

    def __init__(self, fidelity: Fidelity, bounds: Bounds, speed: float, speeds: Sequence[float]) -> None:
        self.reason = f"at {speed:g}, {doubt(fidelity, bounds)[0]}"
        self.slower = find_fitting_speed(fidelity, bounds, speed, speeds)


def find_calibration_wall_s(order: Order) -> float:
    """Return how long calibration takes."""
    if order.site.subject.keeps_rule_time:
        return CALIBRATION_WALL_S
    return OWN_CALIBRATION_WALL_S if order.speed is None else 0.0


def calibrate(order: Order, prometheus: Api, clock: Clock, traffic: TrafficReport, lead_s: float) -> None:
    """Measure `lead_s` of rule time, up to the quiet lead; raises TooFast if that is out of bounds."""
    since_s, until_s = -order.quiet_lead_s - lead_s, -order.quiet_lead_s
    subject = order.site.subject
    scrapes = read_system_scrapes(prometheus, clock, subject.jobs, since_s, until_s)
    fidelity = measure(
        prometheus, clock, traffic, scrapes, since_s, until_s, is_probed=subject.keeps_rule_time
    )
    if doubt(fidelity, order.bounds):
        raise TooFast(fidelity, order.bounds, clock.speed, order.speeds)
