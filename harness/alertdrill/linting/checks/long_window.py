"""A `for` that is to filter bursts, under a window that holds them for longer.

What happens: A burst raises a rate for as long as it is inside the window. Under a window of an hour a
`for` of 10 minutes filters no burst, however short: the alert fires minutes after it is over and stays for
an hour.

Instead: If bursts count, leave it, and ignore this check with that as the reason. If what goes on is meant,
a window that is no longer than `for`, or a second condition on a short window: `… and rate(x[5m]) > …`.

Wrong:

    expr: sum by (key) (rate(cost_usd_total[1h])) * 3600 > 10
    for: 10m

Right:

    expr: sum by (key) (rate(cost_usd_total[10m])) * 3600 > 10
    for: 10m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING, list_conditions, list_thresholds, say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
TIMES = 3.0
LEAST_WINDOW_S = 1800.0


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find rates whose windows are all much longer than `for`, where there is one."""
    if rule.alert is None or not rule.alert.for_s or len(list(list_conditions(rule.followed))) > 1:
        return
    for threshold in list_thresholds(rule.followed):
        if threshold.operator not in {">", ">="}:
            continue
        calls = [part for part in threshold.vector.walk() if part.kind == "call" and part.name in RATING]
        windows = [call.children[0].window_s for call in calls]
        if windows and min(windows) >= max(LEAST_WINDOW_S, TIMES * rule.alert.for_s):
            yield Remark(
                part=calls[0],
                happens=(
                    f"A burst stays in the window for {say_time(min(windows))}, so the `for` of "
                    f"{say_time(rule.alert.for_s)} keeps no burst from firing: this fires when it is over."
                ),
                instead=(
                    "If only what goes on is to fire, add a condition on a short window: "
                    "`… and rate(x[5m]) > …`."
                ),
            )
