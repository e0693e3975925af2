"""A comparison that no value can meet.

What happens: The side that is compared stays on one side of the threshold, whatever the series are, so the
comparison has no result and the alert never fires. A rate is never below 0; `count` and `count_over_time`
of nothing are nothing and never 0; a share of the same thing is never above 1; `absent` is 1; a quantile is
never above the last finite bound of its histogram, which `--metrics` tells.

Instead: A threshold that values reach. For "there is none" `absent(…)`, or `(… or vector(0)) == 0`; for a
percentage `* 100`, or a threshold between 0 and 1; for a quantile a threshold below the last finite bound,
or a further bucket.

Wrong:

    expr: count(up{job="api"} == 1) < 1

Right:

    expr: (count(up{job="api"} == 1) or vector(0)) < 1
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.linting.bounds import Bounds, find_bounds
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find comparisons that no value of the two sides meets."""
    for part in rule.joining_parts:
        if not part.is_comparison or all(child.is_scalar for child in part.children):
            continue
        left, right = (find_bounds(child, rule.known) for child in part.children)
        if not left.because or not right.because or not _is_never_met(part.name, left, right):
            continue
        result = "is always 0" if part.returns_bool else "never has a result"
        yield Remark(
            part=part,
            happens=f"The comparison {part.name} {result}: {_say_why(part, left, right)}.",
            instead="Compare with a value that it can have" + _say_range(part, left, right) + ".",
        )


def _is_never_met(operator: str, left: Bounds, right: Bounds) -> bool:
    match operator:
        case ">":
            return left.high <= right.low
        case ">=":
            return left.high < right.low
        case "<":
            return left.low >= right.high
        case "<=":
            return left.low > right.high
        case "==":
            return left.high < right.low or left.low > right.high
        case _:
            return left.low == left.high == right.low == right.high


def _say_why(part: Part, left: Bounds, right: Bounds) -> str:
    said = [
        bounds.because
        for child, bounds in zip(part.children, (left, right), strict=True)
        if child.value is None
    ]
    return " and ".join(said)


def _say_range(part: Part, left: Bounds, right: Bounds) -> str:
    varying = [
        bounds for child, bounds in zip(part.children, (left, right), strict=True) if child.value is None
    ]
    if len(varying) != 1:
        return ""
    (bounds,) = varying
    if math.isinf(bounds.low) or math.isinf(bounds.high):
        return f", which is {bounds.low:g} or more" if math.isfinite(bounds.low) else ""
    if bounds.low == bounds.high:
        return f", which is {bounds.low:g}"
    return f", which is from {bounds.low:g} to {bounds.high:g}"
