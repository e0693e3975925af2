"""PromQL expressions: reading, writing exactly, and splitting at a threshold.

The grammar is promql-parser's. Its own printer is not used: it drops milliseconds, does not escape strings
and loses the colon of a subquery without a step. Durations here are whole milliseconds inside expressions
and seconds at the edges. Syntax: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import promql_parser as ast

from alertdrill.errors import BadInput
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.nesting import check_nesting
from alertdrill.rules.promql.places import find_place, say_place
from alertdrill.rules.promql.text import BEFORE_1970_S, BOUND_S, restate
from alertdrill.rules.promql.text import quote as quote  # who writes expressions quotes

MAX_LENGTH = 8192
"""Characters of an expression. The parser recurses, and overflows its stack from about twice that."""
MAX_DEPTH = 100
"""Levels of an expression; `a + b + c` has three."""
MAX_DURATION_MS = (2**63 - 1) // 10**6
"""Prometheus keeps durations as 64-bit nanoseconds."""

DurationKind = Literal["range", "step", "offset"]
Comparison = Literal["==", "!=", ">", "<", ">=", "<="]

_UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(f"(?:([0-9]{{1,19}}){unit})?" for unit in _UNITS_MS))
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST = MAX_DURATION_MS * _MILLISECOND
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLIPPED: dict[str, Comparison] = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}

# Prometheus 2's name of double_exponential_smoothing, which the parser no longer knows.
ast.register_extra_functions(
    [
        ast.Function(
            "holt_winters",
            [ast.ValueType.Matrix, ast.ValueType.Scalar, ast.ValueType.Scalar],
            ast.ValueType.Vector,
        )
    ]
)


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration such as `5m`, `1h30m`, `250ms` or `0`.

    Raises ValueError when it is not one. Grammar: ParseDuration of prometheus/common/model.
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text[:40]!r} is not a duration such as 5m or 1h30m")
    milliseconds = sum(
        int(count) * size for count, size in zip(match.groups(), _UNITS_MS.values(), strict=True) if count
    )
    if milliseconds > MAX_DURATION_MS:
        raise ValueError(f"{text[:40]!r} is longer than 292 years")
    return milliseconds / 1000


def format_duration(seconds: float) -> str:
    """Return seconds as Prometheus writes them: `1h30m`, and years and weeks only where nothing remains.

    Raises ValueError when they are negative or not whole milliseconds.
    """
    milliseconds = Fraction(repr(seconds)) * 1000
    if milliseconds < 0 or milliseconds.denominator != 1:
        raise ValueError(f"{seconds} s is not a whole number of milliseconds from 0 up")
    return _format_ms(int(milliseconds))


def _format_ms(milliseconds: int) -> str:
    parts = []
    remaining = milliseconds
    for unit, size in _UNITS_MS.items():
        if unit in {"y", "w"} and remaining % size:
            continue
        count, remaining = divmod(remaining, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_number(value: float) -> str:
    """Return a number literal that reads back as the same float."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")


@lru_cache(maxsize=2048)
def parse(text: str) -> ast.Expr:
    """Return the tree of an expression.

    Raises BadInput, with the parser's reason, for what is not PromQL or is newer than the grammar; for what
    the grammar has but Prometheus 2 and 3 have not, matchers joined by `or` and fill modifiers; and for what
    is longer or deeper than the bounds. The tree is shared: who reads a rule file parses its expressions
    more than once.
    """
    if len(text) > MAX_LENGTH:
        raise BadInput(f"the expression is longer than {MAX_LENGTH} characters")
    check_nesting(text)
    try:
        expr: ast.Expr = ast.parse(restate(text))
    except BadInput:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        offset = find_place(text, reason)
        place = "" if offset is None else f", at {say_place(text, offset)} of it"
        raise BadInput(f"the expression is not PromQL that can be read: {reason}{place}") from error
    except BaseException as error:
        # The parser's panics derive from BaseException and have no importable name.
        if type(error).__name__ != "PanicException":
            raise
        raise BadInput("the expression makes the PromQL parser fail") from error
    _check(expr)
    return expr


