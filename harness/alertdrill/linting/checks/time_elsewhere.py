"""An `offset` or an `@` that leads to where nothing changes.

What happens: A negative `offset` asks for what has not happened yet: at the time of an evaluation there is
no such sample, so there is no result. An `@` with a fixed time has the same value at each evaluation, for
ever.

Instead: A positive `offset` looks back. `@` is for queries by hand.

Wrong:

    expr: rate(requests_total[5m] offset -5m) > 100

Right:

    expr: rate(requests_total[5m] offset 5m) > 100
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LOOKBACK_S, LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find offsets into the future, and fixed times."""
    windows = {id(part.children[0]): part.window_s for part in rule.parts if part.kind == "range"}
    for part in rule.parts:
        if part.kind not in {"selector", "subquery"}:
            continue
        reach_s = windows.get(id(part), part.window_s if part.kind == "subquery" else LOOKBACK_S)
        if part.shift_s < 0:
            ahead = say_time(-part.shift_s)
            is_all = -part.shift_s >= reach_s
            yield Remark(
                part=part,
                severity=None if is_all else "warning",
                happens=f"This looks {ahead} into the future, where there are no samples"
                + (
                    ", so there is no result."
                    if is_all
                    else ": of the window, only the part in the past is seen."
                ),
                instead=f"Look back with offset {ahead}.",
            )
        if part.is_fixed:
            yield Remark(
                part=part,
                severity="warning",
                happens="The time after @ is fixed: each evaluation sees the same value.",
                instead="Take out the @, or look back from now with offset.",
            )
