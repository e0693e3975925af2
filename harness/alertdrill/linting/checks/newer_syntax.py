"""A number that is written as a duration.

What happens: Since Prometheus 3 a duration is a number of seconds: `> 2s` is `> 2`. An older one does not
load the rule, nor the file that it is in.

Instead: The number of seconds, which all of them load.

Wrong:

    expr: histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m]))) > 2s

Right:

    expr: histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m]))) > 2
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_])")


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find numbers with a unit of time."""
    for part in rule.parts:
        written = _DURATION.match(rule.rule.expr, part.offset) if part.kind == "number" else None
        if written is not None:
            yield Remark(
                part=part,
                happens=(
                    f"{written[0]} is a number since Prometheus 3 only; an older one does not load this file."
                ),
                instead=f"Write {part.value:g}.",
            )
