"""Between which values an expression stays, whatever the series are, and why. Pure.

Only what is certain is said: a rate is never below 0, a share never above 1, a count never below 1, a
quantile never above the histogram's last finite bound. NaN is between none, and no comparison with it holds
but `!=`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alertdrill.linting.likeness import is_counted, is_share, split_factor
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import Known

MAX_DEPTH = 10
_READS: dict[str, tuple[float, float]] = {
    "hour": (0, 23),
    "minute": (0, 59),
    "month": (1, 12),
    "day_of_week": (0, 6),
    "day_of_month": (1, 31),
    "days_in_month": (28, 31),
    "day_of_year": (1, 366),
}
_STATES: dict[str, tuple[float, float]] = {
    "up": (0, 1),
    "probe_success": (0, 1),
    "ALERTS": (1, 1),
    "litellm_deployment_state": (0, 2),
}
"""Metrics whose documentation says between what they are."""
_SAME = {
    "label_replace",
    "label_join",
    "sort",
    "sort_desc",
    "sort_by_label",
    "sort_by_label_desc",
    "vector",
    "scalar",
}
_OF_WINDOW = {f"{name}_over_time" for name in ("avg", "min", "max", "last", "first", "mad")} - {
    "mad_over_time"
}
_FROM_0 = {
    *("rate", "increase", "irate", "changes", "resets", "abs", "sqrt", "exp", "time", "timestamp"),
    *("stddev_over_time", "stdvar_over_time", "mad_over_time"),
}
_CHOOSING = {"min", "max", "avg", "topk", "bottomk", "limitk", "limit_ratio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The lowest and the highest value, both included; `because` says why in half a sentence."""

    low: float = -math.inf
    high: float = math.inf
    because: str = ""


ANY = Bounds()


def find_bounds(part: Part, known: Known, depth: int = 0) -> Bounds:
    """Return between which values an expression stays."""
    return known.work_out(("bounds", part), lambda: _find(part, known, depth))


def _find(part: Part, known: Known, depth: int) -> Bounds:
    if part.value is not None:
        return Bounds(low=part.value, high=part.value, because=f"it is {part.value:g}")
    match part.kind:
        case "selector":
            return _read_selector(part, known, depth)
        case "range" | "subquery":
            return find_bounds(part.children[0], known, depth)
        case "call":
            return _read_call(part, known, depth)
        case "aggregation":
            return _aggregate(part, find_bounds(part.children[0], known, depth))
        case "binary":
            return _combine(part, known, depth)
        case "unary":
            inner = find_bounds(part.children[0], known, depth)
            return Bounds(low=-inner.high, high=-inner.low, because=inner.because)
        case _:
            return ANY


def _read_selector(part: Part, known: Known, depth: int) -> Bounds:
    if part.name in _STATES:
        low, high = _STATES[part.name]
        states = f"is {low:g}" if low == high else f"is from {low:g} to {high:g}"
        return Bounds(low=low, high=high, because=f"{part.name} {states}")
    rules = known.recorded.get(part.name, ())
    if not rules or depth >= MAX_DEPTH:
        return ANY
    found = [find_bounds(one.expr, known, depth + 1) for one in rules]
    low, high = min(one.low for one in found), max(one.high for one in found)
    return Bounds(low=low, high=high, because=f"{part.name} is recorded so that {found[0].because}")


def _read_call(part: Part, known: Known, depth: int) -> Bounds:
    name = part.name
    inner = find_bounds(part.children[0], known, depth) if part.children else ANY
    if name in _READS:
        low, high = _READS[name]
        return Bounds(low=low, high=high, because=f"{name}() is from {low:g} to {high:g}")
    if name in _SAME or name in _OF_WINDOW:
        return inner
    if name in {"absent", "absent_over_time", "present_over_time"}:
        return Bounds(low=1, high=1, because=f"{name}() is 1, or nothing at all")
    if name == "count_over_time":
        return Bounds(low=1, because="count_over_time() of nothing is nothing, not 0")
    if name in {"clamp", "clamp_min", "clamp_max"}:
        return _clamp(part, inner)
    if name in {"floor", "ceil"}:
        how = math.floor if name == "floor" else math.ceil
        low, high = (how(one) if math.isfinite(one) else one for one in (inner.low, inner.high))
        return Bounds(low=low, high=high, because=inner.because)
    if name == "sum_over_time" and inner.low >= 0:
        return Bounds(low=inner.low, because=inner.because)
    if name == "sgn":
        return Bounds(low=-1, high=1, because="sgn() is -1, 0 or 1")
    if name == "histogram_fraction":
        return Bounds(low=0, high=1, because="a fraction is from 0 to 1")
    if name == "histogram_quantile":
        return _read_quantile(part, known)
    if name in _FROM_0:
        return Bounds(low=0, because=f"{name}() is never below 0")
    return ANY


