"""A denominator with a small constant that is to keep it from being 0.

What happens: The constant makes each share too small, and the more so the less traffic there is. It avoids
nothing: without traffic 0 / 0 is NaN, and no comparison with NaN holds, so that nothing fires either way.

Instead: The denominator alone.

Wrong:

    expr: sum(rate(errors_total[5m])) / (sum(rate(requests_total[5m])) + 0.001) > 0.1
    for: 5m

Right:

    expr: sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.1
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_counted
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
MOST = 1.0


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find rates that something is divided by, and a constant that is added to them."""
    for part in rule.joining_parts:
        if part.kind != "binary" or part.name != "/":
            continue
        under = part.children[1]
        if under.kind != "binary" or under.name != "+":
            continue
        for number, other in (under.children, under.children[::-1]):
            if number.value is not None and 0 < number.value < MOST and is_counted(other):
                yield Remark(
                    part=under,
                    happens=(
                        f"{number.value:g} makes each share too small, most of all where there is "
                        "little traffic, "
                        "and avoids nothing: no comparison with NaN holds."
                    ),
                    instead="Divide by the rate alone.",
                )
