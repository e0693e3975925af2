"""An alert without a comparison.

What happens: An alert fires for each series that its expression has, whatever the value: a rate of 0 is a
series, and fires.

Instead: `> 0`, or the threshold that is meant.

Wrong:

    expr: rate(job_failures_total[5m])
    for: 2m

Right:

    expr: rate(job_failures_total[5m]) > 0
    for: 2m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
PRESENCE = {"absent", "absent_over_time", "vector", "present_over_time"}
"""Functions that are asked for whether there is anything."""


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts that nothing but the presence of series decides, though values are worked out."""
    if rule.alert is None or rule.followed.is_scalar:
        return
    for part in rule.followed_parts:
        if part.is_comparison and not part.returns_bool:
            return
        if part.kind == "call" and part.name in PRESENCE:
            return
        if part.kind == "selector" and (part.name in rule.known.recorded or ":" in part.name):
            return  # what is recorded may have been compared
        if part.name in {"ALERTS", "unless"}:
            return
    yield Remark(
        part=rule.expr,
        happens="This fires for each series that there is, whatever its value: 0 fires, too.",
        instead="Compare it with the value from which on it is to fire.",
    )
