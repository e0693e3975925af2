"""An absence that fires at once.

What happens: `absent` is met by one evaluation without a sample: a restart, a deployment, a missed scrape,
or a Prometheus that has just started and scraped nothing yet.

Instead: A `for` of some scrape intervals.

Wrong:

    expr: absent(up{job="api"})

Right:

    expr: absent(up{job="api"})
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import list_conditions
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts on `absent` without a `for`."""
    if rule.alert is None or rule.alert.for_s:
        return
    for condition in list_conditions(rule.followed):
        part = condition.children[0] if condition.is_comparison else condition
        if part.kind == "call" and part.name == "absent":
            yield Remark(
                part=part,
                happens="One evaluation without a sample fires this: a restart is enough.",
                instead="Give it a `for` of some scrape intervals, such as 5m.",
            )
            return
