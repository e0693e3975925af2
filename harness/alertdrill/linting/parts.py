"""An expression as parts that know where they stand in its text. Pure.

promql-parser tells no positions, and makes its nodes anew whenever they are asked for. Here each part is
made once, without parentheses, and has the offset of the word or the sign that names it: of an aggregation
its name, of a binary operation its operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import promql_parser as ast

from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import list_matchers, metric_name, render, whole_ms

Kind = Literal["selector", "range", "subquery", "call", "aggregation", "binary", "unary", "number", "string"]
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
SET_OPERATORS = {"and", "or", "unless"}
SCALAR_CALLS = {"scalar", "time", "pi"}

_SECOND = timedelta(seconds=1)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<brace>\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[^}"'`])*\})
    |(?P<window>\[[^]]*\])
    |(?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    |(?P<number>0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?[a-z0-9]*)
    |(?P<operator>==|!=|[<>]=?|[-+*/%^])
    |(?P<open>\()|(?P<close>\))""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One part of an expression, and the parts that it is made of.

    `name` is the metric, the function, the aggregation or the operator.
    `labels` are those of `by` or `without`, `on` or `ignoring`, which `keeps` them or not. `group` is the
    side that `group_left` or `group_right` lets have many series, `group_labels` what it takes of the other.
    `recorded` says of what a recording rule has in place of a name which rule that is.
    """

    kind: Kind
    name: str
    node: ast.Expr
    offset: int
    children: tuple[Part, ...] = ()
    matchers: tuple[tuple[str, str, str], ...] = ()
    window_s: float = 0.0
    step_s: float | None = None
    shift_s: float = 0.0
    is_fixed: bool = False
    value: float | None = None
    string: str = ""
    parameter: Part | None = None
    labels: tuple[str, ...] = ()
    keeps: bool | None = None
    returns_bool: bool = False
    group: Literal["left", "right"] | None = None
    group_labels: tuple[str, ...] = ()
    recorded: str = ""

    @property
    def text(self) -> str:
        """The part as PromQL."""
        return render(self.node)

    @property
    def is_comparison(self) -> bool:
        """Whether it compares two sides."""
        return self.kind == "binary" and self.name in COMPARISONS

    @property
    def is_scalar(self) -> bool:
        """Whether it has a value and no series."""
        if self.kind in {"number", "string"}:
            return True
        if self.kind == "call":
            return self.name in SCALAR_CALLS
        return self.kind in {"binary", "unary"} and all(child.is_scalar for child in self.children)

    def walk(self) -> Iterator[Part]:
        """Yield the part and all that it is made of, outermost and leftmost first."""
        yield self
        if self.parameter is not None:
            yield from self.parameter.walk()
        for child in self.children:
            yield from child.walk()

    def list_selectors(self) -> tuple[Part, ...]:
        """Return the selectors in it, left to right."""
        return tuple(part for part in self.walk() if part.kind == "selector")


def read_parts(expr: ast.Expr, text: str) -> Part:
    """Return the parts of an expression; `text` is what it was read from."""
    return _Reader(text).read(expr)


