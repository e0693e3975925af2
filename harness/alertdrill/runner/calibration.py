"""How the speed of a run is found: its first seconds are measured, and a speed is taken that fits them."""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.core.clock import Clock
from alertdrill.judging.clock_fidelity import Bounds, Fidelity, doubt, find_fitting_speed
from alertdrill.runner.measurements import measure, read_system_scrapes
from alertdrill.runner.order import Order
from alertdrill.runner.probe import WARM_UP_SHARE
from alertdrill.runner.traffic import TrafficReport, lead_wall_s
from alertdrill.runtime.http_client import Api

CALIBRATION_WALL_S = 3.5
OWN_CALIBRATION_WALL_S = 12.0
"""Of a gateway that runs in wall time, whose first calls may take long; see `probe.WARM_UP_SHARE`."""
OWN_CALIBRATION_SCRAPES = 4


class TooFast(Exception):
    """A lower speed is needed: `reason` says why, and `slower` is which, unless all are too high."""

    def __init__(self, fidelity: Fidelity, bounds: Bounds, speed: float, speeds: Sequence[float]) -> None:
        self.reason = f"at {speed:g}, {doubt(fidelity, bounds)[0]}"
        self.slower = find_fitting_speed(fidelity, bounds, speed, speeds)


def find_calibration_wall_s(order: Order, speed: float) -> float:
    """Return how long calibration takes at a speed: some scrapes at least, however slow it is."""
    subject = order.site.subject
    if subject.keeps_rule_time:
        return CALIBRATION_WALL_S
    if order.speed is not None:
        return 0.0
    return max(
        OWN_CALIBRATION_WALL_S, *(OWN_CALIBRATION_SCRAPES * job.interval_s / speed for job in subject.jobs)
    )


def find_lead_wall_s(order: Order, speed: float) -> float:
    """Return how long a run takes at a speed before its first drill, once the stack is up."""
    calibration_wall_s = find_calibration_wall_s(order, speed)
    return lead_wall_s(order.workers) + calibration_wall_s + order.warm_up_wall_s + order.quiet_lead_s / speed


def calibrate(order: Order, prometheus: Api, clock: Clock, traffic: TrafficReport, lead_s: float) -> None:
    """Measure `lead_s` of rule time, up to the quiet lead; raises TooFast if that is out of bounds."""
    subject = order.site.subject
    measured_s = lead_s if subject.keeps_rule_time else lead_s * (1 - WARM_UP_SHARE)
    since_s, until_s = -order.quiet_lead_s - measured_s, -order.quiet_lead_s
    scrapes = read_system_scrapes(prometheus, clock, subject.jobs, since_s, until_s)
    fidelity = measure(
        prometheus, clock, traffic, scrapes, since_s, until_s, is_probed=subject.keeps_rule_time
    )
    if doubt(fidelity, order.bounds):
        raise TooFast(fidelity, order.bounds, clock.speed, order.speeds)
