"""The grid that promtool wants samples on: one step for all series, counted from 0.

The finest step that every instant is a multiple of changes nothing. Where that would be more items than
promtool bears, the step is a coarser one that all windows and intervals of the rules are multiples of, and
instants are rounded up to it: a window that reaches from just after one multiple to another one has the same
samples as before, and no evaluation sees a sample sooner than it was there.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from alertdrill.errors import CouldNotTell
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.rules.promql.expressions import format_duration

MAX_ITEMS = 20_000_000
"""Items (series times their length in steps) that promtool is given at most where a coarser grid will do.

It takes a tenth to half a microsecond for each, whether there is a sample or not.
"""
MOST_ITEMS = 100_000_000
"""Items that promtool is given at most."""
SCRAPE_MS = 15_000
"""How far apart samples are taken to be where no series has two."""
LAST_SAMPLES = 10
OVERDUE = 1.5
"""A series whose next sample is late by half the usual time had ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Steps of `step_ms` from rule time `start_ms` on; `moved_ms` is how far any instant is rounded up."""

    start_ms: int
    step_ms: int
    moved_ms: int = 0

    def place(self, series: RecordedSeries) -> RecordedSeries:
        """Return a series with its instants rounded up to the grid."""
        if not self.moved_ms:
            return series
        return replace(
            series, times_ms=self._round_up(series.times_ms), stale_ms=self._round_up(series.stale_ms)
        )

    def describe(self) -> str:
        """Say how samples are moved, where any is."""
        return (
            f"its samples are put on a grid of {format_duration(self.step_ms / 1000)}, each up to "
            f"{format_duration(self.moved_ms / 1000)} later than it was recorded"
        )

    def _round_up(self, times_ms: array[int]) -> array[int]:
        start_ms, step_ms = self.start_ms, self.step_ms
        return array("q", [start_ms - (start_ms - at) // step_ms * step_ms for at in times_ms])


def choose_grid(
    series: Sequence[RecordedSeries],
    start_ms: int,
    windows_ms: int,
    *,
    name: str,
    max_items: int = MAX_ITEMS,
) -> Grid:
    """Return the grid from `start_ms` on for these series; no instant lies before the start.

    `windows_ms` divides all windows, intervals, steps and offsets of the rules. Raises CouldNotTell, naming
    the recording, where the samples are too many or too close together.
    """
    length_ms = sum(max(_list_ends(one)) - start_ms for one in series if _list_ends(one))

    def count_items(step_ms: int) -> int:
        return length_ms // step_ms + len(series)

    exact_ms = _find_exact_step(series, start_ms) or windows_ms
    if count_items(exact_ms) <= max_items:
        return Grid(start_ms=start_ms, step_ms=exact_ms)
    coarser = [step for step in _list_divisors(windows_ms) if step > exact_ms]
    bearable = [step for step in coarser if count_items(step) <= max_items]
    finer = [step for step in reversed(coarser) if max_items < count_items(step) <= MOST_ITEMS]
    for step_ms in (*bearable, *finer):
        grid = Grid(start_ms=start_ms, step_ms=step_ms, moved_ms=step_ms)
        if all(_stays_apart(grid.place(one)) for one in series):
            moved_ms = max(_measure_move(one, grid) for one in series)
            return Grid(start_ms=start_ms, step_ms=step_ms, moved_ms=moved_ms)
    if count_items(exact_ms) <= MOST_ITEMS:
        return Grid(start_ms=start_ms, step_ms=exact_ms)
    samples = sum(len(one.times_ms) for one in series)
    raise CouldNotTell(
        f"{name}: the rules read {len(series)} series with {samples} samples, too many or too uneven to be "
        f"replayed at once; record a shorter time, or fewer series"
    )


def append_tail(recording: Recording, tail_s: float) -> Recording:
    """Return a recording that goes on for `tail_s`, every series that was alive keeping its last value.

    A series was alive if it was not marked stale and its next sample was not yet overdue; it gets samples as
    far apart as its last ones were.
    """
    if tail_s <= 0:
        return recording
    until_ms = recording.end_ms + round(tail_s * 1000)
    spacings = [spacing for one in recording.series if (spacing := _find_spacing(one)) is not None]
    usual_ms = Counter(spacings).most_common(1)[0][0] if spacings else SCRAPE_MS
    return replace(
        recording,
        end_ms=until_ms,
        series=tuple(_prolong(one, usual_ms, recording.end_ms, until_ms) for one in recording.series),
    )


def _find_spacing(series: RecordedSeries) -> int | None:
    """Return how far apart a series' last samples are, where none was missed."""
    return min((b - a for a, b in pairwise(series.times_ms[-LAST_SAMPLES:])), default=None)


def _prolong(series: RecordedSeries, usual_ms: int, end_ms: int, until_ms: int) -> RecordedSeries:
    if not series.times_ms or (series.stale_ms and series.stale_ms[-1] > series.times_ms[-1]):
        return series
    last_ms = series.times_ms[-1]
    spacing_ms = _find_spacing(series) or usual_ms
    if end_ms - last_ms > OVERDUE * spacing_ms:
        return series
    times = range(last_ms + spacing_ms, until_ms + 1, spacing_ms)
    return replace(
        series,
        times_ms=series.times_ms + array("q", times),
        values=series.values + array("d", [series.values[-1]]) * len(times),
    )


def _list_ends(series: RecordedSeries) -> list[int]:
    return [times[-1] for times in (series.times_ms, series.stale_ms) if times]


def _find_exact_step(series: Iterable[RecordedSeries], start_ms: int) -> int:
    """Return the largest step that all instants are multiples of; 0 if there are none but the start."""
    # What is scraped together has the same instants.
    distinct = {times.tobytes() for one in series for times in (one.times_ms, one.stale_ms)}
    step_ms = 0
    for packed in distinct:
        times = array("q")
        times.frombytes(packed)
        step_ms = math.gcd(step_ms, *(times if start_ms == 0 else [at - start_ms for at in times]))
    return step_ms


def _list_divisors(number: int) -> list[int]:
    """Return what divides a number, from 1 up."""
    low = [divisor for divisor in range(1, math.isqrt(number) + 1) if number % divisor == 0]
    return sorted({*low, *(number // divisor for divisor in low)})


def _stays_apart(placed: RecordedSeries) -> bool:
    """Tell whether no two instants of a series, sample or marker, fall on the same one."""
    times = [*placed.times_ms, *placed.stale_ms]
    return len(set(times)) == len(times)


def _measure_move(series: RecordedSeries, grid: Grid) -> int:
    return max(
        ((grid.start_ms - at) % grid.step_ms for times in (series.times_ms, series.stale_ms) for at in times),
        default=0,
    )
