"""An alert on `up` that does not see a target that is gone.

What happens: A target that leaves the scrape configuration, or is no longer discovered, has no `up` at all,
and what is not there does not equal 0. No rule given asks for its absence.

Instead: A second alert on `absent(up{job="…"})`, with a `for`.

Wrong:

    expr: up{job="api"} == 0
    for: 5m

Right:

    expr: up{job="api"} == 0 or absent(up{job="api"})
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import Known, LintedRule, Remark, once

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find comparisons of `up` of one job with 0, beside which nobody minds its absence."""
    if rule.alert is None or _minds_absence(rule.known):
        return
    for threshold in list_thresholds(rule.followed):
        part = threshold.vector
        is_down = (threshold.operator, threshold.value) in {("==", 0), ("<", 1), ("!=", 1)}
        jobs = [value for label, how, value in part.matchers if label == "job" and how == "="]
        if is_down and part.kind == "selector" and part.name == "up" and jobs:
            yield Remark(
                part=part,
                happens=(
                    f"When a target of {jobs[0]} is no longer discovered, it has no up, and this does not "
                    "fire."
                ),
                instead=f'Let absent(up{{job="{jobs[0]}"}}) fire, too.',
            )


@once
def _minds_absence(known: Known) -> bool:
    """Say whether any rule asks for the absence of `up`."""
    return any(
        part.kind == "call"
        and part.name.startswith("absent")
        and any(selector.name == "up" for selector in part.list_selectors())
        for one in known.rules
        for part in one.followed.walk()
    )
