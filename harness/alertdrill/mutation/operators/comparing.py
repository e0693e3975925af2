"""Wrong thresholds, quantiles and comparisons. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import promql_parser as ast

from alertdrill.mutation.mutant import Change
from alertdrill.mutation.operators.operator import Operator, Part, write_number
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import list_modifiers, render

FACTORS = (0.5, 1 / 1.1, 1.1, 2.0, 10.0)
QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
COMPARISONS: Mapping[str, tuple[str, ...]] = {
    ">": (">=", "<", "!="),
    ">=": (">", "<", "!="),
    "<": ("<=", ">", "!="),
    "<=": ("<", ">", "!="),
    "==": ("!=", ">=", "<="),
    "!=": ("==", ">=", "<="),
}


def find_comparison(node: ast.Expr | None) -> str | None:
    """Return the comparison that a node is; None for everything else."""
    operator = str(node.op).strip() if isinstance(node, ast.BinaryExpr) else ""
    return operator if operator in COMPARISONS else None


def change_threshold(part: Part) -> Iterator[Change]:
    """Yield other thresholds for the constant side of a comparison."""
    operator, value = find_comparison(part.above), evaluate_constant(part.node)
    if operator is None or value is None or not isinstance(part.above, ast.BinaryExpr):
        return
    for factor in FACTORS if value else ():
        yield _make_threshold(part.above, operator, value, float(f"{value * factor:.4g}"))
    if not value:
        yield _make_threshold(part.above, operator, 0.0, 1.0)


def _make_threshold(comparison: ast.BinaryExpr, operator: str, value: float, other: float) -> Change:
    text = write_number(other)
    if evaluate_constant(comparison.lhs) is not None:
        was, becomes = f"{write_number(value)} {operator}", f"{text} {operator}"
        operator = operator.translate(str.maketrans("<>", "><"))
    else:
        was, becomes = f"{operator} {write_number(value)}", f"{operator} {text}"
    low, high = sorted((value, other))
    between = f"between {write_number(low)} and {write_number(high)}"
    if operator in {"==", "!="}:
        advice = f"a drill in which the value is {text}"
    elif (other > value) == operator.startswith(">"):
        advice = f"a drill that must fire on a value {between}"
    else:
        advice = f"a near miss whose value stays {between}"
    return Change(text=text, was=was, becomes=becomes, advice=advice)


def change_quantile(part: Part) -> Iterator[Change]:
    """Yield other quantiles: the usual one below, the one above, and the median."""
    value = evaluate_constant(part.node)
    if value is None or not _is_quantile(part):
        return
    below = [one for one in QUANTILES if one < value][-1:]
    above = [one for one in QUANTILES if one > value][:1]
    for other in dict.fromkeys([*below, *above, QUANTILES[0]]):
        if other != value:
            low, high = sorted((value, other))
            yield Change(
                text=write_number(other),
                was=f"quantile {write_number(value)}",
                becomes=write_number(other),
                advice=f"a drill in which {100 * (1 - high):.3g} % to {100 * (1 - low):.3g} % are slow",
            )


def _is_quantile(part: Part) -> bool:
    above = part.above
    if isinstance(above, ast.AggregateExpr):
        return str(above.op).strip() == "quantile" and above.param is part.node
    quantiles = {"histogram_quantile", "quantile_over_time"}
    return isinstance(above, ast.Call) and above.func.name in quantiles and above.args[0] is part.node


def change_comparison(part: Part) -> Iterator[Change]:
    """Yield other comparisons of the same two sides."""
    node, operator = part.node, find_comparison(part.node)
    if operator is None or not isinstance(node, ast.BinaryExpr):
        return
    for other in COMPARISONS[operator]:
        words = " ".join([other, *list_modifiers(node.modifier)])
        if {operator, other} in ({">", ">="}, {"<", "<="}):
            advice = _advise_boundary(node)
        else:
            advice = f"a drill in which `{other}` says something else than `{operator}`"
        yield Change(
            text=f"{render(node.lhs)} {words} {render(node.rhs)}", was=operator, becomes=other, advice=advice
        )


def _advise_boundary(node: ast.BinaryExpr) -> str:
    constant = next((side for side in (node.rhs, node.lhs) if evaluate_constant(side) is not None), None)
    if constant is None:
        return "a drill in which both sides are equal"
    return f"a drill in which the value is exactly {render(constant)}"


def drop_comparison(part: Part) -> Iterator[Change]:
    """Yield what a comparison filters, not filtered."""
    node, operator = part.node, find_comparison(part.node)
    if operator is None or not isinstance(node, ast.BinaryExpr):
        return
    if node.modifier is not None and node.modifier.return_bool:
        return
    varying, constant = node.lhs, node.rhs
    if evaluate_constant(varying) is not None:
        varying, constant = constant, varying
    yield Change(
        text=render(varying),
        was=f"{operator} {render(constant)}",
        becomes="nothing",
        advice="a near miss: traffic that the comparison keeps silent",
    )


OPERATORS = (
    Operator(name="threshold", description="Another threshold", change=change_threshold),
    Operator(name="quantile", description="Another quantile", change=change_quantile),
    Operator(name="comparison", description="Another comparison", change=change_comparison),
    Operator(name="dropped comparison", description="No comparison at all", change=drop_comparison),
)
