"""A rule's value beside its threshold: how near it came, and how long it was past it. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence

from alertdrill.core.timeline import Curve

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def find_reach(curves: Sequence[Curve]) -> float:
    """Return how near the value came to the threshold: 1.0 is on it, above 1.0 is past it.

    Of a threshold of 0, or below, no value is a share.
    """
    shares = [
        curve.threshold / value if curve.op.startswith("<") and value else value / curve.threshold
        for curve in curves
        if curve.threshold > 0
        for _, value in curve.points
        if not math.isnan(value)
    ]
    return max(shares, default=0.0)


def has_share(curves: Sequence[Curve]) -> bool:
    """Say whether how near a value came can be said as a share of its threshold."""
    return any(curve.threshold > 0 for curve in curves)


def describe_peak(curves: Sequence[Curve]) -> str:
    """Say how near the value came to its threshold."""
    if not any(not math.isnan(value) for curve in curves for _, value in curve.points):
        return "the rule's value was never seen"
    return f"the rule's value reached {find_reach(curves):.0%} of its threshold"


def find_longest_over_s(curve: Curve) -> float:
    """Return the longest time from the first to the last of consecutive points past the threshold."""
    compare = COMPARE[curve.op]
    longest_s = 0.0
    since_s: float | None = None
    for at_s, value in curve.points:
        if compare(value, curve.threshold):
            since_s = at_s if since_s is None else since_s
            longest_s = max(longest_s, at_s - since_s)
        else:
            since_s = None
    return longest_s
