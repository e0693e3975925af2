"""How far back an expression looks: the longest chain of windows and offsets in it. Pure.

What is nested adds up: a subquery of an hour over windows of five minutes, ten minutes ago, sees what was
75 minutes ago. What stands side by side does not: a ratio of two windows sees no further than the longer one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import promql_parser as ast

from alertdrill.rules.promql.expressions import list_children

_SECOND = timedelta(seconds=1)


def find_reach_s(
    expr: ast.Expr, find_behind_s: Callable[[ast.VectorSelector], float] = lambda _: 0.0
) -> float:
    """Return how far back an expression looks, in seconds.

    `find_behind_s` says how far what a selector reads looks back itself, as recorded series do.
    """
    own = timedelta()
    match expr:
        case ast.MatrixSelector():
            own = expr.range
        case ast.SubqueryExpr():
            own = (expr.range or timedelta()) + (expr.offset or timedelta())
        case ast.VectorSelector():
            return max(0.0, (expr.offset or timedelta()) / _SECOND) + find_behind_s(expr)
    deeper_s = max((find_reach_s(child, find_behind_s) for child in list_children(expr)), default=0.0)
    return max(0.0, own / _SECOND + deeper_s)
