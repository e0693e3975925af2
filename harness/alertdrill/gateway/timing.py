"""The gateway's clock: seconds of rule time since it started, on the monotonic clock.

Only what outlives the process is kept as a wall instant; both directions go through `alertdrill.core.clock`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from alertdrill.core.clock import Clock


class RuleClock:
    """Tells the rule time since the gateway started; rule time 0 is when this was made."""

    def __init__(
        self,
        speed: float,
        *,
        monotonic: Callable[[], float] = time.perf_counter,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.speed = speed
        self._monotonic = monotonic
        self._started = monotonic()
        self._wall = Clock(speed=speed, origin_s=wall())

    def now_s(self) -> float:
        """Return the rule time now; never goes back."""
        return (self._monotonic() - self._started) * self.speed

    def rule_s(self, wall_s: float) -> float:
        """Return the rule time at a wall instant (epoch seconds); negative before the start."""
        return self._wall.rule_s(wall_s)

    def wall_s(self, rule_s: float) -> float:
        """Return the wall instant (epoch seconds) of a rule time."""
        return self._wall.wall_s(rule_s)
