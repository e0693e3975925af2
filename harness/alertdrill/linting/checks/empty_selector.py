"""A selector whose matchers contradict each other.

What happens: No series satisfies all of them, so nothing is selected, and nothing that needs it has a
result.

Instead: One matcher for all values that are meant, as in `status=~"500|502"`.

Wrong:

    expr: sum(rate(requests_total{status="500",status="502"}[5m])) > 1
    for: 2m

Right:

    expr: sum(rate(requests_total{status=~"500|502"}[5m])) > 1
    for: 2m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import Remark, Stated
from alertdrill.rules.promql.matchers import accepts

SEVERITY: Severity = "error"


def check(rule: Stated) -> Iterator[Remark]:
    """Find a value that one matcher demands and another one refuses."""
    for part in rule.expr.list_selectors():
        demanded = [(label, value) for label, operator, value in part.matchers if operator == "="]
        for label, value in demanded:
            refusing = [
                f"{label}{operator}{other!r}"
                for of, operator, other in part.matchers
                if of == label and not accepts(operator, other, value)
            ]
            if refusing:
                yield Remark(
                    part=part,
                    happens=(
                        f"{label}={value!r} and {refusing[0]} contradict each other: nothing is selected."
                    ),
                    instead="Leave one of them out, or name all values in one matcher.",
                )
                break
