"""An alert that leads to no runbook.

What happens: Whoever is woken has to know, or to find out, what to look at first.

Instead: An annotation `runbook_url` that leads to what to do. A link in any other annotation counts, too, but
for one to a dashboard.

Wrong:

    expr: queue_depth > 100
    for: 5m
    labels: {severity: critical}

Right:

    expr: queue_depth > 100
    for: 5m
    labels: {severity: critical}
    annotations: {runbook_url: "https://example.com/runbooks/queue"}
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
URGENT = {"critical", "page", "error", "p1", "high", "emergency", "disaster"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find urgent alerts without an annotation that leads to a runbook."""
    if rule.alert is None or rule.alert.labels.get("severity", "").lower() not in URGENT:
        return
    if not any(_leads_on(name.lower(), text) for name, text in rule.alert.annotations.items()):
        yield Remark(
            at="alert",
            happens="The alert is urgent and leads to no runbook.",
            instead="Give it an annotation runbook_url.",
        )


def _leads_on(name: str, text: str) -> bool:
    """Say whether an annotation names a runbook, or links to something that may be one."""
    if "runbook" in name or "playbook" in name:
        return bool(text)
    return "://" in text and not any(other in name for other in ("dashboard", "grafana", "panel"))
