"""A peak that is held for longer than the `for` that is to filter it.

What happens: `max_over_time(x[1h])` stays at its peak for an hour. One sample over the threshold satisfies
a `for` of half an hour, and the alert fires long after the moment is over. The same holds of
`min_over_time` below a threshold.

Instead: The value itself under the `for`: one sample below the threshold starts it anew. Or
`min_over_time(x[30m]) >= 5`, which says "all the time".

Wrong:

    expr: max_over_time(runs_in_flight[1h]) >= 5
    for: 30m

Right:

    expr: runs_in_flight >= 5
    for: 30m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import list_thresholds, say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find peaks over a window that is longer than `for`, where there is one."""
    if rule.alert is None or not rule.alert.for_s:
        return
    for threshold in list_thresholds(rule.followed):
        wanted = {">": "max", ">=": "max", "<": "min", "<=": "min"}.get(threshold.operator)
        part = _descend(threshold.vector)
        if wanted is None or part.kind != "call" or part.name != f"{wanted}_over_time":
            continue
        window_s = part.children[0].window_s
        if window_s > rule.alert.for_s:
            yield Remark(
                part=part,
                happens=(
                    f"{part.name}() holds a peak for {say_time(window_s)}, so one sample satisfies a "
                    "`for` of "
                    f"{say_time(rule.alert.for_s)}, and the alert fires when the moment is over."
                ),
                instead=(
                    "Compare the value itself, so that one sample on the other side of the threshold starts "
                    "`for` anew."
                ),
            )


def _descend(part: Part) -> Part:
    """Return what is compared below an aggregation that chooses among series."""
    while part.kind == "aggregation" and part.name in {"max", "min"}:
        part = part.children[0]
    return part
