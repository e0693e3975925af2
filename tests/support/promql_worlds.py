"""Prometheus's tests of PromQL laid out for promtool, as written and faster.

promtool looks 5 minutes back for a sample, at any speed. So what Prometheus would no longer see is marked
stale at that distance, in both worlds, and neither depends on how far promtool looks back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest

from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.rules.promql.expressions import format_duration
from support.promql_corpus import Scene

LOOKBACK_MS = 300_000
DEFAULT_STEP_S = 60.0
"""Of subqueries in those tests."""
LATE_S = 3600.0
"""A whole number of every step and interval in those tests."""

_TOKEN = re.compile(r"(?:\{\{.*?\}\}|[^\s{])+")
_NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_PROGRESSION = re.compile(rf"({_NUMBER})([-+]{_NUMBER})x([0-9]+)")
_GROWTH = re.compile(r"(\{\{.*?\}\})\+(\{\{.*?\}\})x([0-9]+)")
_REPEATED = re.compile(r"(.*)x([0-9]+)")
_FIELD = re.compile(r"(sum|count|z_bucket|buckets|n_buckets):(\[[^\]]*\]|\S+?)(?=[\s}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """Series in promtool's notation, on one grid."""

    interval: str
    series: Mapping[str, str]


def lay_out(scene: Scene, speed: float, late_s: float = 0.0) -> tuple[Laid, Laid]:
    """Return what a scene loads, as written, and `speed` times faster and `late_s` of rule time later.

    What is within reach is what both worlds see: at less than their own speed, less than 5 minutes. Raises
    BadInput when samples would not stand at whole milliseconds.
    """
    reach_ms = int(LOOKBACK_MS * min(1, speed))
    grid_ms = math.gcd(reach_ms, *(load.interval_ms for load in scene.loads))
    slots = _find_end_ms(scene) // grid_ms + 1
    series = {
        name: _spread(text, load.interval_ms // grid_ms, reach_ms // grid_ms, slots)
        for load in scene.loads
        for name, text in load.series
    }
    late = int(late_s * 1000) // grid_ms
    return (
        Laid(interval=format_duration(grid_ms / 1000), series=series),
        Laid(
            interval=dilate_duration(grid_ms / 1000, speed),
            series={name: f"_x{late} {text}" if late else text for name, text in series.items()},
        ),
    )


def _find_end_ms(scene: Scene) -> int:
    """Return the evaluation at or after the last question: promtool loads nothing that is later."""
    step_ms = int(DEFAULT_STEP_S * 1000)
    return -(-max(at for question in scene.questions for at in question.times_ms) // step_ms) * step_ms


def _spread(text: str, interval: int, reach: int, slots: int) -> str:
    """Return a series whose items stand `interval` slots apart, marked stale `reach` slots after a sample.

    Items beyond the first `slots` slots are left out: promtool holds every empty slot in memory.
    """
    if interval == 1 and "_" not in re.sub(r"\{\{.*?\}\}", "", text):
        return " ".join([text, *_leave_gap(reach, reach)])
    written: list[str] = []
    since = 0
    seen = False
    for value in islice(_list_values(text), -(-slots // interval)):
        if value == "_":
            since += interval
            continue
        written += _leave_gap(since, reach) if seen else [f"_x{since}"] * bool(since)
        written.append(value)
        seen, since = True, interval - 1
    return " ".join([*written, *_leave_gap(reach, reach)])


def _list_values(text: str) -> Iterator[str]:
    """Yield the items of a series, one by one."""
    for token in _TOKEN.findall(text):
        if match := _PROGRESSION.fullmatch(token):
            yield from (repr(float(match[1]) + at * float(match[2])) for at in range(int(match[3]) + 1))
        elif match := _GROWTH.fullmatch(token):
            yield from (_grow(match[1], match[2], at) for at in range(int(match[3]) + 1))
        elif match := _REPEATED.fullmatch(token):
            # Prometheus has one more of a value than is said, but not of what is missing.
            yield from [match[1]] * (int(match[2]) + (match[1] != "_"))
        else:
            yield token


def _grow(histogram: str, step: str, times: int) -> str:
    """Return a histogram plus another one of the same schema, some times."""
    steps = dict(_FIELD.findall(step))

    def add(match: re.Match[str]) -> str:
        name, value = match.groups()
        if not value.startswith("["):
            return f"{name}:{float(value) + times * float(steps.get(name, 0))!r}"
        ours, theirs = value[1:-1].split(), steps.get(name, "[]")[1:-1].split()
        pairs = zip_longest(map(float, ours), map(float, theirs), fillvalue=0.0)
        return f"{name}:[{' '.join(repr(one + times * other) for one, other in pairs)}]"

    for name in steps.keys() - dict(_FIELD.findall(histogram)).keys():
        histogram = histogram.replace("}}", f" {name}:{'[]' if steps[name].startswith('[') else 0}}}}}")
    return _FIELD.sub(add, histogram)


def _leave_gap(slots: int, reach: int) -> Iterator[str]:
    """Yield the slots between a sample and the next, with a marker where the former is out of reach."""
    if slots < reach:
        yield from [f"_x{slots}"] * bool(slots)
        return
    yield from [f"_x{reach - 1}"] * bool(reach - 1)
    yield "stale"
    yield from [f"_x{slots - reach}"] * bool(slots - reach)
