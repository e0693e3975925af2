"""Dilation: rule files rewritten for a world in which everything runs `speed` times faster.

What becomes of their expressions and durations is said in `dilator`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString, ScalarString
from ruamel.yaml.tokens import CommentToken

from harness.dilator import DEFAULT_STEP_S, Dilator, divide, read_speed
from harness.errors import BadInput
from harness.model import AlertRule
from harness.promql import metric_name, parse, selectors
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
)
from harness.templates import rewrite_queries

_COMMENT_INDENT = re.compile(r"^[ \t]+(?=#)", re.MULTILINE)


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
    divided = divide(Fraction(repr(seconds)), read_speed(speed))
    if divided is None:
        raise BadInput(f"{seconds:g} s divided by the speed {speed:g} is not a whole number of milliseconds")
    return divided


def dilate_expr(
    text: str, speed: float, origin_s: float | None = None, *, default_step_s: float = DEFAULT_STEP_S
) -> str:
    """Return a dilated expression; rule time is (wall - `origin_s`) * `speed`, as in `clock.Clock`.

    Without an origin what reads the clock is refused, but at speed 1, where rule time is then wall time.
    `default_step_s` is the step of subqueries that state none. Raises BadInput, with every reason, for what
    is not PromQL and for what cannot be dilated exactly.
    """
    dilator = Dilator(speed, origin_s, default_step_s)
    dilated = dilator.dilate_expr(text)
    if dilator.reasons:
        raise BadInput("; ".join(dilator.reasons))
    return dilated


def dilate_rules(
    file: RuleFile,
    speed: float,
    origin_s: float | None = None,
    *,
    default_step_s: float = DEFAULT_STEP_S,
) -> tuple[str, tuple[Refusal, ...]]:
    """Return a rule file as it must be at a speed, without the rules that are refused, and the refusals.

    `origin_s` and `default_step_s` are those of `dilate_expr`; at speed 1 an origin moves rules in time. A
    PrometheusRule resource comes back as a plain rule file, which is what Prometheus loads. Comments, order
    and quotes are kept; the line breaks within an expression are not. A rule that reads what a refused rule
    would have recorded is refused too. Raises BadInput when the speed is out of bounds or the origin is not
    whole milliseconds.
    """
    document = load_document(file.text, file.name)
    groups = find_groups(document, file.name)
    edits = _Edits(lambda: Dilator(speed, origin_s, default_step_s))
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


class _Edits:
    """The changes to a rule file's nodes, all found before the first is made: aliases share nodes."""

    def __init__(self, make_dilator: Callable[[], Dilator]) -> None:
        self._make_dilator = make_dilator
        self._edits: list[tuple[CommentedMap, str, str]] = []

    def add_group(self, node: CommentedMap) -> list[str]:
        """Note what changes in a group beside its rules; return why it cannot be dilated."""
        dilator = self._make_dilator()
        self._add_durations(dilator, node, GROUP_DURATIONS)
        self._add_templates(dilator, node.get("labels"))
        return dilator.reasons

    def add_rule(self, node: CommentedMap) -> list[str]:
        """Note what changes in a rule; return why it cannot be dilated."""
        dilator = self._make_dilator()
        self._edits.append((node, "expr", dilator.dilate_expr(str(node["expr"]))))
        self._add_durations(dilator, node, RULE_DURATIONS)
        self._add_templates(dilator, node.get("labels"))
        self._add_templates(dilator, node.get("annotations"))
        return dilator.reasons

    def _add_durations(self, dilator: Dilator, node: CommentedMap, keys: Iterable[str]) -> None:
        for key in keys:
            if key in node:
                self._edits.append((node, key, dilator.dilate_duration(key, str(node[key]))))

    def _add_templates(self, dilator: Dilator, node: CommentedMap | None) -> None:
        for key, text in (node or {}).items():
            dilated = _dilate_template(dilator, str(text))
            if node is not None and dilated != text:
                self._edits.append((node, key, dilated))

    def apply(self) -> None:
        """Make the changes."""
        for node, key, text in self._edits:
            node[key] = _restate(node[key], text)


def _dilate_template(dilator: Dilator, text: str) -> str:
    """Return an annotation or a label, with the expressions that it queries dilated."""
    try:
        return rewrite_queries(text, dilator.dilate_expr)
    except BadInput as error:
        dilator.refuse(str(error))
        return text


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
