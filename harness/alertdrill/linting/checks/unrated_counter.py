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
    """Find counters that decide an alert as they are, and ratios of them."""
    for root in _list_roots(rule):
        bare = list(_list_bare(root))
        if not bare or not all(is_surely_counter(part.name, rule.known) for part in bare):
            continue  # beside a gauge, what is called a total is a size
        yield Remark(
            part=bare[0],
            happens=(
                f"{bare[0].name} is a counter: it only grows until its process restarts, so its value does "
                "not say what happens now."
            ),
            instead=f"Take rate({bare[0].name}[5m]), or increase() over the time that is meant.",
        )
        return


def _list_roots(rule: LintedRule) -> Iterator[Part]:
    """Yield what an alert compares with more than 0, and ratios that are recorded."""
    if rule.alert is not None:
        compared = (one.vector for one in list_thresholds(rule.followed) if one.value > 0)
        # Of a ratio that is recorded, the recording rule is told.
        yield from (part for part in compared if not (part.recorded and part.name == "/"))
    elif rule.expr.kind == "binary" and rule.expr.name == "/":
        yield rule.expr


def _list_bare(part: Part) -> Iterator[Part]:
    """Yield the selectors whose values are what is compared, or a side of a ratio."""
    if part.kind == "selector":
        yield part
    elif part.kind == "aggregation" and part.name in _PASSING:
        yield from _list_bare(part.children[0])
    elif part.kind == "binary" and part.name in {"*", "/", "+"}:
        for child in part.children:
            yield from _list_bare(child)
