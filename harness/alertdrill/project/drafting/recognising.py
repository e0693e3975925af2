"""Recognises in the expression of a rule what it measures and where its threshold is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import promql_parser as ast

from alertdrill.project.drafting.conditions import Condition
from alertdrill.project.drafting.latencies import Latency
from alertdrill.project.drafting.measures import Count, LastCall, Measure, Presence, Share
from alertdrill.project.drafting.metrics import Metrics
from alertdrill.project.drafting.naming import OF_LAST_CALL, find_counted, is_good
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import (
    durations,
    list_children,
    metric_name,
    parse,
    render,
    selectors,
)

FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
COUNTING = {"rate", "irate", "increase"}
THROUGH = {
    *("clamp_min", "clamp_max", "clamp", "abs", "sort", "sort_desc", "label_replace", "label_join"),
    *("avg_over_time", "max_over_time", "min_over_time", "last_over_time"),
}
"""Functions whose value is that of what is in them, as far as a draft needs to know."""
AGGREGATED = {"sum", "max", "min", "avg"}
MAX_DEPTH = 8
"""How many recording rules may read each other."""
_LATENCY = re.compile(r"latency|duration|response_time|request_time|_seconds_(?:bucket|sum)$", re.IGNORECASE)
_OF_A_PART = re.compile(r"queue|wait|token|overhead|backend_only|db_|redis|gc_|scrape|self_", re.IGNORECASE)
_MILLISECONDS = re.compile(r"(?:_ms|_milliseconds)(?:_bucket|_sum)?$")


class Unknown(Exception):
    """Nobody can tell what a rule measures; the message says what there is to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`factor` times what is measured is compared with a threshold."""

    measure: Measure
    operator: str
    threshold: float
    factor: float = 1.0

    def find_share(self, at: Condition) -> float | None:
        """Return how near a condition brings it: 1 is at the threshold, more is past it."""
        value = self.measure.estimate(at)
        if value is None:
            return None
        value *= self.factor
        if self.operator in {"==", "!="}:
            return 2.0 if (value == self.threshold) == (self.operator == "==") else 0.0
        over, under = (value, self.threshold) if self.operator[0] == ">" else (self.threshold, value)
        if under <= 0:
            return 2.0 if over > under or (over == under and len(self.operator) == 2) else 0.0
        return over / under

    @property
    def level(self) -> float:
        """The threshold in units of what is measured."""
        return self.threshold / self.factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A rule that is understood: it is active while all `comparisons` hold, the first of which is its cause.

    `window_s` is how far back it looks. `can_come_near` says whether there is one value with one threshold.
    """

    comparisons: tuple[Comparison, ...]
    window_s: float
    can_come_near: bool

    def find_share(self, at: Condition) -> float | None:
        """Return how near a condition brings the rule; None where nobody can tell."""
        shares = [one.find_share(at) for one in self.comparisons]
        if any(share is None for share in shares):
            return None
        return min(share for share in shares if share is not None)


