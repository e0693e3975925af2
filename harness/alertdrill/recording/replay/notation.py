"""The series notation of promtool's unit tests: label sets and values as text.

A series stands on a grid of equal steps: one item for each step, `_` where there is no sample. Runs are
written short: `_x249`, `1x5` (1, and five times more), `0+5x10` (0, and ten steps of 5), the last only where
adding up, as promtool does, gives the samples to the last bit.
Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import math
import re
import struct
from array import array
from collections.abc import Iterator, Sequence

from alertdrill.core.rule import Labels
from alertdrill.recording.recording import RecordedSeries
from alertdrill.rules.promql.expressions import format_number, quote

_NEGATIVE_ZERO = struct.pack("d", -0.0)
_SHORTEST_RUN = 3
_METRIC_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write_series(labels: Labels) -> str:
    """Return a label set, with the metric's name as `__name__`, as promtool reads it; sorted by label."""
    name = labels.get("__name__", "")
    pairs = [
        f"{label if _LABEL_NAME.fullmatch(label) else quote(label)}={quote(value)}"
        for label, value in sorted(labels.items())
        if label != "__name__"
    ]
    if _METRIC_NAME.fullmatch(name) is None:
        return "{" + ", ".join([quote(name), *pairs] if name else pairs) + "}"
    return name + ("{" + ", ".join(pairs) + "}" if pairs else "")


def write_values(
    series: RecordedSeries, start_ms: int, step_ms: int, count: int, *, is_short: bool = True
) -> str:
    """Return a series' samples and staleness markers on the grid of `count` steps from `start_ms` on.

    Every instant must be on the grid; one before or after it is left out. Unless it `is_short`, runs of
    samples are not looked for, which is several times as fast.
    """
    slots, values = _place(series, start_ms, step_ms, count)
    if not slots:
        return ""
    lead = _skip(slots[0])
    spacing = slots[1] - slots[0] if len(slots) > 1 else 1
    is_even = slots[-1] - slots[0] == spacing * (len(slots) - 1) and _is_even(slots, spacing)
    if is_even and spacing > 1 and None not in values:
        return lead + f" {_skip(spacing - 1)}".join(map(_write_value, values))
    if not is_short and spacing == 1 and is_even and None not in values:
        return lead + " ".join(map(repr, values))
    if is_even and spacing == 1:
        return lead + " ".join(_write_runs(values))
    return lead + " ".join(_write_stretches(slots, values))


def _place(
    series: RecordedSeries, start_ms: int, step_ms: int, count: int
) -> tuple[Sequence[int], Sequence[float | None]]:
    """Return the slots that are taken, in order, and their values; None is a staleness marker."""
    end_ms = start_ms + (count - 1) * step_ms
    times: Sequence[int] = series.times_ms
    values: Sequence[float | None] = series.values
    if series.stale_ms:
        marked = sorted(
            [*zip(times, values, strict=True), *((at, None) for at in series.stale_ms)],
            key=lambda item: item[0],
        )
        times, values = [at for at, _ in marked], [value for _, value in marked]
    if times and (times[0] < start_ms or times[-1] > end_ms):
        kept = [(at, value) for at, value in zip(times, values, strict=True) if start_ms <= at <= end_ms]
        times, values = [at for at, _ in kept], [value for _, value in kept]
    return [(at - start_ms) // step_ms for at in times], values


def _is_even(slots: Sequence[int], spacing: int) -> bool:
    return spacing == 1 or list(slots) == list(range(slots[0], slots[-1] + 1, spacing))


def _skip(count: int) -> str:
    """Return what leaves out some slots, with the space that follows it."""
    if count == 0:
        return ""
    return "_ " if count == 1 else f"_x{count} "


def _write_value(value: float | None) -> str:
    """Return one item."""
    if value is None:
        return "stale"
    text = repr(value)
    if text[-2:] == ".0":
        return text[:-2]
    return text if text[-1] not in "nf" else format_number(value)


def _write_stretches(slots: Sequence[int], values: Sequence[float | None]) -> Iterator[str]:
    """Yield the items of a series with gaps, each stretch without one for itself."""
    begin = 0
    for index in range(1, len(slots) + 1):
        if index == len(slots) or slots[index] != slots[index - 1] + 1:
            gap = _skip(slots[begin] - slots[begin - 1] - 1) if begin else ""
            yield gap + " ".join(_write_runs(values[begin:index]))
            begin = index


def _write_runs(values: Sequence[float | None]) -> Iterator[str]:
    """Yield the items of samples and markers that follow each other without a gap."""
    begin = 0
    for marker in [index for index, value in enumerate(values) if value is None]:
        yield from _write_numbers([value for value in values[begin:marker] if value is not None])
        yield "stale"
        begin = marker + 1
    yield from _write_numbers([value for value in values[begin:] if value is not None])


def _write_numbers(values: Sequence[float]) -> Iterator[str]:
    """Yield the items of samples that follow each other without a gap, runs of even steps as one."""
    if _NEGATIVE_ZERO in array("d", values).tobytes():
        # Minus zero equals zero, so a run would lose its sign.
        yield from map(_write_value, values)
        return
    index, count = 0, len(values)
    while index < count:
        first = values[index]
        end = index + 1
        step = values[end] - first if end < count else math.nan
        sum_ = first + step
        # Of what is not finite, nothing can be added up.
        if math.isfinite(step):
            while end < count and values[end] == sum_:
                sum_ += step
                end += 1
        if end - index < _SHORTEST_RUN:
            yield _write_value(first)
            index += 1
            continue
        yield _write_run(first, step, end - index - 1)
        index = end


def _write_run(first: float, step: float, times: int) -> str:
    if step == 0:
        return f"{_write_value(first)}x{times}"
    return f"{_write_value(first)}{'-' if step < 0 else '+'}{_write_value(abs(step))}x{times}"
