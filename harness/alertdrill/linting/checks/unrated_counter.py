"""A counter that is compared, or divided, as it is.

What happens: A counter is as high as its process is old. Compared with a number it fires for ever once it
is above, and is silent again after a restart. A ratio of counters is the one since the start: what changes
now moves it less from day to day.

Instead: `rate(…[5m])` or `increase(…[5m])` of it.

Wrong:

    expr: job_failures_total > 100
    for: 5m

Right:

    expr: increase(job_failures_total[1h]) > 100
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import list_thresholds
from alertdrill.linting.counters import is_surely_counter
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
_PASSING = {"sum", "avg", "min", "max", "topk", "bottomk"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find counters that decide an alert as they are."""
    roots = (
        [rule.expr]
        if rule.alert is None
        else [one.vector for one in list_thresholds(rule.expr) if one.value > 0]
    )
    for root in roots:
        if rule.alert is None and root.kind == "selector":
            continue
        for part in _list_bare(root, is_ratio=False, is_alert=rule.alert is not None):
            if not is_surely_counter(part.name, rule.known) or part.name.endswith("_bucket"):
                continue
            yield Remark(
                part=part,
                happens=(
                    f"{part.name} is a counter, as high as its process is old: what it is now says "
                    "nothing of now."
                ),
                instead=f"Take rate({part.name}[5m]), or increase() over the time that is meant.",
            )
            return


def _list_bare(part: Part, *, is_ratio: bool, is_alert: bool) -> Iterator[Part]:
    """Yield the selectors whose values are what is compared, or a side of a ratio."""
    if part.kind == "selector":
        if is_ratio or is_alert:
            yield part
    elif part.kind == "aggregation" and part.name in _PASSING:
        yield from _list_bare(part.children[0], is_ratio=is_ratio, is_alert=is_alert)
    elif part.kind == "binary" and part.name in {"*", "/"}:
        scales = any(child.value is not None for child in part.children)
        for child in part.children:
            yield from _list_bare(
                child, is_ratio=is_ratio or (part.name == "/" and not scales), is_alert=is_alert
            )
    elif part.kind == "binary" and part.name == "+":
        for child in part.children:
            yield from _list_bare(child, is_ratio=is_ratio, is_alert=is_alert)
