"""Prometheus without Prometheus: what a rule over one drill's traffic reads, and for how long, by arithmetic.

Counters are sampled every 15 s as scrapes would; `rate` extrapolates as Prometheus does
(promql/functions.go, extrapolatedRate). Latency quantiles interpolate as histogram_quantile does.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

STEP_S = 15.0

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """A counter's increments (instant, amount); it has no sample before `born_s`."""

    increments: Sequence[tuple[float, float]]
    born_s: float

    def __post_init__(self) -> None:
        total, totals = 0.0, []
        for _, amount in sorted(self.increments):
            total += amount
            totals.append(total)
        object.__setattr__(self, "instants", sorted(at_s for at_s, _ in self.increments))
        object.__setattr__(self, "totals", totals)

    def value(self, at_s: float) -> float:
        """Return the counter at a scrape."""
        count = bisect.bisect_right(self.instants, at_s)
        return self.totals[count - 1] if count else 0.0

    def rate(self, at_s: float, window_s: float) -> float | None:
        """Return what `rate` makes of the samples in the window; None without two of them."""
        if self.born_s > at_s:
            return None
        first = max(0, int((at_s - window_s) // STEP_S) + 1, math.ceil(self.born_s / STEP_S))
        first_s, last_s = first * STEP_S, at_s // STEP_S * STEP_S
        if first_s >= last_s:
            return None
        first_value = self.value(first_s)
        increase = self.value(last_s) - first_value
        sampled_s = last_s - first_s
        to_start_s, to_end_s = first_s - (at_s - window_s), at_s - last_s
        limit_s = STEP_S * 1.1
        if to_start_s >= limit_s:
            to_start_s = STEP_S / 2
        if increase > 0 and first_value >= 0:
            to_start_s = min(to_start_s, sampled_s * first_value / increase)
        if to_end_s >= limit_s:
            to_end_s = STEP_S / 2
        return increase * (sampled_s + to_start_s + to_end_s) / sampled_s / window_s


def find_quantile(quantile: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """Return histogram_quantile of (upper bound, cumulative rate), the last of which is all."""
    total = buckets[-1][1]
    if not total:
        return None
    rank = quantile * total
    lower_s, below = 0.0, 0.0
    for upper_s, count in buckets:
        if count >= rank:
            if upper_s == float("inf"):
                return lower_s
            return lower_s + (upper_s - lower_s) * (rank - below) / (count - below)
        lower_s, below = upper_s, count
    raise AssertionError


def evaluate(value: Callable[[float], float | None], until_s: float) -> Points:
    """Return a value at every evaluation at which there is one."""
    instants = [number * STEP_S for number in range(int(until_s // STEP_S) + 1)]
    return [(at_s, found) for at_s in instants if (found := value(at_s)) is not None]


def find_stretches(points: Points, threshold: float, until_s: float) -> list[tuple[float, float]]:
    """Return from when to when a value was over its threshold, from first to last point of each stretch."""
    over = {at_s for at_s, value in points if value > threshold}
    stretches: list[tuple[float, float]] = []
    for number in range(int(until_s // STEP_S) + 1):
        at_s = number * STEP_S
        if at_s not in over:
            continue
        if stretches and stretches[-1][1] == at_s - STEP_S:
            stretches[-1] = (stretches[-1][0], at_s)
        else:
            stretches.append((at_s, at_s))
    return stretches