class _Reader:
    """Makes parts, and goes along the text with them: both are in one order."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_list_tokens(text))
        self._at = 0

    def _find(self, kind: str, word: str = "") -> int:
        """Return where the next token of a kind, or of that word, stands; it is passed by."""
        for index in range(self._at, len(self._tokens)):
            of_kind, said, offset = self._tokens[index]
            if of_kind == kind and (not word or said.lower() == word.lower()):
                self._at = index + 1
                return offset
        return self._tokens[min(self._at, len(self._tokens) - 1)][2] if self._tokens else 0

    def read(self, node: ast.Expr) -> Part:
        """Return the part of a node."""
        match node:
            case ast.ParenExpr():
                return self.read(node.expr)
            case ast.NumberLiteral():
                return Part(node=node, kind="number", name="", offset=self._find("number"), value=node.val)
            case ast.StringLiteral():
                offset = self._find("string")
                return Part(node=node, kind="string", name="", offset=offset, string=node.val)
            case ast.UnaryExpr():
                offset = self._find("operator", "-")
                inner = self.read(node.expr)
                value = evaluate_constant(node)
                return Part(node=node, kind="unary", name="-", offset=offset, children=(inner,), value=value)
            case ast.VectorSelector():
                return self._read_selector(node)
            case ast.MatrixSelector():
                selector = self._read_selector(node.vector_selector)
                return Part(
                    node=node,
                    kind="range",
                    name=selector.name,
                    offset=selector.offset,
                    children=(selector,),
                    window_s=whole_ms(node.range) / 1000 if node.range is not None else 0.0,
                )
            case ast.SubqueryExpr():
                inner = self.read(node.expr)
                return Part(
                    node=node,
                    kind="subquery",
                    name="",
                    offset=inner.offset,
                    children=(inner,),
                    window_s=whole_ms(node.range) / 1000 if node.range is not None else 0.0,
                    step_s=None if node.step is None else node.step / _SECOND,
                    shift_s=node.offset / _SECOND if node.offset else 0.0,
                    is_fixed=node.at is not None and node.at.at is not None,
                )
            case ast.Call():
                offset = self._find("word", node.func.name)
                children = tuple(self.read(argument) for argument in node.args)
                return Part(node=node, kind="call", name=node.func.name, offset=offset, children=children)
            case ast.AggregateExpr():
                return self._read_aggregation(node)
            case ast.BinaryExpr():
                return self._read_binary(node)
            case _:
                raise AssertionError(f"the parser has a new kind of node: {type(node).__name__}")

    def _read_selector(self, node: ast.VectorSelector) -> Part:
        offset = self._find("word", node.name) if node.name is not None else self._find("brace")
        return Part(
            node=node,
            kind="selector",
            name=metric_name(node) or "",
            offset=offset,
            matchers=tuple(list_matchers(node)),
            shift_s=node.offset / _SECOND if node.offset else 0.0,
            is_fixed=node.at is not None and node.at.at is not None,
        )

    def _read_aggregation(self, node: ast.AggregateExpr) -> Part:
        name = str(node.op).strip()
        offset = self._find("word", name)
        parameter = None if node.param is None else self.read(node.param)
        modifier = node.modifier
        return Part(
            node=node,
            kind="aggregation",
            name=name,
            offset=offset,
            children=(self.read(node.expr),),
            parameter=parameter,
            labels=() if modifier is None else tuple(modifier.labels),
            keeps=None if modifier is None else modifier.type == ast.AggModifierType.By,
        )

    def _read_binary(self, node: ast.BinaryExpr) -> Part:
        name = str(node.op).strip()
        left = self.read(node.lhs)
        offset = self._find("word" if name.isalnum() else "operator", name)
        right = self.read(node.rhs)
        modifier = node.modifier
        matching = None if modifier is None else modifier.matching
        group: Literal["left", "right"] | None = None
        if modifier is not None and modifier.group_labels is not None:
            group = "left" if modifier.card == ast.VectorMatchCardinality.ManyToOne else "right"
        return Part(
            node=node,
            kind="binary",
            name=name,
            offset=offset,
            children=(left, right),
            value=evaluate_constant(node),
            labels=() if matching is None else tuple(matching.labels),
            keeps=None if matching is None else matching.type == ast.LabelModifierType.Include,
            returns_bool=modifier is not None and modifier.return_bool,
            group=group,
            group_labels=tuple(modifier.group_labels or ()) if modifier is not None else (),
        )


def _list_tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and offset of what names a part; lists of labels, times and comments name none."""
    at, skips, was_shift = 0, False, False
    while match := _TOKEN.search(text, at):
        at = match.end()
        kind, said = str(match.lastgroup), match.group()
        if kind == "open" and skips:
            closed = text.find(")", at)
            at = len(text) if closed < 0 else closed + 1
        elif kind == "word" and said.lower() == "offset":
            was_shift = True
            continue
        elif kind == "number" and was_shift:
            pass
        elif kind == "operator" and was_shift and said in "+-":
            continue
        elif kind in {"word", "number", "operator", "string", "brace"} and not (
            kind == "word" and said.lower() in _GROUPING
        ):
            yield kind, said, match.start()
        skips = kind == "word" and said.lower() in _GROUPING
        was_shift = False
