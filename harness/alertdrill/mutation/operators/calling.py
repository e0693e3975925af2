"""Wrong functions, aggregations and operators between vectors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import promql_parser as ast

from alertdrill.mutation.mutant import Change
from alertdrill.mutation.operators.operator import Operator, Part
from alertdrill.rules.promql.expressions import list_children, list_modifiers, render, write_grouping

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "rate": ("increase", "irate"),
    "increase": ("rate", "irate"),
    "irate": ("rate", "increase"),
    "delta": ("idelta", "deriv"),
    "deriv": ("delta",),
    "avg_over_time": ("min_over_time", "max_over_time", "sum_over_time", "last_over_time"),
    "min_over_time": ("avg_over_time", "max_over_time", "last_over_time"),
    "max_over_time": ("avg_over_time", "min_over_time", "last_over_time"),
    "sum_over_time": ("avg_over_time", "count_over_time", "max_over_time"),
    "count_over_time": ("sum_over_time", "present_over_time"),
    "last_over_time": ("avg_over_time", "max_over_time", "min_over_time"),
    "changes": ("resets",),
    "resets": ("changes",),
    "absent": ("count",),
    "absent_over_time": ("present_over_time",),
    "present_over_time": ("absent_over_time",),
    "floor": ("ceil",),
    "ceil": ("floor",),
}
"""What each function is taken for; `count`, an aggregation, is called as a function is."""
AGGREGATIONS: Mapping[str, tuple[str, ...]] = {
    "sum": ("avg", "max", "min", "count"),
    "avg": ("sum", "max", "min"),
    "max": ("min", "avg", "sum"),
    "min": ("max", "avg", "sum"),
    "count": ("sum", "max"),
    "topk": ("bottomk",),
    "bottomk": ("topk",),
}
SETS: Mapping[str, tuple[str, ...]] = {
    "and": ("or", "unless"),
    "or": ("and", "unless"),
    "unless": ("and", "or"),
}
ARITHMETIC: Mapping[str, tuple[str, ...]] = {
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*", "-"),
    "%": ("/",),
    "^": ("*",),
}


def change_function(part: Part) -> Iterator[Change]:
    """Yield calls of functions that are often taken for each other."""
    node = part.node
    if not isinstance(node, ast.Call):
        return
    for other in FUNCTIONS.get(node.func.name, ()):
        yield Change(
            text=f"{other}({', '.join(map(render, node.args))})",
            was=node.func.name,
            becomes=other,
            advice=f"traffic of which `{other}` makes something else than `{node.func.name}` does",
        )


def change_aggregation(part: Part) -> Iterator[Change]:
    """Yield other aggregations of the same series."""
    node = part.node
    if not isinstance(node, ast.AggregateExpr):
        return
    name = str(node.op).strip()
    arguments = ", ".join(map(render, list_children(node)))
    for other in AGGREGATIONS.get(name, ()):
        yield Change(
            text=f"{other}{write_grouping(node.modifier)}({arguments})",
            was=name,
            becomes=other,
            advice=f"a drill with several series to a group, of which `{other}` makes something else",
        )


def change_set_operator(part: Part) -> Iterator[Change]:
    """Yield other set operators between the same two sides."""
    yield from _change_binary(part, SETS, "traffic that only one of the two sides sees")


def change_arithmetic(part: Part) -> Iterator[Change]:
    """Yield other arithmetic of the same two sides."""
    yield from _change_binary(part, ARITHMETIC, "a near miss with twice the traffic")


def _change_binary(part: Part, others: Mapping[str, tuple[str, ...]], advice: str) -> Iterator[Change]:
    node = part.node
    if not isinstance(node, ast.BinaryExpr):
        return
    operator = str(node.op).strip()
    for other in others.get(operator, ()):
        words = " ".join([other, *list_modifiers(node.modifier)])
        text = f"{render(node.lhs)} {words} {render(node.rhs)}"
        # The other operator may bind less than the one beside it.
        text = f"({text})" if isinstance(part.above, ast.BinaryExpr) else text
        yield Change(text=text, was=operator, becomes=other, advice=advice)


OPERATORS = (
    Operator(name="function", description="Another function", change=change_function),
    Operator(name="aggregation", description="Another aggregation", change=change_aggregation),
    Operator(name="set operator", description="Another set operator", change=change_set_operator),
    Operator(name="arithmetic", description="Another arithmetic operator", change=change_arithmetic),
)
