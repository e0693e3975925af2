"""Rule time as the pager knows it: its speed from the start, its origin once a run has told it."""

from __future__ import annotations

from alertdrill.core.clock import Clock


class RuleTime:
    """Spans can be converted always, instants once `tell` has been called."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._clock: Clock | None = None

    def change(self, clock: Clock) -> None:
        """Let rule time run as this clock says, also for what arrived before."""
        self._speed = clock.speed
        self._clock = clock

    @property
    def clock(self) -> Clock | None:
        """What a run told; None before."""
        return self._clock

    @property
    def speed(self) -> float:
        """Seconds of rule time in one of wall time."""
        return self._speed

    def at_s(self, wall_s: float | None) -> float | None:
        """Return the rule time at a wall instant; None where there is none, or no origin yet."""
        return None if wall_s is None or self._clock is None else self._clock.rule_s(wall_s)

    def span_s(self, wall_s: float) -> float:
        """Return how many seconds of rule time a span of wall time lasts."""
        return wall_s * self._speed

    def span_wall_s(self, rule_s: float) -> float:
        """Return how many wall seconds a span of rule time lasts."""
        return rule_s / self._speed
