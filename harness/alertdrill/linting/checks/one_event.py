"""An alert that one event fires, without a `for`.

What happens: A rate or an increase over 0 is met by a single event, and stays met for the whole window: the
alert fires at the next evaluation and resolves when the event leaves the window, however long ago all is
well again.

Instead: If one event is enough, leave it, and ignore this check with that as the reason. If not, a `for` as
long as the window, which only what goes on satisfies, or a threshold above one event.

Wrong:

    expr: rate(executor_timeouts_total[5m]) > 0

Right:

    expr: rate(executor_timeouts_total[5m]) > 0
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING, list_conditions, list_thresholds, say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find rates and increases above 0 without a `for`."""
    if rule.alert is None or rule.alert.for_s or len(list(list_conditions(rule.followed))) > 1:
        return
    for threshold in list_thresholds(rule.followed):
        call = _find_rate(threshold.vector)
        if call is None or threshold.operator not in {">", "!="} or threshold.value != 0:
            continue
        yield Remark(
            part=threshold.part,
            happens=(
                "One event fires this at once, and keeps it firing for "
                f"{say_time(call.children[0].window_s)}, until it leaves the window."
            ),
            instead="If one event is not to fire it, give it a `for` as long as the window.",
        )


def _find_rate(part: Part) -> Part | None:
    """Return the rate, or the increase, whose sum is compared."""
    while part.kind == "aggregation" and part.name in {"sum", "max", "avg"}:
        part = part.children[0]
    if part.kind == "call" and part.name in RATING and part.children[0].kind == "range":
        return part
    return None
