"""A rate of a sum of counters.

What happens: Where one of the counters restarts or goes, the sum falls, and `rate` takes that for a restart
of all of them: it adds the whole sum once more. Each deployment is a spike.

Instead: The sum of the rates: `sum(rate(…[5m]))`; of a recorded sum, record the rate.

Wrong:

    expr: rate(sum(requests_total)[5m:15s]) > 100

Right:

    expr: sum(rate(requests_total[5m])) > 100
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING
from alertdrill.linting.counters import is_counter
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find rates of sums, in a subquery or by way of a recording rule."""
    for part in rule.parts:
        if part.kind != "call" or part.name not in RATING:
            continue
        within = part.children[0]
        inner = within.children[0]
        is_recorded = within.kind == "range" and any(
            _is_sum(one.expr, rule) for one in rule.known.recorded.get(within.name, ())
        )
        if is_recorded or (within.kind == "subquery" and _is_sum(inner, rule)):
            yield Remark(
                part=part,
                happens=(
                    f"{part.name}() is of a sum of counters: when one of them restarts, the sum falls, "
                    f"{part.name}() takes that for a restart of all, and each restart is a spike."
                ),
                instead="Take the sum of the rates: sum(rate(…)).",
            )


def _is_sum(part: Part, rule: LintedRule) -> bool:
    return (
        part.kind == "aggregation"
        and part.name == "sum"
        and part.children[0].kind == "selector"
        and is_counter(part.children[0].name, rule.known)
    )
