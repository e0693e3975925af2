"""A ratio of gauges whose denominator can be 0.

What happens: What is divided by 0 is infinite, and above every threshold. Limits and quotas are 0 where
none is set: the alert fires for what has no limit at all.

Instead: `… / (limit > 0)`, or `… and limit > 0`.

Wrong:

    expr: memory_used_bytes / memory_limit_bytes > 0.9
    for: 5m

Right:

    expr: memory_used_bytes / (memory_limit_bytes > 0) > 0.9
    for: 5m
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.conditions import list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
_LIMIT = re.compile(r"limit|quota", re.IGNORECASE)
_PASSING = {"sum", "max", "min", "avg"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find ratios above a threshold whose lower side is a limit that nobody asks to be there."""
    if rule.alert is None:
        return
    guarded = {
        part.children[0].name
        for part in rule.followed_parts
        if part.is_comparison and part.children[0].kind == "selector" and part.children[1].value is not None
    }
    for threshold in list_thresholds(rule.followed):
        if threshold.operator not in {">", ">="}:
            continue
        for ratio in _list_ratios(threshold.vector):
            under = _descend(ratio.children[1])
            if under.kind == "selector" and _LIMIT.search(under.name) and under.name not in guarded:
                yield Remark(
                    part=ratio,
                    happens=f"Where {under.name} is 0, as where no limit is set, this is infinite and fires.",
                    instead=f"Divide by ({under.name} > 0).",
                )


def _list_ratios(part: Part) -> Iterator[Part]:
    """Yield the ratio that is compared, scaled or not."""
    if part.kind == "binary" and part.name == "/" and part.children[1].value is None:
        yield part
    elif part.kind == "binary" and part.name in {"*", "/"}:
        for child in part.children:
            yield from _list_ratios(child)


def _descend(part: Part) -> Part:
    while part.kind == "aggregation" and part.name in _PASSING:
        part = part.children[0]
    return part
