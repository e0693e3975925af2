"""A share that is to be low, of something that may not be there at all.

What happens: A series is born with its first event. Where nothing of the upper side has ever happened,
since it fails from the start, there is no upper side, no ratio, and nothing that could be below the
threshold: the worst case is silent.

Instead: 0 where the upper side is missing: `(… or 0 * lower side) / lower side`, or a share of the failures
above a threshold.

Wrong:

    expr: sum(rate(requests_total{status="ok"}[5m])) / sum(rate(requests_total[5m])) < 0.9
    for: 5m

Right:

    expr: sum(rate(requests_total{status!="ok"}[5m])) / sum(rate(requests_total[5m])) > 0.1
    for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_share, split_factor
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find shares below a threshold whose upper side selects some of what the lower does."""
    if rule.alert is None:
        return
    for threshold in list_thresholds(rule.followed):
        if threshold.operator not in {"<", "<="}:
            continue
        ratio = _find_ratio(threshold.vector)
        if ratio is None or not is_share(split_factor(ratio.children[0])[1], ratio.children[1]):
            continue
        over, under = split_factor(ratio.children[0])[1], ratio.children[1]
        asked = [set(one.matchers) for one in (*over.list_selectors()[:1], *under.list_selectors()[:1])]
        names = {one.name for one in over.list_selectors()}
        if asked[0] == asked[1] and names == {one.name for one in under.list_selectors()}:
            continue
        yield Remark(
            part=ratio,
            happens=(
                "Before its first event the left side has no series, and there is no ratio: if everything "
                "fails from the start, this does not fire."
            ),
            instead="Put `or 0 * (the right side)` behind the left side, or compare the share of what fails.",
        )


def _find_ratio(part: Part) -> Part | None:
    """Return the ratio that is compared, perhaps as a percentage."""
    if part.kind != "binary":
        return None
    if part.name == "/" and part.children[1].value is None:
        return part
    if part.name == "*":
        found = [child for child in part.children if child.value is None]
        return _find_ratio(found[0]) if len(found) == 1 else None
    if part.name in {"and", "unless"}:
        return _find_ratio(part.children[0])
    return None
