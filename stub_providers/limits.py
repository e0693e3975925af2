"""Rate limits of requests and of tokens: buckets that fill up again as time goes by. Pure.

Each limit is a bucket: it is full at first, a request takes out what it uses, and it is filled evenly, the
whole of it every `per_s` seconds. A request that finds too little in any of them is refused, and takes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

Unit = Literal["requests", "tokens", "input_tokens", "output_tokens"]
UNITS: tuple[Unit, ...] = get_args(Unit)
PER_S = 60.0
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of each unit there is every `per_s` seconds; a unit that is not named has no limit."""

    most: Mapping[Unit, int]
    per_s: float = PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What is left of a limit, and after how many seconds all of it is there again."""

    most: int
    left: int
    full_in_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a request found the limits: what is left of each, what it wanted too much of, and when to retry."""

    quotas: Mapping[Unit, Quota]
    refused_by: Unit | None = None
    wanted: int = 0
    """How much of `refused_by` it wanted."""
    retry_in_s: float = 0.0

    def at_speed(self, speed: float) -> Standing:
        """Return the same with times of a clock that is so many times slower: a client's, in wall time."""
        quotas = {
            unit: replace(quota, full_in_s=quota.full_in_s / speed) for unit, quota in self.quotas.items()
        }
        return replace(self, quotas=quotas, retry_in_s=self.retry_in_s / speed)


class Buckets:
    """What is left of limits."""

    __slots__ = ("_at_s", "_left", "_limits")

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._limits = limits
        self._left: dict[Unit, float] = {unit: float(most) for unit, most in limits.most.items()}
        self._at_s = now_s

    def take(self, *, input_tokens: int, output_tokens: int, now_s: float) -> Standing:
        """Take what a request uses, unless there is too little."""
        self._fill(now_s)
        wanted: dict[Unit, int] = {
            "requests": 1,
            "tokens": input_tokens + output_tokens,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
        }
        waits_s = {
            unit: self._wait_s(unit, wanted[unit])
            for unit in self._left
            if wanted[unit] > self._left[unit] + _ROUNDING
        }
        if waits_s:
            worst = max(waits_s, key=lambda unit: waits_s[unit])
            return Standing(
                quotas=self._say(), refused_by=worst, wanted=wanted[worst], retry_in_s=waits_s[worst]
            )
        for unit in self._left:
            self._left[unit] = max(0.0, self._left[unit] - wanted[unit])
        return Standing(quotas=self._say())

    def _fill(self, now_s: float) -> None:
        gone_s, self._at_s = max(0.0, now_s - self._at_s), max(now_s, self._at_s)
        for unit, most in self._limits.most.items():
            self._left[unit] = min(float(most), self._left[unit] + most * gone_s / self._limits.per_s)

    def _wait_s(self, unit: Unit, wanted: int) -> float:
        """Return when so much is there again; of what is never there at once, when the bucket is full."""
        most = self._limits.most[unit]
        return (min(wanted, most) - self._left[unit]) * self._limits.per_s / most

    def _say(self) -> dict[Unit, Quota]:
        return {
            unit: Quota(most=most, left=int(self._left[unit]), full_in_s=self._wait_s(unit, most))
            for unit, most in self._limits.most.items()
        }
