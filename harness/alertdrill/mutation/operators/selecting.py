"""Wrong selectors: matchers and names of metrics. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import promql_parser as ast

from alertdrill.mutation.mutant import Change
from alertdrill.mutation.operators.labels import misspell
from alertdrill.mutation.operators.operator import Operator, Part
from alertdrill.rules.promql.expressions import Printer, list_matchers, quote, write_selector

NEGATED: Mapping[str, str] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}

_Matcher = tuple[str, str, str]


class _Selecting(Printer):
    """Writes a selector in other words, with its range, its offset and its @."""

    def __init__(self, text: str) -> None:
        self._text = text

    def write_selector(self, selector: ast.VectorSelector) -> str:  # noqa: ARG002 - it is replaced
        """Return the other words."""
        return self._text


def find_selector(node: ast.Expr) -> ast.VectorSelector | None:
    """Return the selector that a node is, with a range or without."""
    if isinstance(node, ast.MatrixSelector):
        return node.vector_selector
    return node if isinstance(node, ast.VectorSelector) else None


def negate_matcher(part: Part) -> Iterator[Change]:
    """Yield selectors of which one matcher is the opposite."""
    for number, (label, operator, value), matchers in _list_each(part.node):
        other = (label, NEGATED[operator], value)
        advice = f"a drill in which series with another `{label}` must not count"
        yield _make(part.node, [*matchers[:number], other, *matchers[number:]], number, advice)


def drop_matcher(part: Part) -> Iterator[Change]:
    """Yield selectors with a matcher less."""
    for number, (label, _, _), matchers in _list_each(part.node):
        advice = f"a near miss with much traffic of another `{label}`"
        yield _make(part.node, matchers, number, advice)


def misspell_matcher(part: Part) -> Iterator[Change]:
    """Yield selectors of which one matcher asks for a value that is misspelt."""
    for number, (label, operator, value), matchers in _list_each(part.node):
        if value:
            other = (label, operator, misspell(value))
            asks = not operator.startswith("!")
            advice = (
                f"a drill that must fire on series with that `{label}`"
                if asks
                else f"a near miss with much traffic of that `{label}`"
            )
            changed = [*matchers[:number], other, *matchers[number:]]
            yield _make(part.node, changed, number, advice, made_up=asks)


def _list_each(node: ast.Expr) -> Iterator[tuple[int, _Matcher, list[_Matcher]]]:
    """Yield each matcher of a selector: its place, itself, and all others."""
    matchers = _list_all(node)
    for number, matcher in enumerate(matchers):
        if matcher[0] != "__name__":
            yield number, matcher, [*matchers[:number], *matchers[number + 1 :]]


def _list_all(node: ast.Expr) -> list[_Matcher]:
    selector = find_selector(node)
    return [] if selector is None else list_matchers(selector)


def _make(
    node: ast.Expr, matchers: Sequence[_Matcher], number: int, advice: str, *, made_up: bool = False
) -> Change:
    selector, before = find_selector(node), _list_all(node)
    name = None if selector is None else selector.name
    label, operator, value = before[number]
    is_dropped = len(matchers) < len(before)
    return Change(
        text=_Selecting(write_selector(name, matchers)).write(node),
        was=f"{label}{operator}{quote(value)}",
        becomes="nothing" if is_dropped else f"{label}{matchers[number][1]}{quote(matchers[number][2])}",
        advice=advice,
        made_up=made_up,
    )


def swap_metric(part: Part) -> Iterator[Change]:
    """Yield selectors of metrics that could be taken for this one."""
    selector = find_selector(part.node)
    if selector is None or selector.name is None:
        return
    for other in part.siblings.get(selector.name, ()):
        yield Change(
            text=_Selecting(write_selector(other, list_matchers(selector))).write(part.node),
            was=selector.name,
            becomes=other,
            advice=f"a drill in which {selector.name} and {other} differ",
        )


OPERATORS = (
    Operator(name="negated matcher", description="The opposite of a matcher", change=negate_matcher),
    Operator(name="dropped matcher", description="A matcher less", change=drop_matcher),
    Operator(name="misspelt matcher", description="A misspelt value in a matcher", change=misspell_matcher),
    Operator(name="metric", description="Another metric of the same type", change=swap_metric),
)
