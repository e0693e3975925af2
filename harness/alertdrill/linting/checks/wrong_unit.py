"""A value that is printed as a percentage, and is none.

What happens: A share from 0 to 1 with a `%` behind it reads as "0.07%" where 7 % is meant.
`humanizePercentage` multiplies by 100: of a value that was multiplied already it says "700%".

Instead: `{{ $value | humanizePercentage }}` of a share; `{{ $value | humanize }}%` of a percentage.

Wrong:

    expr: sum(rate(requests_total{status="500"}[5m])) / sum(rate(requests_total[5m])) > 0.05
    for: 5m
    annotations: {summary: "{{ $value }}% of the requests fail."}

Right:

    expr: sum(rate(requests_total{status="500"}[5m])) / sum(rate(requests_total[5m])) > 0.05
    for: 5m
    annotations: {summary: "{{ $value | humanizePercentage }} of the requests fail."}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.bounds import find_bounds
from alertdrill.linting.conditions import list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import split_factor
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
_WITH_SIGN = re.compile(
    r"\{\{-?\s*(?:printf\s+\"[^\"%]*%[^\"%]*\"\s+)?\$value(?:\s*\|\s*(?:humanize|printf\s+\"[^\"]*\"))?\s*-?\}\}\s?%"
)
_AS_PERCENTAGE = re.compile(r"\{\{-?\s*\$value\s*\|\s*humanizePercentage\s*-?\}\}")


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find shares with a percent sign, and percentages that are multiplied again."""
    alert = rule.alert
    if alert is None:
        return
    compared = [find_bounds(threshold.vector, rule.known) for threshold in list_thresholds(rule.followed)]
    is_share = len(compared) == 1 and compared[0].low == 0 and compared[0].high == 1
    is_percentage = any(
        _is_times_100(threshold.vector) and threshold.value > 1
        for threshold in list_thresholds(rule.followed)
    )
    for name, text in alert.annotations.items():
        if is_share and _WITH_SIGN.search(text):
            yield Remark(
                at=f"annotations/{name}",
                happens=(
                    "The value is a share from 0 to 1, and is printed with a % behind it: 0.07 reads as "
                    "0.07%."
                ),
                instead="Write {{ $value | humanizePercentage }}.",
            )
        if is_percentage and _AS_PERCENTAGE.search(text):
            yield Remark(
                at=f"annotations/{name}",
                happens=(
                    "The value is a percentage already, and humanizePercentage multiplies it by 100 once "
                    "more."
                ),
                instead="Write {{ $value | humanize }}%.",
            )


def _is_times_100(part: Part) -> bool:
    over = part.children[0] if part.kind == "binary" and part.name == "/" else part
    return split_factor(over)[0] == 100
