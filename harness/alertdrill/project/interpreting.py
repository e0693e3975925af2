"""Interprets the expression of a rule: which of what it reads is another at a speed. Pure.

The gateway runs in wall time, while its traffic comes and its metrics are scraped `speed` times as often.
Prometheus's windows are divided by the speed, and what reads Prometheus's own clock is read as rule time
(rules/dilation), so only what the gateway measures can be another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import promql_parser as ast

from alertdrill.errors import BadInput
from alertdrill.project import meaning
from alertdrill.project.meaning import NOTHING, Doubt, Meaning
from alertdrill.project.metric_names import GAUGE, Nature, find_nature, find_type, is_of_time
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import list_children, metric_name, parse, render_selector

COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
SETS = {"and", "or", "unless"}
RATES = {"rate", "irate", "increase"}
CHANGES = {"delta", "idelta", "deriv", "predict_linear"}
COUNTS = {
    "absent",
    "absent_over_time",
    "changes",
    "count",
    "count_over_time",
    "group",
    "present_over_time",
    "resets",
}
PICKS = {"bottomk", "count_values", "limit_ratio", "topk"}
HISTOGRAMS = {
    *("histogram_avg", "histogram_count", "histogram_fraction", "histogram_quantile"),
    *("histogram_stddev", "histogram_stdvar", "histogram_sum"),
}
ALERTS = "ALERTS"

Asked = Literal["value", "rate", "change", "histogram"]
"""What a function asks of the series in it."""

_MAX_SHOWN = 60


class Interpreter:
    """Interprets expressions; `recorded` and `alerts` have the expressions of rules, by name.

    `types` are those of metrics, as targets tell them. `natures` are those of the metrics that were met,
    and `assumed` is what could only be assumed of them.
    """

    def __init__(
        self,
        recorded: Mapping[str, Sequence[str]],
        alerts: Mapping[str, Sequence[str]],
        types: Mapping[str, str],
    ) -> None:
        self._recorded = recorded
        self._alerts = alerts
        self._known: dict[tuple[str, Asked], Meaning] = {}
        self._types = types
        self.natures: dict[str, Nature] = {}
        self.assumed: dict[str, None] = {}

    def interpret(self, text: str) -> Meaning:
        """Return the meaning of an expression; raises BadInput."""
        try:
            return self._interpret(parse(text), "value")
        except RecursionError as error:
            raise BadInput("the rules that it reads are nested too deeply") from error

    def _interpret(self, node: ast.Expr, asked: Asked) -> Meaning:
        match node:
            case ast.VectorSelector():
                return self._interpret_selector(node, asked)
            case ast.BinaryExpr():
                return self._interpret_operator(node, asked)
            case ast.Call():
                return self._interpret_call(node, asked)
            case ast.AggregateExpr():
                operator = str(node.op).strip()
                inside = meaning.join(*(self._interpret(one, asked) for one in list_children(node)))
                return _choose(operator, inside)
            case _:
                return meaning.join(*(self._interpret(child, asked) for child in list_children(node)))

    def _interpret_operator(self, node: ast.BinaryExpr, asked: Asked) -> Meaning:
        left, right = self._interpret(node.lhs, asked), self._interpret(node.rhs, asked)
        operator = str(node.op).strip()
        if operator in SETS:
            return meaning.combine(operator, left, right)
        if operator not in COMPARISONS:
            return meaning.calculate(operator, left, right)
        is_bool = node.modifier is not None and bool(node.modifier.return_bool)
        with_zero = 0.0 in (evaluate_constant(node.lhs), evaluate_constant(node.rhs))
        if evaluate_constant(node.lhs) is not None:
            left, right = right, left
        return meaning.compare(left, right, is_bool=is_bool, with_zero=with_zero)

    def _interpret_call(self, node: ast.Call, asked: Asked) -> Meaning:
        function = node.func.name
        if function == "timestamp":
            # Instants of samples, which Prometheus gave them, and which are read as rule time.
            return meaning.count(meaning.join(*(self._interpret(one, "value") for one in node.args)))
        if function in HISTOGRAMS:
            asked = "histogram"
        elif asked != "histogram" and function in RATES | CHANGES:
            asked = "rate" if function in RATES else "change"
        inside = meaning.join(*(self._interpret(argument, asked) for argument in node.args))
        return _choose(function, inside)

    def _interpret_selector(self, node: ast.VectorSelector, asked: Asked) -> Meaning:
        name = metric_name(node)
        if name == ALERTS:
            return self._follow_alerts(node)
        if name is not None and name not in self._recorded:
            return self._interpret_metric(name, node, asked)
        names = [name] if name is not None else self._find_names(node)
        if name is None:
            self._assume(
                f"{_show(node)} selects metrics without naming them, and is taken for counts and states"
            )
        return meaning.join(*(self._follow_recorded(one, asked) for one in names))

    def _interpret_metric(self, name: str, node: ast.VectorSelector, asked: Asked) -> Meaning:
        kind = find_type(name, self._types)
        nature = find_nature(name, kind)
        if asked == "histogram":
            nature = "durations" if nature in {"state", "seconds", "age", "durations"} else nature
        elif asked == "rate" and nature == "state" and kind != GAUGE:
            nature = "seconds" if is_of_time(name) else "count"
            what = "a counter of seconds" if nature == "seconds" else "a count"
            self._assume(f"{name} is {what}, for its rate is asked for; its name does not end in _total")
        self.natures[name] = nature
        counters = frozenset({name}) if nature in {"count", "durations", "sum", "seconds"} else frozenset()
        doubt = self._doubt(name, nature, node, asked)
        value = frozenset({doubt}) if doubt is not None else frozenset()
        return Meaning(value=value, counters=counters, is_reading=nature == "reading")

    def _doubt(self, name: str, nature: Nature, node: ast.VectorSelector, asked: Asked) -> Doubt | None:
        """Return why the value of a metric is another at a speed, if it is."""
        shown = _show(node)
        match nature:
            case "seconds":
                why = f"{shown} grows with seconds of the wall clock, and no count divides it"
                return Doubt(kind="accrues", why=why, is_spent=True)
            case "uptime":
                return Doubt(kind="accrues", why=f"{shown} grows with seconds of the wall clock")
            case "reading":
                why = f"{shown} is a reading of the wall clock, which knows no rule time"
                return Doubt(kind="durations", why=why)
            case "age":
                self._assume(f"{name} is how long ago something was, or how long until, by its name")
                why = f"{shown} is a time that passes on the wall clock, and no rule time"
                return Doubt(kind="durations", why=why)
            case "under_way":
                self._assume(f"{name} is how much is under way at once, by its name")
                why = f"{shown} is how much is under way at once, and calls come more often but take as long"
                return Doubt(kind="durations", why=why)
            case "state" if asked == "change":
                why = f"{shown} is no count, so how fast it changes may follow the wall clock"
                return Doubt(kind="accrues", why=why, is_spent=True)
            case _:
                return None

    def _follow(self, key: str, exprs: Sequence[str], asked: Asked) -> Meaning:
        """Return the meaning of rules; one that reads itself adds nothing to it."""
        if (key, asked) not in self._known:
            self._known[key, asked] = NOTHING
            found = [self._interpret(parse(expr), asked) for expr in exprs]
            self._known[key, asked] = meaning.join(*found)
        return self._known[key, asked]

    def _follow_recorded(self, name: str, asked: Asked) -> Meaning:
        """Return the meaning of what rules record under a name."""
        found = self._follow(f"record {name}", self._recorded[name], asked)
        return replace(found, value=frozenset(_put_through(doubt, name) for doubt in found.value))

    def _follow_alerts(self, node: ast.VectorSelector) -> Meaning:
        """Return the meaning of `ALERTS`: it is there when the alerts that it names are."""
        named = [
            m.value for m in node.matchers.matchers if m.name == "alertname" and m.op == ast.MatchOp.Equal
        ]
        names = [name for name in named if name in self._alerts] or list(self._alerts)
        joined = meaning.join(*(self._follow(f"alert {one}", self._alerts[one], "value") for one in names))
        return meaning.count(joined)

    def _find_names(self, node: ast.VectorSelector) -> list[str]:
        """Return the recording rules that a selector means by a pattern of names."""
        patterns = [
            m.value for m in node.matchers.matchers if m.name == "__name__" and m.op == ast.MatchOp.Re
        ]
        try:
            return [
                name
                for name in self._recorded
                if patterns and all(re.fullmatch(one, name) for one in patterns)
            ]
        except re.error:
            return list(self._recorded)  # RE2 has some syntax that Python has not

    def _assume(self, what: str) -> None:
        self.assumed[what] = None


def _choose(operation: str, inside: Meaning) -> Meaning:
    """Return the meaning of a function or an aggregation of something."""
    if operation in COUNTS:
        return meaning.count(inside)
    if operation in PICKS:
        return meaning.pick(inside)
    if operation == "scalar":
        return meaning.settle(inside)
    return inside


def _put_through(doubt: Doubt, name: str) -> Doubt:
    """Return a doubt with the name that a rule records it under, which is the one that others read."""
    return doubt if doubt.recorded else replace(doubt, recorded=name)


def _show(node: ast.VectorSelector) -> str:
    shown = render_selector(node)
    return shown if len(shown) <= _MAX_SHOWN else f"{metric_name(node) or shown[:_MAX_SHOWN]}{{…}}"
