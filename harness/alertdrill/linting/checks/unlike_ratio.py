"""A ratio whose sides count different things.

What happens: Both sides count the same metric, and the lower side has a condition on a label on which the
upper has none. So the upper counts what the lower leaves out: the ratio can be above 1, and depends on how
the traffic is mixed.

Instead: The condition of the lower side on the upper side, too.

Wrong:

    expr: sum(rate(requests_total{outcome="error"}[5m])) / sum(rate(requests_total{mode="run"}[5m])) > 0.1

Right:

    expr: >-
      sum(rate(requests_total{outcome="error",mode="run"}[5m]))
      / sum(rate(requests_total{mode="run"}[5m])) > 0.1
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import RATING
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find ratios of one metric whose lower side asks for more."""
    for part in rule.joining_parts:
        if part.kind != "binary" or part.name != "/":
            continue
        over, under = map(_find_counted, part.children)
        if over is None or under is None or over.name != under.name:
            continue
        asked = {label for label, _, _ in over.matchers}
        missing = sorted({label for label, _, _ in under.matchers} - asked)
        kept = set(part.children[0].labels) if part.children[0].keeps else set()
        kept = kept if part.keeps is None else set()
        extra = sorted(asked - {label for label, _, _ in under.matchers})
        missing = [label for label in missing if label not in kept]
        if missing and extra:
            shown = ", ".join(missing)
            yield Remark(
                part=part,
                happens=(
                    f"The left side counts every {shown} of {over.name}, the right side only some: this is "
                    "no share, and can be above 1."
                ),
                instead=f"Give the left side the right side's condition on {shown}.",
            )


def _find_counted(part: Part) -> Part | None:
    """Return the one selector whose rate, or whose sum of rates, a side is."""
    inner = part.children[0] if part.kind == "aggregation" and part.name == "sum" else part
    if inner.kind != "call" or inner.name not in RATING or inner.children[0].kind != "range":
        return None
    return inner.children[0].children[0]
