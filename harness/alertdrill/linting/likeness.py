"""Which expressions are the same, and which of two counts a share of what the other counts. Pure."""

from __future__ import annotations

from alertdrill.linting.parts import Part
from alertdrill.rules.promql.matchers import accepts

_ADDING = {"sum", "count"}
_COUNTING = {"rate", "increase", "irate"}


def is_same(left: Part, right: Part) -> bool:
    """Say whether two expressions are the same but for white space, parentheses and the order of matchers."""
    return (
        _describe(left) == _describe(right)
        and len(left.children) == len(right.children)
        and all(is_same(*pair) for pair in zip(left.children, right.children, strict=True))
        and (left.parameter is None) == (right.parameter is None)
        and (left.parameter is None or right.parameter is None or is_same(left.parameter, right.parameter))
    )


def describe(expr: Part) -> tuple[object, ...]:
    """Return what expressions have in common that are the same, to look them up by."""
    below = (*expr.children, *(() if expr.parameter is None else (expr.parameter,)))
    return (_describe(expr), expr.parameter is None, *map(describe, below))


def _describe(part: Part) -> tuple[object, ...]:
    return (
        *(part.kind, part.name, _find_choosing(part), part.window_s, part.step_s, part.shift_s),
        *(part.is_fixed, part.value, part.string, frozenset(part.labels), part.keeps),
        *(part.returns_bool, part.group, frozenset(part.group_labels)),
        # An absolute time is in the text only.
        part.text if part.is_fixed else "",
    )


def _find_choosing(part: Part) -> frozenset[tuple[str, str, str]]:
    """Return the matchers that not every series satisfies."""
    return frozenset(matcher for matcher in part.matchers if matcher[1:] != ("=~", ".*"))


def is_share(part: Part, whole: Part) -> bool:
    """Say whether a part counts some of what the whole counts, so that it is never more.

    True only of what is counted up: rates and increases, their sums, and numbers of series.
    """
    if whole.kind == "binary" and whole.name == "+":
        return any(is_share(part, child) for child in whole.children) and all(map(is_counted, whole.children))
    if whole.kind == "call" and whole.name == "clamp_min":
        return is_share(part, whole.children[0])
    if (
        whole.kind == "binary"
        and whole.is_comparison
        and not whole.returns_bool
        and whole.children[1].is_scalar
    ):
        return is_share(part, whole.children[0])  # where the whole is there, it is what is compared
    if part.kind != whole.kind or part.name != whole.name:
        return False
    if part.kind == "aggregation" and part.name in _ADDING:
        if not _groups_within(part, whole):
            return False
        below, above = part.children[0], whole.children[0]
        return is_filtered(below, above) if part.name == "count" else _is_less(below, above)
    return _is_less(part, whole)


def _is_less(part: Part, whole: Part) -> bool:
    """Say whether rates, one for each series, are among those of the whole."""
    if part.kind != "call" or part.name not in _COUNTING or whole.kind != "call" or part.name != whole.name:
        return False
    ranges = part.children[0], whole.children[0]
    if any(one.kind != "range" for one in ranges) or ranges[0].window_s != ranges[1].window_s:
        return False
    return is_filtered(ranges[0].children[0], ranges[1].children[0])


def _groups_within(part: Part, whole: Part) -> bool:
    """Say whether each group of a part is in one group of the whole."""
    if part.keeps is False or whole.keeps is False:
        return part.keeps == whole.keeps and set(part.labels) == set(whole.labels)
    return set(whole.labels) <= set(part.labels)


def is_counted(part: Part) -> bool:
    """Say whether a value is a rate or an increase, or a sum or a number of them, and so never below 0."""
    if part.kind == "aggregation":
        return part.name == "count" or (
            part.name in {"sum", "avg", "min", "max"} and is_counted(part.children[0])
        )
    if part.kind == "binary" and part.name in {"+", "or"}:
        return all(map(is_counted, part.children))
    if part.kind == "call" and part.name == "vector":
        value = part.children[0].value
        return value is not None and value >= 0
    return part.kind == "call" and part.name in _COUNTING


def split_factor(part: Part) -> tuple[float, Part]:
    """Return the constant that an expression is multiplied by, and what it is multiplied by that."""
    if part.kind == "binary" and part.name == "*":
        for number, other in (part.children, part.children[::-1]):
            if number.value is not None:
                return number.value, other
    return 1.0, part


def is_filtered(part: Part, whole: Part) -> bool:
    """Say whether the series of a part are among those of the whole, with the same values."""
    if (
        part.kind == "binary"
        and not part.returns_bool
        and ((part.is_comparison and not part.children[0].is_scalar) or part.name in {"and", "unless"})
    ):
        return is_filtered(part.children[0], whole)
    if part.kind == whole.kind == "selector":
        return (
            part.name == whole.name
            and (part.shift_s, part.is_fixed) == (whole.shift_s, whole.is_fixed)
            and all(_implies(part, matcher) for matcher in whole.matchers)
        )
    return is_same(part, whole)


def _implies(part: Part, matcher: tuple[str, str, str]) -> bool:
    """Say whether all that a selector selects satisfies a matcher."""
    if matcher in part.matchers:
        return True
    label, operator, expected = matcher
    return any(
        own == label and how == "=" and accepts(operator, expected, value)
        for own, how, value in part.matchers
    )
