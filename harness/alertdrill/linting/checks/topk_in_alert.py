"""`topk` or `bottomk` in what an alert compares.

What happens: Which series are among the first changes from evaluation to evaluation. A series that falls
out of them is no longer there: its `for` starts anew, and its alert resolves though nothing got better.

Instead: The threshold alone; all that are above it are what the alert is about.

Wrong:

    expr: topk(5, sum by (user) (rate(credits_used_total[5m]))) > 10
    for: 10m

Right:

    expr: sum by (user) (rate(credits_used_total[5m])) > 10
    for: 10m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts whose series are those that `topk` chose, by labels."""
    if rule.alert is None:
        return
    for part in _list_visible(rule.followed):
        yield Remark(
            part=part,
            happens=(
                f"{part.name}() chooses other series from one evaluation to the next: the alert of one that "
                "is no longer chosen resolves."
            ),
            instead="Compare all series with the threshold.",
        )


def _list_visible(part: Part) -> Iterator[Part]:
    """Yield choices whose series are those of the result; other aggregations hide which were chosen."""
    if part.kind == "aggregation":
        if part.name in {"topk", "bottomk", "limitk"}:
            yield part
        return
    children = part.children[:1] if part.name in {"and", "unless"} else part.children
    for child in children:
        yield from _list_visible(child)
