"""Two sides of an operator whose series can never match.

What happens: `+ - * / % ^`, comparisons and `and` pair series whose labels are the same, all of them or
those of `on`. If one side's series have a label that the other side's never have, or two values that
differ, there is no pair, no result, and the alert never fires. Which labels a side has is known from its
matchers, its aggregations, the recording rules that make it, and the metrics given by `--metrics`.

Instead: Aggregate both sides by the same labels, name those that match in `on (…)`, or leave out the others
by `ignoring (…)`, with `group_left` where one side has more.

Wrong:

    expr: sum by (job) (rate(errors_total{job="api"}[5m])) / sum(rate(requests_total[5m])) > 0.05

Right:

    expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m])) > 0.05
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.shapes import Shape, find_shape
from alertdrill.linting.surroundings import Remark, Stated

SEVERITY: Severity = "error"
SCRAPED = ("job", "instance")
"""What Prometheus adds to whatever it scrapes."""
KEEPING = {"rate", "increase", "irate", "delta", "deriv", "abs", "clamp_min", "clamp_max", "changes"}
KEEPING |= {f"{name}_over_time" for name in ("avg", "min", "max", "sum", "last", "count")}
"""Functions whose result has the labels of what they are given."""


def check(rule: Stated) -> Iterator[Remark]:
    """Find operators that have no pair of series."""
    for part in rule.parts:
        if part.kind != "binary" or part.name in {"or", "unless"}:
            continue
        if any(child.is_scalar for child in part.children):
            continue
        left, right = (find_shape(child, rule.known) for child in part.children)
        found = list(_compare(part, left, right))
        yield from found or _compare_scraped(part, (left, right), rule)


def _compare_scraped(part: Part, shapes: tuple[Shape, Shape], rule: Stated) -> Iterator[Remark]:
    """Find sides without job and instance opposite to series as they are scraped, which have them."""
    if not all(_is_matched(part, label) for label in SCRAPED):
        return
    for child, shape in zip(part.children, shapes[::-1], strict=True):
        if _is_scraped(child, rule) and not any(shape.may_have(label) for label in SCRAPED):
            yield Remark(
                part=part,
                severity="warning",
                happens=(
                    f"The two sides of {part.name} match only where a series has neither job nor instance: "
                    "one side is aggregated without them, and what is scraped has both."
                ),
                instead="Aggregate both sides by the same labels, or match them with on (…) and group_left.",
            )
            return


def _is_scraped(part: Part, rule: Stated) -> bool:
    """Say whether the series of a part have all labels that they were scraped with."""
    if part.kind == "selector":
        empty = {label for label, operator, value in part.matchers if (operator, value) == ("=", "")}
        is_own = ":" in part.name or part.name in rule.known.recorded or part.name in ("", "ALERTS")
        return not is_own and not empty & set(SCRAPED)
    if part.kind in {"range", "unary"}:
        return _is_scraped(part.children[0], rule)
    if part.kind == "call" and part.name in KEEPING:
        return _is_scraped(part.children[0], rule)
    if part.kind == "binary":
        vectors = [child for child in part.children if not child.is_scalar]
        return part.keeps is None and bool(vectors) and all(_is_scraped(child, rule) for child in vectors)
    return False


def _compare(part: Part, left: Shape, right: Shape) -> Iterator[Remark]:
    for label in sorted(left.certain | right.certain):
        if not _is_matched(part, label):
            continue
        said = _say_difference(label, left, right)
        if said:
            yield Remark(
                part=part,
                happens=f"The two sides of {part.name} never match, so there is never a result: {said}.",
                instead=_say_instead(part, label),
            )
            return


def _is_matched(part: Part, label: str) -> bool:
    """Say whether the series of both sides have to have one value of a label."""
    return part.keeps is None or part.keeps == (label in part.labels)


def _say_difference(label: str, left: Shape, right: Shape) -> str:
    values = left.values.get(label), right.values.get(label)
    if None not in values and values[0] != values[1]:
        return f"{label} is {values[0]!r} on the left and {values[1]!r} on the right"
    for one, other, side, opposite in ((left, right, "left", "right"), (right, left, "right", "left")):
        if label in one.certain and not other.may_have(label):
            return (
                f"each series of the {side} side has a label {label!r}, and none of the {opposite} side has"
            )
    return ""


def _say_instead(part: Part, label: str) -> str:
    if part.keeps:
        return f"Leave {label!r} out of on (…), or give it to both sides."
    if part.keeps is None:
        return f"Aggregate both sides by the same labels, or match them with ignoring ({label})."
    return f"Name {label!r} in ignoring (…), too, or give it to both sides."
