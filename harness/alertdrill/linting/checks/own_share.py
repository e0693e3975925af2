"""A share of which each series is divided by itself.

What happens: Without an aggregation the operator pairs series whose labels are all the same. The upper side
has some of the lower side's series, so each finds itself: the share is always 1, or not a number, and never
tells which part of all it is. Compared with a threshold below 1 it fires at the first event.

Instead: The sums of both sides, by labels on which there is no condition.

Wrong:

    expr: rate(requests_total{status=~"5.."}[5m]) / rate(requests_total[5m]) > 0.05
    for: 10m

Right:

    expr: sum(rate(requests_total{status=~"5.."}[5m])) / sum(rate(requests_total[5m])) > 0.05
    for: 10m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_filtered
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find shares whose upper side has conditions, and whose series are paired by the labels of these."""
    for part in rule.joining_parts:
        if part.kind != "binary" or part.name != "/" or part.keeps is not None:
            continue
        extra = _list_conditions(*part.children)
        if extra:
            labels = ", ".join(sorted(extra))
            yield Remark(
                part=part,
                happens=(
                    f"Both sides keep {labels}, so each series of the left side is divided by itself: "
                    "this is always 1."
                ),
                instead=f"Divide sums without {labels}: sum(…) / sum(…).",
            )


def _list_conditions(over: Part, under: Part) -> frozenset[str]:
    """Return the labels of conditions of the upper side alone, if both sides keep all of these."""
    if over.kind == under.kind == "aggregation":
        if over.name != "sum" or under.name != "sum" or not over.keeps or not under.keeps:
            return frozenset()
        if set(over.labels) != set(under.labels):
            return frozenset()
        found = _list_conditions(over.children[0], under.children[0])
        return found if found <= set(over.labels) else frozenset()
    if over.kind != under.kind or over.kind != "call" or over.name != under.name or over.name not in RATING:
        return frozenset()
    ranges = over.children[0], under.children[0]
    if any(one.kind != "range" for one in ranges) or ranges[0].window_s != ranges[1].window_s:
        return frozenset()
    selectors = ranges[0].children[0], ranges[1].children[0]
    if not selectors[0].name or not is_filtered(*selectors):
        return frozenset()
    return frozenset(label for label, _, _ in set(selectors[0].matchers) - set(selectors[1].matchers))
