"""Shows that two expressions are equal whatever the series are, by a few laws of PromQL. Pure.

Both are written in a form in which what the laws call equal is the same text. The laws:

- The right side of `and` and `unless` is only there or not: of its values nothing is seen.
- A histogram's quantile is the same of buckets that are all multiplied by a number, as `rate` and `increase`
  are each other.
- What is never below 0 is at most 0 where it is 0; and of what is never above 1 either, at least 1 is 1.
- Minima and averages of a flag, a metric that is 0 or 1 as `up` is, are 1 where all of its samples are: one 0
  makes the minimum 0, and the average less than 1. So whoever asks for 1 sees no difference.
- Where all histograms of a metric have the same bounds, the quantile of their average is that of their sum.
  For buckets of one histogram are exposed together: a group has one series of each bound for each of its
  histograms, so that the average is the sum divided by their number, the same for all bounds; and that is a
  factor. It is each group's own, so nothing may be added up across groups afterwards: the law is of what the
  quantile itself reads.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import promql_parser as ast

from alertdrill.mutation.mutant import Mutant
from alertdrill.mutation.operators.comparing import find_comparison
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import (
    Printer,
    list_modifiers,
    metric_name,
    parse,
    selectors,
    write_grouping,
)

Sight = Literal["value", "scale", "buckets", "one", "presence"]
"""What is seen of an expression: its value, its value but for a factor, its value but for a factor of each
histogram, only whether it is 1, or only whether it is there."""

EQUAL = "the expression is equal to the rule's, whatever the series are"
EQUAL_OF_ALIKE = "the expression is equal to the rule's, where histograms of one metric have the same bounds"

BOUND = "le"
"""The label that says which bucket of a histogram a series is."""
_LINEAR = {"sum", "avg", "max", "min"}
_KEEPS_PRESENCE = {*_LINEAR, "count", "group"}
_OVER_TIME = {
    f"{name}_over_time" for name in ("avg", "min", "max", "sum", "count", "last", "present", "stddev")
}
_COUNTED = {"rate", "increase", "irate"}
_NEVER_BELOW_0 = {*_COUNTED, "count_over_time", "present_over_time", "changes", "resets", "absent"}
_OF_FLAGS = {f"{name}_over_time" for name in ("avg", "min", "max", "last")}
_AT_0 = {"==": "<=", "!=": ">"}
"""What a comparison with 0 is the same as, of what is never below 0."""
_AT_1 = {"==": ">=", "!=": "<"}
"""And with 1, of what is never above it."""


def prove_equal(mutant: Mutant, flags: Collection[str] = ()) -> str:
    """Return why a mutant is equal to the rule that it is made of; empty where that cannot be shown.

    `flags` are metrics that are 0 or 1, besides `up`.
    """
    was, becomes = mutant.original.expr, mutant.rule.expr
    if was == becomes:
        return ""
    known = {EQUAL: _Given(), EQUAL_OF_ALIKE: _Given(same_bounds=True)}
    if read := {metric_name(one) for one in selectors(parse(was))} & set(flags):
        why = f"the expression is equal to the rule's, where {', '.join(sorted(map(str, read)))} is 0 or 1"
        known[why] = _Given(flags=frozenset(flags))
    return next((why for why, given in known.items() if _are_equal(was, becomes, given)), "")


def are_equal(expr: str, other: str) -> bool:
    """Tell whether it can be shown that two expressions are equal, whatever the series are."""
    return _are_equal(expr, other, _Given())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What is known of the series: that all histograms of a metric have the same bounds; which are 0 or 1."""

    same_bounds: bool = False
    flags: frozenset[str] = frozenset()

    def is_flag(self, selector: ast.VectorSelector) -> bool:
        """Tell whether all series of a selector are 0 or 1."""
        return metric_name(selector) in {"up", *self.flags}


def _are_equal(expr: str, other: str, given: _Given) -> bool:
    one, two = (_Normal(given).write(_unwrap(parse(text))) for text in (expr, other))
    return one == two


def _unwrap(expr: ast.Expr) -> ast.Expr:
    return _unwrap(expr.expr) if isinstance(expr, ast.ParenExpr) else expr


