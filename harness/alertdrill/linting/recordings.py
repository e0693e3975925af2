"""An expression with what recording rules record in place of their names. Pure.

What a check says of an expression holds of the same one that is cut into recording rules, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alertdrill.linting.parts import Part
from alertdrill.rules.files import RecordingRule

MAX_PARTS = 2_000
MAX_DEPTH = 20
"""Of what is put in; of an expression that would have more all names stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule, and how to read its expression."""

    rule: RecordingRule
    read: Callable[[], Part]


Find = Callable[[str], Sequence[Recording]]
"""Says which recording rules record a name."""


def follow(expr: Part, find: Find) -> Part:
    """Return an expression with the expressions of recordings in place of the selectors that read them.

    These parts stand where the selector stands. What is read at another time, or over a window, stays.
    """
    following = _Following(find=find)
    followed = following.follow(expr, ())
    return expr if following.is_over else followed


@dataclass(slots=True)
class _Following:
    find: Find
    left: int = MAX_PARTS
    is_over: bool = False

    def follow(self, part: Part, passed: tuple[str, ...]) -> Part:
        """Return a part; `passed` are the recordings that it is in."""
        if part.kind == "selector":
            return self._follow_selector(part, passed)
        if part.kind == "range" or not part.children:
            return part
        children = tuple(self.follow(child, passed) for child in part.children)
        if all(new is old for new, old in zip(children, part.children, strict=True)):
            return part
        return replace(part, children=children)

    def _follow_selector(self, selector: Part, passed: tuple[str, ...]) -> Part:
        found = [one for one in self.find(selector.name) if _may_be(one.rule, selector)]
        if len(found) != 1 or selector.name in passed or selector.shift_s or selector.is_fixed:
            return selector
        expr = found[0].read()
        size = sum(1 for _ in expr.walk())
        self.left -= size
        self.is_over = self.is_over or self.left < 0 or len(passed) >= MAX_DEPTH
        if self.is_over:
            return selector
        inside = self.follow(expr, (*passed, selector.name))
        where = f"{found[0].rule.name}, which {found[0].rule.source} records"
        moved = _move(inside, selector.offset, where)
        return replace(moved, matchers=(*moved.matchers, *selector.matchers))


def _may_be(rule: RecordingRule, selector: Part) -> bool:
    """Tell whether a selector may select what a rule records, by the labels that the rule gives it."""
    return all(
        rule.labels[label] == value
        for label, how, value in selector.matchers
        if how == "=" and label in rule.labels
    )


def _move(part: Part, offset: int, where: str) -> Part:
    return replace(
        part,
        offset=offset,
        recorded=where,
        children=tuple(_move(child, offset, where) for child in part.children),
        parameter=None if part.parameter is None else _move(part.parameter, offset, where),
    )
