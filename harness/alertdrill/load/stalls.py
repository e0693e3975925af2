"""When this process stood still: nothing can be sent then, no answer read, no provider told.

Nobody can ask Locust from outside whether it is there, but its own loop knows: what sleeps for a moment wakes
late where the process was stopped, or busy.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

BEAT_WALL_S = 0.05
LEAST_WALL_S = 0.1
"""To be later than that is to have stood still; the harness asks other parts as often."""

Stall = tuple[float, float]
"""From when to when, rule time."""


class Pulse:
    """Beats, and notes every beat that was missed; `rule_s` tells the rule time that it is now."""

    def __init__(self, rule_s: Callable[[], float], speed: float) -> None:
        self._rule_s = rule_s
        self._speed = speed
        self._due_s = rule_s()
        self.stalls: list[Stall] = []

    def beat_on(self) -> None:
        """Beat until the greenlet is ended."""
        self._due_s = self._rule_s()
        while True:
            self.beat()
            gevent.sleep(BEAT_WALL_S)

    def beat(self) -> None:
        """Note that this process runs now, and since when it did not if the beat was due long ago."""
        now_s = self._rule_s()
        if now_s - self._due_s > LEAST_WALL_S * self._speed:
            self.stalls.append((self._due_s, now_s))
        self._due_s = now_s + BEAT_WALL_S * self._speed
