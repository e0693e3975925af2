"""Check that an alert was silent although its rule came near: the value beside its threshold. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence

from alertdrill.core.clock import format_s
from alertdrill.core.expectation import NearMiss
from alertdrill.core.timeline import Curve
from alertdrill.judging.notifications import Miss

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def check_silence(near: NearMiss, hops: Mapping[str, float], curves: Sequence[Curve]) -> Miss:
    """Check that the alert was silent, and that its rule's value came near enough for that to say something.

    `hops` are the instants at which it was pending, firing or paged.
    """
    for kind in ("firing", "paged"):
        if kind in hops:
            return "unexpected", f"{kind} at {format_s(hops[kind])}, though it should stay silent"
    if not any(curve.points for curve in curves):
        return "missing", "the rule's value was never seen, so that it stayed inactive proves nothing"
    if _reach(curves) < near.reaches:
        return "missing", f"{describe_peak(curves)}, too far away to prove anything"
    if not near.pending:
        return "met", f"silent; {describe_peak(curves)}"
    if "pending" not in hops:
        return "missing", f"was never pending; {describe_peak(curves)}"
    over_s = max(_longest_over_s(curve) for curve in curves)
    if near.pending_within_s is not None:
        least_s, most_s = near.pending_within_s
        if not least_s <= over_s <= most_s:
            return (
                "mismatched",
                f"was over the threshold for {over_s:.0f} s instead of {least_s:.0f} to {most_s:.0f} s",
            )
    return "met", f"silent; over the threshold for {over_s:.0f} s"


def _reach(curves: Sequence[Curve]) -> float:
    """Return how near the value came to the threshold: 1.0 is on it, above 1.0 is past it."""
    shares = [
        curve.threshold / value if curve.op.startswith("<") and value else value / curve.threshold
        for curve in curves
        if curve.threshold
        for _, value in curve.points
        if not math.isnan(value)
    ]
    return max(shares, default=0.0)


def describe_peak(curves: Sequence[Curve]) -> str:
    """Say how near the value came to its threshold."""
    if not any(not math.isnan(value) for curve in curves for _, value in curve.points):
        return "the rule's value was never seen"
    return f"the rule's value reached {_reach(curves):.0%} of its threshold"


def _longest_over_s(curve: Curve) -> float:
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
