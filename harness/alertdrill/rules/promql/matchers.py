"""The matchers of selectors: which names and labels a selector may read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import promql_parser as ast

NAME = "__name__"
Matcher = tuple[str, str, str]
"""A label, an operator, and what the label is compared with."""


def list_matchers(selector: ast.VectorSelector) -> frozenset[Matcher]:
    """Return a selector's matchers, one for its name among them."""
    kinds: list[tuple[ast.MatchOp, str]] = [
        (ast.MatchOp.Equal, "="),
        (ast.MatchOp.NotEqual, "!="),
        (ast.MatchOp.Re, "=~"),
        (ast.MatchOp.NotRe, "!~"),
    ]
    listed = {
        (matcher.name, next(text for kind, text in kinds if kind == matcher.op), matcher.value)
        for matcher in selector.matchers.matchers
    }
    if selector.name is not None:
        listed.add((NAME, "=", selector.name))
    return frozenset(listed)


def may_read_any(selector: ast.VectorSelector, names: Iterable[str]) -> bool:
    """Tell whether a selector asks for one of these names, by its name or by a pattern of names."""
    named = [(operator, expected) for label, operator, expected in list_matchers(selector) if label == NAME]
    if not any(operator in {"=", "=~"} for operator, _ in named):
        return False
    return any(all(accepts(operator, expected, name) for operator, expected in named) for name in names)


def accepts(operator: str, expected: str, value: str) -> bool:
    """Tell whether a matcher accepts a value; of RE2's patterns Python knows all but a few."""
    if operator in {"=", "!="}:
        return (value == expected) == (operator == "=")
    try:
        found = re.fullmatch(expected, value, re.DOTALL) is not None
    except re.error:
        return True
    return found == (operator == "=~")
