"""Constants of PromQL: arithmetic of number literals, worked out as Prometheus does."""

from __future__ import annotations

import math
from collections.abc import Callable

import promql_parser as ast

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": math.fmod,
    "^": math.pow,
    "atan2": math.atan2,
}


def evaluate_constant(expr: ast.Expr) -> float | None:
    """Return the value of an arithmetic expression of number literals, if it is one and finite."""
    value: float | None = None
    match expr:
        case ast.NumberLiteral():
            value = expr.val
        case ast.ParenExpr():
            value = evaluate_constant(expr.expr)
        case ast.UnaryExpr():
            operand = evaluate_constant(expr.expr)
            value = None if operand is None else -operand
        case ast.BinaryExpr():
            calculate = _ARITHMETIC.get(str(expr.op).strip())
            left, right = evaluate_constant(expr.lhs), evaluate_constant(expr.rhs)
            if calculate is not None and left is not None and right is not None:
                try:
                    value = calculate(left, right)
                except (ArithmeticError, ValueError):
                    return None
    return value if value is not None and math.isfinite(value) else None