class _Normal(Printer):
    """Writes what is equal by the laws as the same text."""

    def __init__(self, given: _Given, sight: Sight = "value") -> None:
        self._given = given
        self._sight = sight

    def _see(self, node: ast.Expr, sight: Sight) -> str:
        return _Normal(self._given, sight).write(node)

    def write(self, node: ast.Expr) -> str:
        """Return the normal text of a node, as far as it is seen."""
        match node:
            case ast.ParenExpr() if isinstance(node.expr, ast.BinaryExpr | ast.UnaryExpr):
                return f"({self.write(node.expr)})"
            case ast.ParenExpr():
                return self.write(node.expr)  # brackets around one operand decide nothing
            case ast.BinaryExpr():
                return self._write_binary(node)
            case ast.Call():
                return self._write_call(node)
            case ast.AggregateExpr() if node.param is None:
                return self._write_aggregation(node)
            case ast.MatrixSelector() | ast.VectorSelector() | ast.NumberLiteral() | ast.StringLiteral():
                return super().write(node)
            case _:
                return Printer().write(node)

    def _write_binary(self, node: ast.BinaryExpr) -> str:
        operator = str(node.op).strip()
        if operator in {"and", "unless"}:
            sides = self.write(node.lhs), self._see(node.rhs, "presence")
        elif self._sight == "presence" and (operand := _find_operand(node)) is not None:
            return self.write(operand)
        else:
            operator = operator if find_comparison(node) is None else _name_comparison(node, self._given)
            asks_for_1 = operator == ">=" and evaluate_constant(node.rhs) == 1
            is_one = asks_for_1 and _is_from_0_to_1(node.lhs, self._given)
            sides = self._see(node.lhs, "one" if is_one else "value"), self._see(node.rhs, "value")
        return f"{sides[0]} {' '.join([operator, *list_modifiers(node.modifier)])} {sides[1]}"

    def _write_call(self, node: ast.Call) -> str:
        name = node.func.name
        if name == "histogram_quantile":
            quantile, buckets = node.args
            return f"{name}({self._see(quantile, 'value')}, {self._see(buckets, 'buckets')})"
        if (self._sight != "value" and name in {"rate", "increase"}) or (
            self._sight == "presence" and name in _COUNTED
        ):
            name = "rate"
        elif self._sight == "presence" and name in _OVER_TIME:
            name = "present_over_time"
        elif self._sight == "one" and name == "avg_over_time":
            name = "min_over_time"
        return f"{name}({', '.join(self._see(argument, 'value') for argument in node.args)})"

    def _write_aggregation(self, node: ast.AggregateExpr) -> str:
        name = str(node.op).strip()
        inner: Sight = "value"
        if self._sight == "presence" and name in _KEEPS_PRESENCE:
            name, inner = "group", "presence"
        elif self._sight == "one":  # of what is from 0 to 1, see `_write_binary`
            name, inner = "min" if name == "avg" else name, "one"
        elif self._sight in {"scale", "buckets"} and name in _LINEAR:
            inner = "scale"
            if (
                self._sight == "buckets"
                and self._given.same_bounds
                and name == "avg"
                and _adds_histograms(node)
            ):
                name = "sum"
        return f"{name}{write_grouping(node.modifier)}({self._see(node.expr, inner)})"


def _adds_histograms(node: ast.AggregateExpr) -> bool:
    """Tell whether an aggregation makes one histogram of several of one metric, bound by bound."""
    if node.modifier is None:
        return False
    is_by = node.modifier.type == ast.AggModifierType.By
    return is_by is (BOUND in node.modifier.labels) and _is_of_one_metric(node.expr)


def _is_of_one_metric(node: ast.Expr) -> bool:
    match node:
        case ast.ParenExpr():
            return _is_of_one_metric(node.expr)
        case ast.Call():
            return node.func.name in _COUNTED and _is_of_one_metric(node.args[0])
        case ast.MatrixSelector():
            return _is_of_one_metric(node.vector_selector)
        case ast.VectorSelector():
            return metric_name(node) is not None
        case _:
            return False


def _find_operand(node: ast.BinaryExpr) -> ast.Expr | None:
    """Return the side that arithmetic with a constant has a result for; None of everything else."""
    if str(node.op).strip() not in {"+", "-", "*", "/", "%", "^"}:
        return None
    if evaluate_constant(node.rhs) is not None:
        return node.lhs
    return node.rhs if evaluate_constant(node.lhs) is not None else None


def _name_comparison(node: ast.BinaryExpr, given: _Given) -> str:
    """Return the operator of a comparison, or the one that says the same."""
    operator, threshold = str(node.op).strip(), evaluate_constant(node.rhs)
    if threshold == 0 and _is_never_below_0(node.lhs, given):
        return _AT_0.get(operator, operator)
    if threshold == 1 and _is_from_0_to_1(node.lhs, given):
        return _AT_1.get(operator, operator)
    return operator


def _is_never_below_0(node: ast.Expr, given: _Given) -> bool:
    """Tell whether every value of an expression is a number from 0 up."""
    match node:
        case ast.ParenExpr():
            return _is_never_below_0(node.expr, given)
        case ast.Call():
            return node.func.name in _NEVER_BELOW_0 or _is_from_0_to_1(node, given)
        case ast.AggregateExpr():
            name = str(node.op).strip()
            return name in {"count", "group"} or (name in _LINEAR and _is_never_below_0(node.expr, given))
        case ast.BinaryExpr():
            operator = str(node.op).strip()
            if operator in {"and", "unless"}:
                return _is_never_below_0(node.lhs, given)
            if operator in {"or", "+"}:
                return _is_never_below_0(node.lhs, given) and _is_never_below_0(node.rhs, given)
            factor = evaluate_constant(node.rhs)
            return (
                operator == "*" and factor is not None and factor >= 0 and _is_never_below_0(node.lhs, given)
            )
        case _:
            return _is_from_0_to_1(node, given)


def _is_from_0_to_1(node: ast.Expr, given: _Given) -> bool:
    """Tell whether an expression is a flag, of one target, or the worst, the best or the mean of several."""
    match node:
        case ast.ParenExpr():
            return _is_from_0_to_1(node.expr, given)
        case ast.AggregateExpr():
            return str(node.op).strip() in {"min", "max", "avg"} and _is_from_0_to_1(node.expr, given)
        case ast.Call():
            return node.func.name in _OF_FLAGS and _is_from_0_to_1(node.args[0], given)
        case ast.MatrixSelector():
            return given.is_flag(node.vector_selector)
        case ast.VectorSelector():
            return given.is_flag(node)
        case _:
            return False
