"""An increase that does not see what a series is born with.

What happens: A counter that appears at 1, or at 130 dollars, shows no increase: `increase` and `rate` begin
to count at a series' first sample. Where label sets are born with their first event, that event is never
seen; where a sum is born with its first observation, as large as it may be, neither is that.

Instead: Counters that exist at 0 before the first event. Or add what is new: `(x unless x offset 1h) or
increase(x[1h])`.

Wrong:

    expr: sum by (tenant) (increase(run_cost_usd_sum[1h])) > 100

Right:

    expr: >-
      sum by (tenant) (
        (run_cost_usd_sum unless run_cost_usd_sum offset 1h) or increase(run_cost_usd_sum[1h])
      ) > 100
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.conditions import RATING, find_threshold, list_leading
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
_AMOUNT = re.compile(r"(?:_sum|(?:cost|usd|eur|dollars|credits|spend)\w*_total)$")


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find increases of amounts, or above 0, that lose what is new."""
    if rule.alert is None:
        return
    for threshold in filter(None, map(find_threshold, list_leading(rule.followed))):
        if threshold.operator not in {">", ">="}:
            continue
        call = _find_rate(threshold.vector)
        if call is None:
            continue
        name = call.children[0].name
        is_any = threshold.value == 0 or (
            call.name == "increase" and threshold.operator == ">=" and threshold.value == 1
        )
        if is_any or _AMOUNT.search(name):
            yield Remark(
                part=call,
                happens=(
                    f"A series of {name} that appears with its first event shows no {call.name} for it: "
                    "that event is not seen."
                ),
                instead=(
                    "Let each series begin at 0 before its first event, or add new ones: "
                    "`(x unless x offset …) or …`."
                ),
            )
            return


def _find_rate(part: Part) -> Part | None:
    """Return the rate or increase that is compared, summed and scaled or not."""
    while True:
        if (part.kind == "aggregation" and part.name == "sum") or (
            part.kind == "binary" and part.name in {"*", "/"} and part.children[1].value is not None
        ):
            part = part.children[0]
        else:
            break
    if part.kind == "call" and part.name in RATING and part.children[0].kind == "range":
        return part
    return None
