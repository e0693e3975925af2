"""Heartbeats: alerts that fire all the time on purpose, such as kube-prometheus's Watchdog. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import promql_parser as ast

from alertdrill.core.rule import AlertRule
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import parse


def find_heartbeats(rules: Iterable[AlertRule]) -> frozenset[str]:
    """Return the names of the alerts whose rule is `vector(1)`, or another constant."""
    return frozenset(rule.name for rule in rules if _is_constant(parse(rule.expr)))


def _is_constant(expr: ast.Expr) -> bool:
    match expr:
        case ast.ParenExpr():
            return _is_constant(expr.expr)
        case ast.Call():
            return expr.func.name == "vector" and evaluate_constant(expr.args[0]) is not None
        case _:
            return False
