"""A `for` that is as long as the window: one event never fires.

What happens: An event raises a rate or an increase until it leaves the window. Where `for` is as long as the
window, or longer, the alert is pending in that time and does not fire, however large the event was. It fires
only for events that go on, or come again before the last one has left the window.

Instead: If one event is to fire it, a `for` that is shorter than the window. If it is not, leave it, and
ignore this check with that as the reason.

Wrong:

    expr: increase(job_failures_total[5m]) > 0
    for: 10m

Right:

    expr: increase(job_failures_total[15m]) > 0
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.bounds import is_never_below_0
from alertdrill.linting.conditions import RATING, list_thresholds, say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find thresholds of rates whose windows are all at most as long as `for`."""
    if rule.alert is None or not rule.alert.for_s:
        return
    for threshold in list_thresholds(rule.followed):
        if threshold.operator not in {">", ">="} or threshold.value < 0:
            continue
        calls = [part for part in threshold.vector.walk() if part.kind == "call" and part.name in RATING]
        windows = [call.children[0].window_s for call in calls if call.children[0].kind == "range"]
        reads = len(threshold.vector.list_selectors())
        if not windows or len(windows) != reads or max(windows) > rule.alert.for_s:
            continue
        if any(part.kind == "subquery" for part in threshold.vector.walk()):
            continue  # its window is added to those below it
        if not is_never_below_0(threshold.vector, rule.known):
            continue
        yield Remark(
            part=calls[0],
            happens=(
                f"One event never fires this, however large it is: it leaves the window of "
                f"{say_time(max(windows))} before the `for` of {say_time(rule.alert.for_s)} is over."
            ),
            instead="If one event is to fire it, make `for` shorter than the window.",
        )
        return
