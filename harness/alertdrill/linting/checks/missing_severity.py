"""An alert without a severity.

What happens: Routing trees, on-call tools and people tell by the label `severity` whether somebody is
woken. Without it an alert goes wherever the rest goes.

Instead: A label `severity`, such as `critical` for what wakes somebody, and `warning` for what can wait.

Wrong:

    expr: queue_depth > 100
    for: 5m

Right:

    expr: queue_depth > 100
    for: 5m
    labels: {severity: warning}
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
NAMES = {"severity", "priority", "level", "urgency"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts whose labels say nothing of how urgent they are."""
    if rule.alert is None or _is_from_series(rule):
        return
    # A label whose value is empty is no label to Prometheus.
    if NAMES & {name for name, value in rule.alert.labels.items() if value}:
        return
    yield Remark(
        at="alert",
        happens="The alert has no severity, so nobody can route it by how urgent it is.",
        instead="Give it a label severity.",
    )


def _is_from_series(rule: LintedRule) -> bool:
    """Say whether the expression brings a severity along by name."""
    return any(set(part.labels) & NAMES or set(part.group_labels) & NAMES for part in rule.followed_parts)
