"""`absent` of something that always has a value.

What happens: `absent` has a result, which is 1, only where nothing is selected. `… or vector(0)` below it
is always something, so the alert never fires.

Instead: `absent` of the selector alone; of a value compare the value.

Wrong:

    expr: absent(sum(up{job="api"}) or vector(0))
    for: 5m

Right:

    expr: absent(up{job="api"})
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find `absent` of what is always there."""
    for part in rule.joining_parts:
        if part.kind == "call" and part.name == "absent" and is_always_there(part.children[0]):
            yield Remark(
                part=part,
                happens="absent() never has a result here: what it asks for always has a value.",
                instead="Take out what makes it always there, such as `or vector(0)`.",
            )


def is_always_there(part: Part) -> bool:
    """Say whether an expression has a value whatever the series are."""
    if part.kind == "number" or (part.kind == "call" and part.name in {"vector", "time", "scalar", "pi"}):
        return True
    if part.kind == "binary" and part.name == "or":
        return any(map(is_always_there, part.children))
    if part.kind == "aggregation" and part.name in {"sum", "max", "min", "avg", "count", "group"}:
        return is_always_there(part.children[0])
    if part.kind == "binary" and not part.is_comparison and part.name not in {"and", "unless"}:
        return any(child.is_scalar for child in part.children) and all(map(is_always_there, part.children))
    return False
