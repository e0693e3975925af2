"""The parts of an expression, by number, and the expression with one of them in other words. Pure.

Parts are counted as they are written, outermost and leftmost first; a range and its selector are one part.
"""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as ast

from alertdrill.rules.promql.expressions import DurationKind, Printer, list_children


def list_parts(expr: ast.Expr) -> Iterator[tuple[ast.Expr, ast.Expr | None]]:
    """Yield every part of an expression with the part that it is an operand or an argument of."""
    yield from _list_below(expr, None)


def _list_below(expr: ast.Expr, above: ast.Expr | None) -> Iterator[tuple[ast.Expr, ast.Expr | None]]:
    yield expr, above
    if not isinstance(expr, ast.MatrixSelector):
        for child in list_children(expr):
            yield from _list_below(child, expr)


class _Replacing(Printer):
    """Writes one part of an expression, by its number, in other words."""

    def __init__(self, number: int, text: str) -> None:
        self._left = number
        self._text = text

    def write(self, node: ast.Expr) -> str:
        """Return the text of a node, or what takes its place."""
        self._left -= 1
        if self._left == -1:
            return self._text
        return super().write(node)


def replace_part(expr: ast.Expr, number: int, text: str) -> str:
    """Return an expression with another text in place of one of its parts."""
    return _Replacing(number, text).write(expr)


class _Scaling(Printer):
    """Writes durations of one kind multiplied, of the outermost part only unless of `all_parts`."""

    def __init__(self, kind: DurationKind, factor: float, *, all_parts: bool) -> None:
        self._kind = kind
        self._factor = factor
        self._all_parts = all_parts
        self._has_begun = False

    def write(self, node: ast.Expr) -> str:
        """Return the text of a node."""
        if self._has_begun and not self._all_parts:
            return Printer().write(node)
        self._has_begun = True
        return super().write(node)

    def write_duration(self, kind: DurationKind, milliseconds: int) -> str:
        """Return the text of a duration, multiplied if it is of the kind."""
        is_meant = kind == self._kind and milliseconds
        return super().write_duration(
            kind, scale_ms(milliseconds, self._factor) if is_meant else milliseconds
        )


def scale_ms(milliseconds: int, factor: float) -> int:
    """Return a duration multiplied, in whole milliseconds and not nothing."""
    sign = -1 if milliseconds < 0 else 1
    return sign * max(1, round(abs(milliseconds) * factor))


def scale_durations(expr: ast.Expr, kind: DurationKind, factor: float, *, all_parts: bool = False) -> str:
    """Return an expression with its own range, step or offset multiplied, or all of that kind in it."""
    return _Scaling(kind, factor, all_parts=all_parts).write(expr)
