"""Distributions that latencies, times between tokens and token counts are drawn from. Pure and seeded.

Times are seconds of rule time.
"""

from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass

MAX_LATENCY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Every call takes `s` seconds."""

    s: float

    def draw(self, _call: int, _rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return self.s


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Calls number `every`, 2 * `every`, ... take `slow_s` seconds, the others `s`; see `ErrorEvery`."""

    s: float
    slow_s: float
    every: int

    def draw(self, call: int, _rng: random.Random) -> float:
        """Return the latency of call number `call` (from 1) in seconds."""
        return self.slow_s if call % self.every == 0 else self.s


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """A call takes between `low_s` and `high_s` seconds, each as likely."""

    low_s: float
    high_s: float

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return rng.uniform(self.low_s, self.high_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A call takes exp(N(ln median_s, sigma)) seconds, and never more than `MAX_LATENCY_S`."""

    median_s: float
    sigma: float

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return min(self.median_s * math.exp(rng.gauss(0.0, self.sigma)), MAX_LATENCY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """A call takes a gamma-distributed time of this mean; the greater the `shape`, the narrower.

    It never takes more than `MAX_LATENCY_S`.
    """

    mean_s: float
    shape: float

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return min(rng.gammavariate(self.shape, self.mean_s / self.shape), MAX_LATENCY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """So many percent of the calls take no longer than so many seconds, in a straight line in between.

    The first percentile is the fastest call, the last the slowest.
    """

    points: tuple[tuple[float, float], ...]
    """Percent and seconds, both in order; at least one."""

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        percent = rng.random() * 100.0
        after = bisect.bisect_left(self.points, (percent,))
        if after == 0:
            return self.points[0][1]
        if after == len(self.points):
            return self.points[-1][1]
        (low, low_s), (high, high_s) = self.points[after - 1], self.points[after]
        return low_s + (high_s - low_s) * (percent - low) / (high - low)


Latency = Constant | Mixed | Uniform | Lognormal | Gamma | Percentiles


@dataclass(frozen=True, slots=True, kw_only=True)
class UniformCount:
    """So many tokens from `low` to `high`, each as likely."""

    low: int
    high: int

    def draw(self, rng: random.Random) -> int:
        """Return the tokens of one call."""
        return rng.randint(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class LognormalCount:
    """About `median` tokens, exp(N(ln median, sigma)), and never more than `most`."""

    median: int
    sigma: float
    most: int

    def draw(self, rng: random.Random) -> int:
        """Return the tokens of one call."""
        return min(round(self.median * math.exp(rng.gauss(0.0, self.sigma))), self.most)


Count = int | UniformCount | LognormalCount


def draw_count(count: Count, rng: random.Random) -> int:
    """Return the tokens of one call; a number stands for itself, without chance."""
    return count if isinstance(count, int) else count.draw(rng)
