"""What an operator of mutation is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser as ast

from alertdrill.mutation.mutant import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an expression: what it is, and what it is an operand or an argument of.

    `is_whole` is the whole expression. `siblings` are metrics that could be taken for one, by its name.
    """

    node: ast.Expr
    above: ast.Expr | None = None
    is_whole: bool = False
    siblings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One way to make a rule wrong; `change` yields what it makes of a part of an expression."""

    name: str
    description: str
    change: Callable[[Part], Iterator[Change]]


def write_number(value: float) -> str:
    """Return a number as people write it: without the last digits of a multiplication."""
    return f"{value:.12g}"