def _clamp(part: Part, inner: Bounds) -> Bounds:
    limits = [child.value for child in part.children[1:]]
    if any(limit is None for limit in limits):
        return ANY
    numbers = [limit for limit in limits if limit is not None]
    low = numbers[0] if part.name in {"clamp", "clamp_min"} else -math.inf
    high = numbers[-1] if part.name in {"clamp", "clamp_max"} else math.inf
    if low > high:
        return ANY
    return Bounds(
        low=min(max(inner.low, low), high),
        high=max(min(inner.high, high), low),
        because=f"{part.name}() keeps it there",
    )


def _read_quantile(part: Part, known: Known) -> Bounds:
    """Return the bounds of a quantile: it never reads more than the last finite bound of the buckets."""
    quantile = part.children[0].value
    names = {one.name for one in part.children[1].list_selectors()}
    if known.metrics is None or len(names) != 1 or quantile is None or not 0 <= quantile <= 1:
        return ANY
    (name,) = names
    bounds = known.metrics.list_bounds(name)
    if not bounds:
        return ANY
    return Bounds(
        low=min(0.0, bounds[0]),
        high=bounds[-1],
        because=(
            f"the last finite bound of {name} is {bounds[-1]:g}, and what is above it reads as {bounds[-1]:g}"
        ),
    )


def _aggregate(part: Part, inner: Bounds) -> Bounds:
    match part.name:
        case "count":
            return Bounds(low=1, because="count() of nothing is nothing, not 0")
        case "group":
            return Bounds(low=1, high=1, because="group() is 1")
        case "stddev" | "stdvar":
            return Bounds(low=0, because=f"{part.name}() is never below 0")
        case "sum":
            low = inner.low if inner.low >= 0 else -math.inf
            high = inner.high if inner.high <= 0 else math.inf
            return Bounds(low=low, high=high, because=inner.because)
        case name if name in _CHOOSING:
            return inner
        case _:
            return ANY


def _combine(part: Part, known: Known, depth: int) -> Bounds:
    left, right = (find_bounds(child, known, depth) for child in part.children)
    if part.is_comparison:
        return _compare(part, left, right)
    match part.name:
        case "and" | "unless":
            return left
        case "or":
            because = left.because or right.because
            return Bounds(low=min(left.low, right.low), high=max(left.high, right.high), because=because)
        case "+":
            return _span((left.low + right.low, left.high + right.high), left, right)
        case "-":
            return _span((left.low - right.high, left.high - right.low), left, right)
        case "*":
            return _multiply(left, right)
        case "/":
            return _divide(part, left, right)
        case "%" if right.low == right.high > 0:
            low = 0.0 if left.low >= 0 else -right.high
            return Bounds(low=low, high=right.high, because=f"it is a remainder of {right.high:g}")
        case _:
            return ANY


def _compare(part: Part, left: Bounds, right: Bounds) -> Bounds:
    """Return the bounds of what a comparison lets through: the values of its vector."""
    if part.returns_bool:
        return Bounds(low=0, high=1, because="bool makes it 0 or 1")
    vector, limit, name = left, right, part.name
    if part.children[0].is_scalar:
        vector, limit = right, left
        name = name.translate(str.maketrans("<>", "><"))
    low, high = vector.low, vector.high
    if name in {">", ">=", "=="} and limit.low > low:
        low = limit.low
    if name in {"<", "<=", "=="} and limit.high < high:
        high = limit.high
    if (low, high) == (vector.low, vector.high) or low > high:
        return vector
    return Bounds(low=low, high=high, because=f"it has passed {name} already")


def _span(ends: tuple[float, ...], left: Bounds, right: Bounds) -> Bounds:
    if any(math.isnan(end) for end in ends):
        return ANY
    return Bounds(low=min(ends), high=max(ends), because=_join(left, right))


def _join(left: Bounds, right: Bounds) -> str:
    """Return the reasons of both sides; that a number is a number says nothing."""
    reasons = [one.because for one in (left, right) if one.because and one.low != one.high]
    return " and ".join(dict.fromkeys(reasons)) or left.because or right.because


def _multiply(left: Bounds, right: Bounds) -> Bounds:
    ends = tuple(
        0.0 if 0 in (a, b) else a * b for a in (left.low, left.high) for b in (right.low, right.high)
    )
    return _span(ends, left, right)


def _divide(part: Part, left: Bounds, right: Bounds) -> Bounds:
    over, under = part.children
    factor, counted = split_factor(over)
    if is_share(counted, under):
        low, high = sorted((0.0, factor))
        return Bounds(
            low=low, high=high, because=f"it is a share of the same thing, from {low:g} to {high:g}"
        )
    if right.low == right.high != 0:
        return _multiply(left, Bounds(low=1 / right.low, high=1 / right.low))
    if left.low >= 0 and right.low >= 0:
        return Bounds(low=0, because=_join(left, right))
    return ANY


def is_never_below_0(part: Part, known: Known) -> bool:
    """Say whether no value of an expression is below 0."""
    return is_counted(part) or find_bounds(part, known).low >= 0
