"""How long calls take by a quantile or a mean, and which durations bring that past a threshold. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from alertdrill.project.drafting.conditions import Condition

OVERHEAD_S = 0.02
"""What a gateway may add to each call: a bucket's bound nearer than this is none to rely on."""
MOST_CALLS = 1_000
"""In a window: a share of calls that needs more of them to be what it is meant to be is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long calls take: from `low_s` to `high_s`, or every `slow_every`th `high_s`, the others `low_s`.

    The value that they are for needs `calls` of them in a window, or any number.
    """

    low_s: float
    high_s: float
    slow_every: int | None = None
    calls: int = 0

    def scale(self, factor: float) -> Durations:
        """Return durations so many times as long."""
        return replace(self, low_s=self.low_s * factor, high_s=self.high_s * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long calls take, in units of `unit_s`: a quantile of a histogram, or their mean without one.

    `bounds` are the finite bounds of its buckets, in its unit; none where nobody knows them.
    """

    quantile: float | None
    bounds: tuple[float, ...] = ()
    unit_s: float = 1.0

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to."""
        low, high = at.low_s / self.unit_s, at.high_s / self.unit_s
        slow = None if at.slow_every is None else 1 / at.slow_every
        if self.quantile is None:
            return (low + high) / 2 if slow is None else low + (high - low) * slow
        if self.bounds:
            return interpolate(self.bounds, self.quantile, rank_spread(low, high, slow))
        if slow is not None:
            return high if slow > 1 - self.quantile else low
        return low + (high - low) * self.quantile

    def find_past(self, least: float) -> Durations | None:
        """Return how long all calls have to take for a value of at least so much, or None if nothing does."""
        if self.quantile is None or not self.bounds:
            return _all_alike(least * 1.5 * self.unit_s)
        found = _Histogram(self.bounds, self.quantile).choose_alike(
            [self.bounds[-1] * 1.5], (least, math.inf), least, OVERHEAD_S / self.unit_s
        )
        return found and found.scale(self.unit_s)

    def find_near(self, least: float, most: float, usual_s: float) -> Durations | None:
        """Return how long calls have to take for a value between two, of which most may take `usual_s`.

        The value is what Prometheus reads out of the buckets. Calls that all take as long are the easiest to
        read; then a few slow ones, in the middle of a bucket, so that what a busy machine adds moves none of
        them into another. Only where neither does, durations are spread. None if nothing brings it there.
        """
        middle = (least + most) / 2
        if self.quantile is None or not self.bounds:
            return _all_alike(middle * self.unit_s)
        histogram, late = _Histogram(self.bounds, self.quantile), OVERHEAD_S / self.unit_s
        found = (
            histogram.choose_alike([], (least, most), middle, late)
            or histogram.choose_mixed((least, most), usual_s / self.unit_s, late)
            or histogram.choose_spread((least, most), late)
        )
        return found and found.scale(self.unit_s)


@dataclass(frozen=True, slots=True)
class _Histogram:
    """A quantile of a histogram with such bounds; `within` are the least and the most of what is to be read.

    All is in the histogram's own unit, `late` too, which is what a gateway may add to each call.
    """

    bounds: tuple[float, ...]
    quantile: float

    def choose_alike(
        self, beyond: Sequence[float], within: tuple[float, float], wanted: float, late: float
    ) -> Durations | None:
        """Return the one duration of all calls whose value is nearest to what is wanted."""
        fitting = [
            (abs(max(values) - wanted), each)
            for each in (*self._list_middles(), *beyond)
            if _is_within(values := self._read_late(each, each, late), within)
        ]
        return _all_alike(min(fitting)[1]) if fitting else None

    def choose_mixed(self, within: tuple[float, float], usual: float, late: float) -> Durations | None:
        """Return usual calls with a slow one among each so many: what wants the fewest calls in a window."""
        fitting = [
            Durations(low_s=usual, high_s=slow, slow_every=every, calls=calls)
            for low, slow in zip((0.0, *self.bounds), self._list_middles(), strict=False)
            if usual + late <= low
            for every in range(2, math.ceil(1 / (1 - self.quantile)) if self.quantile < 1 else 2)
            if (calls := self._count_needed(every, (usual, slow), within)) is not None
        ]
        return min(fitting, key=lambda one: one.calls, default=None)

    def choose_spread(self, within: tuple[float, float], late: float) -> Durations | None:
        """Return durations of which a few are past a bound; by chance a window has more: it aims low."""
        ends = [bound * (1 + step / 100) for bound in self.bounds for step in (*range(1, 20), 50, 100)]
        fitting = [
            (max(values), start, end)
            for start in self._list_middles()
            for end in ends
            if end > start and _is_within(values := self._read_late(start, end, late), within)
        ]
        if not fitting:
            return None
        _, low, high = min(fitting)
        return Durations(low_s=low, high_s=high)

    def _list_middles(self) -> Iterator[float]:
        return ((low + high) / 2 for low, high in pairwise((0.0, *self.bounds)))

    def _count_needed(
        self, every: int, durations: tuple[float, float], within: tuple[float, float]
    ) -> int | None:
        """Return how many calls a window needs, of which one more or less may be slow by where it begins."""
        for calls in range(every, MOST_CALLS, every):
            shares = (max(0.0, 1 / every - 1 / calls), 1 / every + 1 / calls)
            if _is_within([self._read(rank_spread(*durations, share)) for share in shares], within):
                return calls
        return None

    def _read_late(self, low: float, high: float, late: float) -> list[float]:
        """Return what is read of durations, and of those that a gateway has added something to."""
        return [self._read(rank_spread(low + more, high + more, None)) for more in (0.0, late)]

    def _read(self, find_rank: Callable[[float], float]) -> float:
        return interpolate(self.bounds, self.quantile, find_rank)


def _all_alike(each_s: float) -> Durations:
    return Durations(low_s=each_s, high_s=each_s)


def _is_within(values: Sequence[float], within: tuple[float, float]) -> bool:
    return within[0] <= min(values) and max(values) <= within[1]


def rank_spread(low: float, high: float, slow: float | None) -> Callable[[float], float]:
    """Return which share of durations is up to a bound.

    They are spread evenly from `low` to `high`; or a share of `slow` is `high`, and the rest `low`.
    """

    def find_rank(bound: float) -> float:
        if slow is not None:
            return (1 - slow) * (low <= bound) + slow * (high <= bound)
        if high == low:
            return float(low <= bound)
        return min(1.0, max(0.0, (bound - low) / (high - low)))

    return find_rank


def interpolate(bounds: tuple[float, ...], quantile: float, find_rank: Callable[[float], float]) -> float:
    """Return what histogram_quantile gives for durations of which such shares are up to each bound."""
    start, below = 0.0, 0.0
    for bound in bounds:
        rank = find_rank(bound)
        if rank >= quantile and rank > below:
            return start + (bound - start) * (quantile - below) / (rank - below)
        start, below = bound, rank
    return bounds[-1]