class Recogniser:
    """Recognises rules; `recorded` has the expressions of recording rules, `metrics` what is known."""

    def __init__(self, recorded: Mapping[str, Sequence[str]], metrics: Metrics | None) -> None:
        self._recorded = recorded
        self._metrics = metrics

    def recognise(self, text: str) -> Recognised:
        """Return what a rule measures; raises Unknown, and BadInput for what is not PromQL."""
        tree = self.expand(parse(text))
        comparisons = self._compare(tree)
        order = sorted(
            comparisons, key=lambda one: isinstance(one.measure, Count) and one.measure.counted == "calls"
        )
        ranges = durations(tree)
        return Recognised(
            comparisons=tuple(order),
            window_s=max(ranges, default=0.0) + (min(ranges) if _is_nested(tree) else 0.0),
            can_come_near=_is_comparison(tree),
        )

    def expand(self, tree: ast.Expr, depth: int = 0) -> ast.Expr:
        """Return an expression with what recording rules record in place of their names."""
        if depth > MAX_DEPTH:
            raise Unknown("say what it reads: its recording rules are nested too deeply")
        names = {name for node in selectors(tree) if (name := metric_name(node)) in self._recorded}
        if not names:
            return tree
        text = render(tree)
        for name in names:
            exprs = self._recorded[str(name)]
            pattern = re.compile(rf"(?<![\w:]){re.escape(str(name))}(?![\w:{{\[])")
            if len(exprs) != 1 or not pattern.search(text):
                raise Unknown(f"say what moves {name}, which rules record")
            text = f"({exprs[0]})".join(pattern.split(text))
        return self.expand(parse(text), depth + 1)

    def _compare(self, node: ast.Expr) -> list[Comparison]:
        node = _unwrap(node)
        if isinstance(node, ast.Call) and node.func.name in {"absent", "absent_over_time"}:
            read = selectors(node)
            if read and metric_name(read[0]) == "up":
                return [Comparison(measure=Presence(of_absence=True), operator="==", threshold=1.0)]
            raise Unknown(f"say when {metric_name(read[0]) if read else 'it'} is absent, and make it so")
        if not isinstance(node, ast.BinaryExpr):
            raise Unknown("say what makes it fire: it compares nothing with a number")
        operator = str(node.op).strip()
        if operator == "and":
            return [*self._compare(node.lhs), *self._compare(node.rhs)]
        if operator not in FLIPPED:
            raise Unknown(f"say what makes it fire: it is made with {operator!r}")
        varying, threshold = node.lhs, evaluate_constant(node.rhs)
        if threshold is None:
            varying, threshold, operator = node.rhs, evaluate_constant(node.lhs), FLIPPED[operator]
        if threshold is None:
            raise Unknown("say what makes it fire: it compares two values with each other")
        guards: list[Comparison] = []
        measure, factor = self._measure(varying, guards)
        return [Comparison(measure=measure, operator=operator, threshold=threshold, factor=factor), *guards]

    def _measure(self, node: ast.Expr, guards: list[Comparison]) -> tuple[Measure, float]:
        """Return what an expression measures, and the factor that it is multiplied by."""
        node = _unwrap(node)
        match node:
            case ast.AggregateExpr() if str(node.op).strip() in AGGREGATED:
                return self._measure(node.expr, guards)
            case ast.BinaryExpr():
                return self._measure_operation(node, guards)
            case ast.Call() if node.func.name in THROUGH:
                return self._measure(node.args[0], guards)
            case ast.Call() if node.func.name in COUNTING:
                return self._measure_count(node), 1.0
            case ast.Call() if node.func.name == "histogram_quantile":
                return self._measure_quantile(node), 1.0
            case ast.MatrixSelector():
                return self._measure(node.vector_selector, guards)
            case ast.VectorSelector() if metric_name(node) == "up":
                return Presence(), 1.0
            case ast.VectorSelector() if metric_name(node) in OF_LAST_CALL:
                return LastCall(), 1.0
            case ast.VectorSelector():
                raise Unknown(f"say what moves {metric_name(node) or render(node)}, which is a state")
        raise Unknown(f"say what moves {_shorten(render(node))}")

    def _measure_operation(self, node: ast.BinaryExpr, guards: list[Comparison]) -> tuple[Measure, float]:
        operator = str(node.op).strip()
        left, right = evaluate_constant(node.lhs), evaluate_constant(node.rhs)
        if operator == "and":
            guards += self._compare(node.rhs)
            return self._measure(node.lhs, guards)
        if operator == "or":
            return self._measure(node.lhs, guards)
        if operator in {"*", "/"} and right:
            measure, factor = self._measure(node.lhs, guards)
            return measure, factor * right if operator == "*" else factor / right
        if operator == "*" and left:
            measure, factor = self._measure(node.rhs, guards)
            return measure, factor * left
        if operator == "-" and left == 1:
            measure, factor = self._measure(node.rhs, guards)
            if isinstance(measure, Share) and factor == 1:
                return replace(measure, is_rest=not measure.is_rest), 1.0
        if operator == "/" and left is None and right is None:
            return self._measure_ratio(node), 1.0
        raise Unknown(f"say what moves {_shorten(render(node))}")

    def _measure_ratio(self, node: ast.BinaryExpr) -> Measure:
        above, below = selectors(node.lhs), selectors(node.rhs)
        names = [metric_name(one) or "" for one in (*above, *below)]
        if len(above) == len(below) == 1 and names[0].endswith("_sum") and names[1].endswith("_count"):
            return self._make_latency(names[0], None)
        if not above or not below:
            raise Unknown(f"say what moves {_shorten(render(node))}")
        if all(map(is_good, above)):
            return Share(counted="errors", is_rest=True)
        counted = {find_counted(one) for one in above}
        found = counted.pop()
        if counted or found is None or found[0] not in {"errors", "refusals"}:
            raise Unknown(f"say what makes {_shorten(render(node.lhs))} a larger share of all")
        return Share(counted=found[0], error=found[1])

    def _measure_count(self, node: ast.Call) -> Measure:
        (matrix,) = (
            one for one in list_children(node) if isinstance(one, ast.MatrixSelector | ast.SubqueryExpr)
        )
        if isinstance(matrix, ast.SubqueryExpr):
            raise Unknown("say what makes it fire: it counts by a subquery")
        found = find_counted(matrix.vector_selector)
        if found is None:
            raise Unknown(f"say which traffic counts in {metric_name(matrix.vector_selector)}")
        window_s = max(durations(matrix))
        return Count(counted=found[0], error=found[1], window_s=window_s, per_s=node.func.name != "increase")

    def _measure_quantile(self, node: ast.Call) -> Measure:
        quantile = evaluate_constant(node.args[0])
        read = selectors(node.args[1])
        if quantile is None or len(read) != 1 or not 0 < quantile <= 1:
            raise Unknown("say what makes it fire: its quantile is not one of one histogram")
        return self._make_latency(metric_name(read[0]) or "", quantile)

    def _make_latency(self, name: str, quantile: float | None) -> Latency:
        if not _LATENCY.search(name) or _OF_A_PART.search(name):
            raise Unknown(f"say what makes {name} larger")
        bounds = () if self._metrics is None else self._metrics.list_bounds(name)
        return Latency(
            quantile=quantile,
            bounds=bounds,
            unit_s=0.001 if _MILLISECONDS.search(name) else 1.0,
        )


def _unwrap(node: ast.Expr) -> ast.Expr:
    while isinstance(node, ast.ParenExpr):
        node = node.expr
    return node


def _is_comparison(tree: ast.Expr) -> bool:
    """Say whether an expression compares, and is not several comparisons in one."""
    tree = _unwrap(tree)
    return isinstance(tree, ast.BinaryExpr) and str(tree.op).strip() in FLIPPED


def _is_nested(tree: ast.Expr) -> bool:
    """Say whether a window is read over a window."""
    return any(isinstance(node, ast.SubqueryExpr) for node in _walk(tree))


def _walk(tree: ast.Expr) -> list[ast.Expr]:
    found, left = [], [tree]
    while left:
        node = left.pop()
        found.append(node)
        left += list_children(node)
    return found


def _shorten(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
