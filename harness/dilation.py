"""Dilation: rules rewritten for a world in which everything runs `speed` times faster.

When a sample (t, x) becomes (t / speed, x), the dilated expression has at t / speed the value that the
original has at t, but for the rounding of one floating-point division. So every duration is divided by the
speed, and so is what is per second; what counts or compares is left alone; and whatever is not known to
obey that is refused. A range is divided in whole milliseconds, because Prometheus knows nothing shorter.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import promql_parser as ast
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString, ScalarString
from ruamel.yaml.tokens import CommentToken

from harness.errors import BadInput
from harness.model import AlertRule
from harness.promql import (
    DurationKind,
    Printer,
    format_duration,
    format_number,
    metric_name,
    parse,
    quote,
    selectors,
    walk,
)
from harness.rules import (
    GROUP_DURATIONS,
    RESOURCE_GROUP_FIELDS,
    RULE_DURATIONS,
    RecordingRule,
    RuleFile,
    find_groups,
    is_resource,
    load_document,
    open_yaml,
    parse_duration,
)

MIN_SPEED = 0.001
MAX_SPEED = 1_000_000

PER_SECOND = {"rate", "irate", "deriv"}
"""Their values are `speed` times as large."""

# One name a line would fill a page.
# fmt: off
CALENDAR = {
    "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
}
"""They read the clock when they are given no argument."""

CLOCKS = {
    "end", "range", "start", "step", "time", "timestamp", "ts_of_first_over_time", "ts_of_last_over_time",
    "ts_of_max_over_time", "ts_of_min_over_time",
}

LEFT_ALONE = {
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time",
    "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "deg", "delta",
    "double_exponential_smoothing", "exp", "floor", "histogram_avg", "histogram_count",
    "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar", "histogram_sum",
    "holt_winters", "idelta", "increase", "label_join", "label_replace", "last_over_time", "ln", "log10",
    "log2", "mad_over_time", "max_over_time", "min_over_time", "pi", "present_over_time",
    "quantile_over_time", "rad", "resets", "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_by_label",
    "sort_by_label_desc", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time",
    "tan", "tanh", "vector",
}
"""They count, compare or calculate, and do not see how far apart samples are."""

AGGREGATIONS = {
    "avg", "bottomk", "count", "count_values", "group", "limit_ratio", "max", "min", "quantile",
    "stddev", "stdvar", "sum", "topk",
}
# fmt: on

STATE_METRIC = "ALERTS_FOR_STATE"
TEMPLATE_CLOCKS = {"now"}

_STRINGS = r"""\"(?:\\.|[^"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*'"""
_COMMENT_ACTION = re.compile(r"\{\{(?:-\s)?\s*/\*.*?\*/\s*(?:\s-)?\}\}", re.DOTALL)
_ACTION = re.compile(rf"""\{{\{{((?:{_STRINGS}|[^"`'}}]|\}}(?!\}}))*)\}}\}}""", re.DOTALL)
_COMMENT_INDENT = re.compile(r"^[ \t]+(?=#)", re.MULTILINE)
_TEMPLATE_TOKEN = re.compile(rf"""{_STRINGS}|[$.]?[A-Za-z_][A-Za-z0-9_.]*|\s+|.""", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a rule, or a group, cannot be dilated; `source` is `file:line`."""

    source: str
    rule: str
    why: str

    def __str__(self) -> str:
        return f"{self.source}: {self.rule}: {self.why}"


def dilate_duration(seconds: float, speed: float) -> str:
    """Return seconds of rule time as a duration of wall time, in Prometheus's notation.

    Raises BadInput when it is not a whole number of milliseconds, or the speed is out of bounds.
    """
    divided = _divide(Fraction(repr(seconds)), _read_speed(speed))
    if divided is None:
        raise BadInput(f"{seconds:g} s divided by the speed {speed:g} is not a whole number of milliseconds")
    return divided


def dilate_expr(text: str, speed: float) -> str:
    """Return a dilated expression.

    Raises BadInput, with every reason, for what is not PromQL and for what cannot be dilated exactly.
    """
    dilator = _Dilator(speed)
    dilated = dilator.dilate_expr(text)
    if dilator.reasons:
        raise BadInput("; ".join(dilator.reasons))
    return dilated


def dilate_rules(file: RuleFile, speed: float) -> tuple[str, tuple[Refusal, ...]]:
    """Return a rule file as it must be at a speed, without the rules that are refused, and the refusals.

    A PrometheusRule resource comes back as a plain rule file, which is what Prometheus loads. Comments,
    order and quotes are kept; the line breaks within an expression are not. A rule that reads what a
    refused rule would have recorded is refused too. Raises BadInput when the speed is out of bounds.
    """
    document = load_document(file.text, file.name)
    groups = find_groups(document, file.name)
    edits = _Edits(speed)
    refusals: list[Refusal] = []
    left_out: set[_Position] = set()
    left_out_groups = []
    for at, (node, group) in enumerate(zip(groups, file.groups, strict=True)):
        whys = edits.add_group(node)
        refusals += [Refusal(source=group.source, rule=f"group {group.name}", why=why) for why in whys]
        if whys:
            left_out_groups.append(at)
        for index, rule in enumerate(group.rules):
            reasons = edits.add_rule(node["rules"][index])
            refusals += [Refusal(source=rule.source, rule=rule.name, why=why) for why in reasons]
            if whys or reasons:
                left_out.add((at, index))
    refusals += _refuse_readers(file, left_out)
    edits.apply()
    for at, index in sorted(left_out, reverse=True):
        del groups[at]["rules"][index]
    for at in reversed(left_out_groups):
        del groups[at]
    return _write_file(document, groups), tuple(refusals)


_Position = tuple[int, int]
"""A rule's group and its place there."""


def _refuse_readers(file: RuleFile, left_out: set[_Position]) -> Iterator[Refusal]:
    """Refuse what reads the result of a rule that is left out, and what reads that; adds to `left_out`."""
    rules = {
        (at, index): rule for at, group in enumerate(file.groups) for index, rule in enumerate(group.rules)
    }
    read = {
        position: {metric_name(selector) for selector in selectors(parse(rule.expr))}
        for position, rule in rules.items()
    }
    gone = [rules[position].name for position in sorted(left_out) if _is_recording(rules[position])]
    for name in gone:
        for position, rule in rules.items():
            if name in read[position] and position not in left_out:
                left_out.add(position)
                yield Refusal(source=rule.source, rule=rule.name, why=f"it reads {name}, which is refused")
                if _is_recording(rule):
                    gone.append(rule.name)


def _is_recording(rule: AlertRule | RecordingRule) -> bool:
    return isinstance(rule, RecordingRule)


def _write_file(document: CommentedMap, groups: CommentedSeq) -> str:
    if is_resource(document):
        for group in groups:
            for key in RESOURCE_GROUP_FIELDS & set(group):
                del group[key]
        document = CommentedMap(groups=groups)
    _outdent_comments(document)
    stream = io.StringIO()
    open_yaml().dump(document, stream)
    return stream.getvalue()


def _read_speed(speed: float) -> Fraction:
    """Return a speed as its decimal digits say it, free of binary rounding."""
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise BadInput(f"the speed {speed} is not a number from {MIN_SPEED} to {MAX_SPEED}")
    return Fraction(repr(speed))


def _divide(seconds: Fraction, speed: Fraction) -> str | None:
    """Return a duration divided by the speed, or None when that is not whole milliseconds."""
    milliseconds = seconds * 1000 / speed
    return format_duration(int(milliseconds) / 1000) if milliseconds.denominator == 1 else None


class _Dilator(Printer):
    """Writes expressions and templates dilated, and collects the reasons why that cannot be done."""

    def __init__(self, speed: float) -> None:
        self._speed = _read_speed(speed)
        self._divisor = format_number(float(speed))
        self.reasons: list[str] = []

    def _refuse(self, why: str) -> None:
        if why not in self.reasons:
            self.reasons.append(why)

    def dilate_expr(self, text: str) -> str:
        """Return an expression, dilated."""
        try:
            expr = parse(text)
        except BadInput as error:
            self._refuse(str(error))
            return text
        for node in walk(expr):
            if isinstance(node, ast.AggregateExpr) and str(node.op).strip() not in AGGREGATIONS:
                self._refuse(f"it is not known what the speed does to {str(node.op).strip()}")
            if isinstance(node, ast.VectorSelector) and metric_name(node) == STATE_METRIC:
                self._refuse(f"the values of {STATE_METRIC} are readings of the wall clock")
        return self.write(expr)

    def dilate_duration(self, what: str, text: str) -> str:
        """Return a duration such as `5m`, divided; `what` names it in a refusal."""
        return self._divide(what, Fraction(repr(parse_duration(text))), text)

    def _divide(self, what: str, seconds: Fraction, text: str) -> str:
        divided = _divide(seconds, self._speed)
        if divided is None:
            self._refuse(
                f"{what} {text} divided by the speed {self._divisor} is not a whole number of milliseconds"
            )
        return divided or text

    def dilate_template(self, text: str) -> str:
        """Return an annotation or a label, with the expressions that it queries dilated."""
        written = []
        end = 0
        while (start := text.find("{{", end)) >= 0:
            written.append(text[end:start])
            match = _COMMENT_ACTION.match(text, start) or _ACTION.match(text, start)
            if match is None:
                self._refuse("a template has an action that cannot be read")
                return text
            written.append(self._dilate_action(match.group()))
            end = match.end()
        return "".join((*written, text[end:]))

    def _dilate_action(self, action: str) -> str:
        if _COMMENT_ACTION.fullmatch(action):
            return action
        written = []
        is_queried = False
        for token in _TEMPLATE_TOKEN.findall(action):
            if is_queried and not token.isspace():
                is_queried = False
                if token.startswith(('"', "`")):
                    written.append(self._dilate_literal(token))
                    continue
                self._refuse("a template queries an expression that it computes")
            if token in TEMPLATE_CLOCKS:
                self._refuse(f"a template calls {token}, which reads the wall clock")
            is_queried = is_queried or token == "query"  # noqa: S105 - a word of the template language
            written.append(token)
        return "".join(written)

    def _dilate_literal(self, literal: str) -> str:
        try:
            # Go templates and PromQL write string literals alike.
            expr = parse(literal)
        except BadInput:
            expr = None
        if not isinstance(expr, ast.StringLiteral):
            self._refuse("a template queries a string that cannot be read")
            return literal
        return quote(self.dilate_expr(expr.val))

    def write_duration(self, kind: DurationKind, milliseconds: int) -> str:
        """Return a duration divided by the speed."""
        text = super().write_duration(kind, abs(milliseconds))
        divided = self._divide(f"the {kind}", Fraction(abs(milliseconds), 1000), text)
        return f"-{divided}" if milliseconds < 0 else divided

    def write_at(self, milliseconds: int) -> str:
        """Refuse an absolute time."""
        text = super().write_at(milliseconds)
        self._refuse(f"the absolute time @ {text} has no counterpart when time runs at another speed")
        return text

    def write_call(self, function: str, arguments: Sequence[str]) -> str:
        """Return a call whose value is what it was."""
        text = super().write_call(function, arguments)
        if function in PER_SECOND:
            return f"({text} / {self._divisor})"
        if function == "predict_linear":
            vector, seconds = arguments
            return super().write_call(function, [vector, f"({seconds}) / {self._divisor}"])
        if function in CLOCKS or (function in CALENDAR and not arguments):
            self._refuse(f"{function}() reads the clock, which does not run at the rules' speed")
        elif function not in LEFT_ALONE and function not in CALENDAR:
            self._refuse(f"it is not known what the speed does to {function}()")
        return text


class _Edits:
    """The changes to a rule file's nodes, all found before the first is made: aliases share nodes."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._edits: list[tuple[CommentedMap, str, str]] = []

    def add_group(self, node: CommentedMap) -> list[str]:
        """Note what changes in a group beside its rules; return why it cannot be dilated."""
        dilator = _Dilator(self._speed)
        self._add_durations(dilator, node, GROUP_DURATIONS)
        self._add_templates(dilator, node.get("labels"))
        return dilator.reasons

    def add_rule(self, node: CommentedMap) -> list[str]:
        """Note what changes in a rule; return why it cannot be dilated."""
        dilator = _Dilator(self._speed)
        self._edits.append((node, "expr", dilator.dilate_expr(str(node["expr"]))))
        self._add_durations(dilator, node, RULE_DURATIONS)
        self._add_templates(dilator, node.get("labels"))
        self._add_templates(dilator, node.get("annotations"))
        return dilator.reasons

    def _add_durations(self, dilator: _Dilator, node: CommentedMap, keys: Iterable[str]) -> None:
        for key in keys:
            if key in node:
                self._edits.append((node, key, dilator.dilate_duration(key, str(node[key]))))

    def _add_templates(self, dilator: _Dilator, node: CommentedMap | None) -> None:
        for key, text in (node or {}).items():
            dilated = dilator.dilate_template(str(text))
            if node is not None and dilated != text:
                self._edits.append((node, key, dilated))

    def apply(self) -> None:
        """Make the changes."""
        for node, key, text in self._edits:
            node[key] = _restate(node[key], text)


def _restate(old: str, text: str) -> str:
    """Return a text in the YAML style of the one that it replaces."""
    if isinstance(old, LiteralScalarString | FoldedScalarString):
        literal: str = LiteralScalarString(text.rstrip("\n") + ("\n" if old.endswith("\n") else ""))
        return literal
    return type(old)(text) if isinstance(old, ScalarString) else text


def _outdent_comments(node: object) -> None:
    """Move the comments after block scalars to the margin.

    A file is written with the indentation of YAML's writer, not its own, but comments keep their columns:
    after a block scalar, one that stands too far right would be read as its next line.
    """
    if isinstance(node, CommentedSeq):
        for item in node:
            _outdent_comments(item)
    if not isinstance(node, CommentedMap):
        return
    for key, value in node.items():
        comments = node.ca.items.get(key)
        if isinstance(value, LiteralScalarString | FoldedScalarString) and comments and comments[2]:
            text = _COMMENT_INDENT.sub("", comments[2].value)
            comments[2] = CommentToken(text, CommentMark(0), None)
        _outdent_comments(value)
