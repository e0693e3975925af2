"""A recording rule that is evaluated more seldom than its series can be seen.

What happens: Prometheus takes the last sample of at most 5 minutes ago. A series that is recorded every 10
minutes is there for 5 minutes and gone for 5, and each gap resets what is pending: an alert with a `for` of
5 minutes or more never fires.

Instead: An interval of less than 5 minutes for the group that records it, or `last_over_time(NAME[20m])`
where it is read.

Wrong:

    expr: job:errors:ratio > 0.1
    for: 10m

Right:

    expr: last_over_time(job:errors:ratio[20m]) > 0.1
    for: 10m

With rules:

    groups:
    - name: hourly
      interval: 10m
      rules:
      - record: job:errors:ratio
        expr: sum by (job) (rate(errors_total[1h])) / sum by (job) (rate(requests_total[1h]))
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LOOKBACK_S, LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts that read, as it is now, what is recorded every 5 minutes or more seldom."""
    if rule.alert is None:
        return
    within = {
        id(below)
        for part in rule.parts
        if part.kind in {"range", "subquery"}
        for below in part.list_selectors()
    }
    for part in rule.expr.list_selectors():
        recorded = rule.known.recorded.get(part.name)
        if not recorded or id(part) in within or part.is_fixed:
            continue
        interval_s = min(one.rule.interval_s for one in recorded)
        if interval_s <= LOOKBACK_S:
            continue
        never = rule.alert.for_s >= LOOKBACK_S
        yield Remark(
            part=part,
            severity="error" if never else None,
            happens=(
                f"{part.name} is recorded every {say_time(interval_s)} and seen for "
                f"{say_time(LOOKBACK_S)}: then there is a gap, "
                + (
                    f"which begins the `for` of {say_time(rule.alert.for_s)} anew: this never fires."
                    if never
                    else "in which the alert resolves."
                )
            ),
            instead=f"Read last_over_time({part.name}[{say_time(2 * interval_s)}]), or record it more often.",
        )
