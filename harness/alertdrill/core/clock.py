"""Rule time and wall time: one speed, one origin.

Rule time is the time that the rules are written in. `speed` is seconds of rule time per second of wall
time. Wall instants are Unix epoch seconds, because that is what Prometheus stamps samples with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_SPEED = 300.0
"""Of a run: at 300, scrapes are 50 ms apart; beyond, no machine keeps the clock."""
MAX_INSTANT_S = 253_402_300_800.0
"""The year 10000, which no clock's text has a fifth digit for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Converts between wall instants and rule time; rule time 0 is at `origin_s` (epoch seconds)."""

    speed: float
    origin_s: float

    def rule_s(self, wall_s: float) -> float:
        """Return the rule time at a wall instant."""
        return (wall_s - self.origin_s) * self.speed

    def wall_s(self, rule_s: float) -> float:
        """Return the wall instant of a rule time."""
        return self.origin_s + rule_s / self.speed


def find_origin(earliest_s: float, speed: float) -> float:
    """Return the next wall instant that is a whole minute of rule time since the epoch.

    Prometheus puts the steps of subqueries on multiples of the step since the epoch; counted from such an
    origin they are multiples as well, for every step that goes into a minute.
    """
    return math.ceil(earliest_s * speed / 60) * 60 / speed


def format_s(seconds: float) -> str:
    """Write rule time as a stopwatch shows it: `m:ss`, from an hour on `h:mm:ss`, rounded to seconds."""
    sign = "-" if round(seconds) < 0 else ""
    minutes, rest = divmod(abs(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"
