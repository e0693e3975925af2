"""A rate of a gauge.

What happens: `rate`, `increase` and `irate` take each fall of a value for a restart of a counter and add
what follows. Of a gauge that goes up and down the result is a number without a meaning, and never below 0.
Types are known of the metrics given by `--metrics`.

Instead: `deriv(…)` or `delta(…)` of a gauge.

Wrong:

    expr: rate(queue_depth[5m]) > 1

Right:

    expr: deriv(queue_depth[5m]) > 1

With metrics:

    # TYPE queue_depth gauge
    queue_depth 3
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING
from alertdrill.linting.counters import find_type
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find rates of what its target calls a gauge."""
    for part in rule.parts:
        if part.kind != "call" or part.name not in RATING or part.children[0].kind != "range":
            continue
        name = part.children[0].name
        if find_type(name, rule.known) == "gauge" and name not in rule.known.recorded:
            instead = "deriv" if part.name in {"rate", "irate"} else "delta"
            yield Remark(
                part=part,
                happens=(
                    f"{name} is a gauge: {part.name}() takes each fall of it for a restart and adds what "
                    "follows."
                ),
                instead=f"Take {instead}({part.children[0].text}).",
            )