def _check(expr: ast.Expr) -> None:
    stack = [(expr, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BadInput(f"the expression is nested more than {MAX_DEPTH} levels deep")
        if isinstance(node, ast.BinaryExpr) and node.modifier is not None:
            fill = node.modifier.fill_values
            if fill is not None and (fill.lhs is not None or fill.rhs is not None):
                raise BadInput("the expression has a fill modifier, which is not supported")
        if isinstance(node, ast.VectorSelector) and node.matchers.or_matchers:
            raise BadInput("the expression joins matchers by `or`, which Prometheus does not know")
        try:
            found = _list_durations(node)
        except OverflowError as error:
            raise BadInput("the expression has a time that is out of range") from error
        if any(time % _MILLISECOND for time in found):
            raise BadInput("the expression has a time that is not a whole number of milliseconds")
        if _has_empty_window(node):
            raise BadInput("the expression is not PromQL: it has a range or a step of nothing")
        if any(abs(time) > _LONGEST for time in found):
            raise BadInput("the expression has a duration that is longer than 292 years")
        stack.extend((child, depth + 1) for child in list_children(node))


def _list_durations(node: ast.Expr) -> list[timedelta]:
    """Return a node's own range, step and offset."""
    times: list[timedelta | None] = []
    if isinstance(node, ast.MatrixSelector):
        times = [node.range]
    elif isinstance(node, ast.SubqueryExpr):
        times = [node.range, node.step, node.offset]
    elif isinstance(node, ast.VectorSelector):
        times = [node.offset]
    return [time for time in times if time is not None]


def _has_empty_window(node: ast.Expr) -> bool:
    if isinstance(node, ast.SubqueryExpr):
        return timedelta() in (node.range, node.step)
    return isinstance(node, ast.MatrixSelector) and node.range == timedelta()


def _find_at_ms(node: ast.VectorSelector | ast.SubqueryExpr) -> int | None:
    """Return the absolute time after a node's @, in milliseconds since the epoch."""
    if node.at is None or node.at.at is None:
        return None
    milliseconds = round((node.at.at - _EPOCH) / _MILLISECOND)
    return milliseconds if milliseconds < BOUND_S * 1000 else milliseconds - BEFORE_1970_S * 1000


def list_children(node: ast.Expr) -> list[ast.Expr]:
    """Return the expressions that a node is made of, left to right."""
    match node:
        case ast.AggregateExpr():
            return [node.expr] if node.param is None else [node.param, node.expr]
        case ast.BinaryExpr():
            return [node.lhs, node.rhs]
        case ast.Call():
            return list(node.args)
        case ast.MatrixSelector():
            return [node.vector_selector]
        case ast.ParenExpr() | ast.SubqueryExpr() | ast.UnaryExpr():
            return [node.expr]
        case _:
            return []


def walk(expr: ast.Expr) -> Iterator[ast.Expr]:
    """Yield an expression and all that it is made of, outermost and leftmost first."""
    yield expr
    for child in list_children(expr):
        yield from walk(child)


def selectors(expr: ast.Expr) -> tuple[ast.VectorSelector, ...]:
    """Return the selectors in an expression, left to right."""
    return tuple(node for node in walk(expr) if isinstance(node, ast.VectorSelector))


def metric_name(selector: ast.VectorSelector) -> str | None:
    """Return the name that a selector asks for; None when it asks for none or by a pattern."""
    if selector.name is not None:
        return selector.name
    named = (m for m in selector.matchers.matchers if m.name == "__name__" and m.op == ast.MatchOp.Equal)
    return next((matcher.value for matcher in named), None)


def durations(expr: ast.Expr) -> tuple[float, ...]:
    """Return every range, step and offset in an expression, in seconds, outermost and leftmost first."""
    return tuple(time / timedelta(seconds=1) for node in walk(expr) for time in _list_durations(node))


def whole_ms(time: timedelta) -> int:
    """Return the milliseconds of a range, step or offset of a tree."""
    return time // _MILLISECOND


class Printer:
    """Writes a tree as PromQL; a subclass overrides what it writes differently.

    The tree keeps the parentheses of its source, so none need be added.
    """

    def write(self, node: ast.Expr) -> str:
        """Return the text of a node."""
        match node:
            case ast.NumberLiteral():
                return format_number(node.val)
            case ast.StringLiteral():
                return quote(node.val)
            case ast.ParenExpr():
                return f"({self.write(node.expr)})"
            case ast.UnaryExpr():
                return f"-{self.write(node.expr)}"
            case ast.BinaryExpr():
                operator = " ".join([str(node.op).strip(), *list_modifiers(node.modifier)])
                return f"{self.write(node.lhs)} {operator} {self.write(node.rhs)}"
            case ast.Call():
                return self.write_call(node.func.name, [self.write(argument) for argument in node.args])
            case ast.AggregateExpr():
                arguments = [self.write(argument) for argument in list_children(node)]
                return f"{str(node.op).strip()}{write_grouping(node.modifier)}({', '.join(arguments)})"
            case ast.SubqueryExpr():
                step = self._write_time("step", node.step)
                window = f"[{self._write_time('range', node.range)}:{step}]"
                return f"{self.write(node.expr)}{window}{self._write_shift(node)}"
            case ast.MatrixSelector():
                selector = node.vector_selector
                window = f"[{self._write_time('range', node.range)}]"
                return f"{self.write_selector(selector)}{window}{self._write_shift(selector)}"
            case ast.VectorSelector():
                return f"{self.write_selector(node)}{self._write_shift(node)}"
            case _:
                raise AssertionError(f"the parser has a new kind of node: {type(node).__name__}")

    def write_duration(self, kind: DurationKind, milliseconds: int) -> str:  # noqa: ARG002 - for subclasses
        """Return the text of a duration; offsets may be negative."""
        return ("-" if milliseconds < 0 else "") + _format_ms(abs(milliseconds))

    def write_at(self, milliseconds: int) -> str:
        """Return the text of the absolute time after an @, given in milliseconds since the epoch."""
        seconds, rest = divmod(abs(milliseconds), 1000)
        return f"{'-' if milliseconds < 0 else ''}{seconds}.{rest:03}"

    def write_call(self, function: str, arguments: Sequence[str]) -> str:
        """Return the text of a call."""
        return f"{function}({', '.join(arguments)})"

    def write_selector(self, selector: ast.VectorSelector) -> str:
        """Return the text of a selector, without its range, its offset and its @."""
        return render_selector(selector)

    def _write_time(self, kind: DurationKind, time: timedelta | None) -> str:
        if time is None:
            return ""
        return self.write_duration(kind, whole_ms(time))

    def _write_shift(self, node: ast.VectorSelector | ast.SubqueryExpr) -> str:
        text = ""
        at_ms = _find_at_ms(node)
        if at_ms is not None:
            text = f" @ {self.write_at(at_ms)}"
        elif node.at is not None:
            text = " @ start()" if node.at.type == ast.AtModifierType.Start else " @ end()"
        if node.offset is not None:
            # The parser takes `offset 0s` for an error, but knows a bare 0.
            text += f" offset {self._write_time('offset', node.offset) if node.offset else '0'}"
        return text


def write_grouping(modifier: ast.AggModifier | None) -> str:
    """Return what stands between an aggregation's name and its arguments."""
    if modifier is None:
        return ""
    word = "by" if modifier.type == ast.AggModifierType.By else "without"
    return f" {word} ({write_labels(modifier.labels)}) "


def list_modifiers(modifier: ast.BinModifier | None) -> list[str]:
    """Return what stands after a binary operator: `bool`, and which series match which."""
    if modifier is None:
        return []
    words = ["bool"] if modifier.return_bool else []
    if modifier.matching is not None:
        word = "on" if modifier.matching.type == ast.LabelModifierType.Include else "ignoring"
        words.append(f"{word} ({write_labels(modifier.matching.labels)})")
    if modifier.group_labels is not None:
        side = "left" if modifier.card == ast.VectorMatchCardinality.ManyToOne else "right"
        words.append(f"group_{side} ({write_labels(modifier.group_labels)})")
    return words


def _write_label(name: str) -> str:
    return name if _NAME.fullmatch(name) else quote(name)


def write_labels(names: Sequence[str]) -> str:
    """Return names of labels as a list of them is written."""
    return ", ".join(map(_write_label, names))


def list_matchers(selector: ast.VectorSelector) -> list[tuple[str, str, str]]:
    """Return a selector's matchers in their order, each as label, operator and value; its name is none."""
    operators: list[tuple[ast.MatchOp, str]] = [
        (ast.MatchOp.Equal, "="),
        (ast.MatchOp.NotEqual, "!="),
        (ast.MatchOp.Re, "=~"),
        (ast.MatchOp.NotRe, "!~"),
    ]
    return [
        (matcher.name, next(text for operator, text in operators if operator == matcher.op), matcher.value)
        for matcher in selector.matchers.matchers
    ]


def write_selector(name: str | None, matchers: Sequence[tuple[str, str, str]]) -> str:
    """Return the selector of a metric with some matchers, each a label, an operator and a value."""
    written = [f"{_write_label(label)}{operator}{quote(value)}" for label, operator, value in matchers]
    return (name or "") + (f"{{{', '.join(written)}}}" if written else "")


def render_selector(selector: ast.VectorSelector) -> str:
    """Return a selector without its offset and its @."""
    return write_selector(selector.name, list_matchers(selector))


def render(expr: ast.Expr) -> str:
    """Return PromQL that reads back as the same tree."""
    return Printer().write(expr)


def split_threshold(text: str) -> tuple[str, Comparison, float] | None:
    """Split a comparison with a constant into its varying side, the operator and the constant.

    A constant on the left changes sides, and the operator turns round with it. None for everything else:
    two varying sides, `bool`, `and`, a constant that is not finite. Raises BadInput when it is not PromQL.
    """
    expr = _unwrap(parse(text))
    if not isinstance(expr, ast.BinaryExpr):
        return None
    operator = str(expr.op).strip()
    if operator not in _FLIPPED or (expr.modifier is not None and expr.modifier.return_bool):
        return None
    left, right = evaluate_constant(expr.lhs), evaluate_constant(expr.rhs)
    if right is not None:
        return render(_unwrap(expr.lhs)), _FLIPPED[_FLIPPED[operator]], right
    if left is not None:
        return render(_unwrap(expr.rhs)), _FLIPPED[operator], left
    return None


def _unwrap(expr: ast.Expr) -> ast.Expr:
    while isinstance(expr, ast.ParenExpr):
        expr = expr.expr
    return expr
