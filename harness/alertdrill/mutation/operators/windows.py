"""Wrong windows: ranges and offsets, each alone and all together. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as ast

from alertdrill.mutation.mutant import Change
from alertdrill.mutation.operators.operator import Operator, Part
from alertdrill.mutation.positions import scale_durations, scale_ms
from alertdrill.rules.promql.expressions import DurationKind, Printer, walk, whole_ms

FACTORS = (0.5, 2.0)


def find_range_ms(node: ast.Expr) -> int:
    """Return a node's own range in milliseconds; 0 of what has none."""
    if not isinstance(node, ast.MatrixSelector | ast.SubqueryExpr) or node.range is None:
        return 0
    return whole_ms(node.range)


def find_offset_ms(node: ast.Expr) -> int:
    """Return a node's own offset in milliseconds; 0 of what has none."""
    held = node.vector_selector if isinstance(node, ast.MatrixSelector) else node
    if not isinstance(held, ast.VectorSelector | ast.SubqueryExpr) or held.offset is None:
        return 0
    return whole_ms(held.offset)


def change_window(part: Part) -> Iterator[Change]:
    """Yield other ranges."""
    yield from _scale(part.node, "range", find_range_ms(part.node), "window")


def change_offset(part: Part) -> Iterator[Change]:
    """Yield other offsets."""
    yield from _scale(part.node, "offset", find_offset_ms(part.node), "offset")


def _scale(node: ast.Expr, kind: DurationKind, milliseconds: int, what: str) -> Iterator[Change]:
    for factor in FACTORS if milliseconds else ():
        yield Change(
            text=scale_durations(node, kind, factor),
            was=f"{what} {_write(milliseconds)}",
            becomes=_write(scale_ms(milliseconds, factor)),
            advice=_advise(milliseconds, factor),
        )


def change_all_windows(part: Part) -> Iterator[Change]:
    """Yield an expression with all its ranges longer or shorter, if it has several."""
    ranges = [found for node in walk(part.node) if (found := find_range_ms(node))]
    if not part.is_whole or len(ranges) < 2:
        return
    for factor in FACTORS:
        yield Change(
            text=scale_durations(part.node, "range", factor, all_parts=True),
            was=f"all windows ({', '.join(dict.fromkeys(map(_write, ranges)))})",
            becomes=", ".join(dict.fromkeys(_write(scale_ms(one, factor)) for one in ranges)),
            advice=_advise(max(ranges), factor),
        )


def _advise(milliseconds: int, factor: float) -> str:
    other = _write(scale_ms(milliseconds, factor))
    if factor > 1:
        return (
            f"a near miss after a burst between {_write(milliseconds)} and {other} ago, which only a longer "
            f"window still sees; or a resolution that must come in time"
        )
    return f"a near miss of a burst that fills {other} and not {_write(milliseconds)}"


def _write(milliseconds: int) -> str:
    return Printer().write_duration("range", milliseconds)


OPERATORS = (
    Operator(name="window", description="A longer or shorter window", change=change_window),
    Operator(name="all windows", description="All windows longer or shorter", change=change_all_windows),
    Operator(name="offset", description="A longer or shorter offset", change=change_offset),
)
