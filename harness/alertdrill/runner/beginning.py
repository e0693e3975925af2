"""What is done once before the drills, as soon as who is asked for it answers.

A part that is silent just then costs time, and no more: a run's clock begins when pager and Prometheus have
answered, and what Prometheus must be asked before the drills is asked again until it answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile
from alertdrill.errors import ComponentSilent, RequestRefused
from alertdrill.judging.standstill import AGAIN
from alertdrill.runner.alignment import Alignment
from alertdrill.runner.calibration import calibrate
from alertdrill.runner.evaluations import Count, open_count
from alertdrill.runner.metric_types import demand_types
from alertdrill.runner.observation import LiveRun
from alertdrill.runner.refused_warm_up import demand_welcome
from alertdrill.runner.rest import check_rest, demand_scrapes
from alertdrill.runner.silent_parts import POLL_WALL_S, READ_WITHIN_WALL_S, SilentParts
from alertdrill.runner.traffic import TrafficReport
from alertdrill.runtime.http_client import Api

PROMPT_WALL_S = 1.0
"""What asking may take of the time that Locust is given to start."""


def begin_clock(
    pager: Api, prometheus: Api, make_clock: Callable[[], Clock], check: Callable[[], None]
) -> Clock:
    """Return a clock that the pager was told, made as pager and Prometheus answered.

    A clock that is made before they do leaves Locust too little time to start. Raises ComponentSilent for a
    part that answers nothing for `READ_WITHIN_WALL_S`, and what `check` raises for one that has died.
    """
    give_up_at = time.monotonic() + READ_WITHIN_WALL_S
    has_answered = False
    while True:
        asked = time.monotonic()
        clock = make_clock()
        try:
            with suppress(RequestRefused):  # that is an answer
                prometheus.get("/-/ready")
            pager.put("/control/clock", {"speed": clock.speed, "origin_s": clock.origin_s})
        except ComponentSilent as error:
            if time.monotonic() >= give_up_at:
                raise ComponentSilent(f"{error}: no drill was held; {AGAIN}") from error
            check()
            time.sleep(POLL_WALL_S)
        else:
            # Who is slow a second time is slow always, and not silent.
            if has_answered or time.monotonic() - asked <= PROMPT_WALL_S:
                return clock
            has_answered = True


@dataclass(slots=True, kw_only=True)
class Beginning:
    """What of it is yet to be done in a run whose calibration takes `lead_s`."""

    run: LiveRun
    silent: SilentParts
    lead_s: float
    is_calibrated: bool
    is_at_rest: bool
    warm_up: tuple[LoadProfile, ...] = ()
    """What of the warm-up has yet to be answered."""
    alignment: Alignment | None = None
    """What has yet to be done before calibration begins, if anything."""
    count_evaluations: Callable[[], Count] | None = None
    """Counts those since the first drill began, once it has."""

    def go_on(self, now_s: float, report: Callable[[], TrafficReport]) -> None:
        """Do what is due by rule time `now_s`; what Prometheus leaves open is still to be done.

        Raises TooFast when a lower speed is needed, CouldNotTell when no drill can be held.
        """
        if self.alignment is not None:
            is_due = now_s < -self.run.order.quiet_lead_s - self.lead_s
            with self.silent.bear("prometheus"):
                if not is_due or self.alignment.go_on():
                    self.alignment = None
        if self.warm_up and demand_welcome(report(), self.warm_up):
            self.warm_up = ()
        if not self.is_calibrated and now_s >= -self.run.order.quiet_lead_s:
            with self.silent.bear("prometheus"):
                self._calibrate(report())
        if self.is_calibrated and not self.is_at_rest and now_s >= 0:
            with self.silent.bear("prometheus"):
                self._check_rest()
        if self.is_calibrated and self.is_at_rest and self.count_evaluations is None and now_s >= 0:
            order = self.run.order
            with self.silent.bear("prometheus"):
                self.count_evaluations = open_count(self.run.prometheus, order.site.subject, order.rules)

    def _calibrate(self, report: TrafficReport) -> None:
        order = self.run.order
        if not order.site.subject.keeps_rule_time:
            demand_scrapes(self.run, may_be_slow=True)
        calibrate(order, self.run.prometheus, self.run.clock, report, self.lead_s)
        self.is_calibrated = True

    def _check_rest(self) -> None:
        order = self.run.order
        if order.find_unfit is not None and self.run.clock.speed != 1:
            demand_types(self.run.prometheus, order.find_unfit, order.unfit)
        check_rest(self.run)
        self.is_at_rest = True
