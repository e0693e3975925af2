"""When everything of a plan is due, on one clock."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent

from alertdrill.load.arrivals import draw_arrivals
from alertdrill.load.plan import LoadProfile, Plan


class Timetable:
    """The instants of all arrivals of a plan, by load profile; `now` tells the time in epoch seconds."""

    def __init__(self, plan: Plan, *, now: Callable[[], float] = time.time) -> None:
        self.plan = plan
        self.instants = {
            profile.name: _list_instants(profile, f"{plan.seed}:{profile.name}") for profile in plan.profiles
        }
        self._now = now

    def rule_s(self) -> float:
        """Return the rule time that it is now."""
        return (self._now() - self.plan.origin_s) * self.plan.speed

    def elapsed_s(self, profile: LoadProfile, at_s: float) -> float:
        """Return the rule time since an instant of a load profile; negative before it."""
        return (self._now() - self.plan.wall_s(profile.start_s + at_s)) * self.plan.speed

    def sleep_until(self, profile: LoadProfile, at_s: float) -> None:
        """Sleep until an instant of a load profile."""
        while (ahead_s := -self.elapsed_s(profile, at_s)) > 0:
            gevent.sleep(ahead_s / self.plan.speed)


def _list_instants(profile: LoadProfile, seed: str) -> tuple[float, ...]:
    """Return a trace's own instants, or else those that are drawn from the stages."""
    if profile.trace:
        return tuple(call.at_s for call in profile.trace)
    return draw_arrivals(profile.stages, kind=profile.arrivals, burstiness=profile.burstiness, seed=seed)
