"""Dilation: rule files rewritten for a world in which everything runs `speed` times faster.

What becomes of their expressions and durations is said in `dilator`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.dilation.expressions import DEFAULT_STEP_S, Dilator, divide, read_speed
from alertdrill.rules.files import (
    GROUP_DURATIONS,
    RESOURCE_GROUP_FIELDS,
    RULE_DURATIONS,
    RecordingRule,
    RuleFile,
    find_groups,
    is_resource,
    load_document,
)
from alertdrill.rules.promql.expressions import parse, selectors
from alertdrill.rules.promql.matchers import may_read_any
from alertdrill.rules.templates import rewrite_queries
from alertdrill.rules.yaml.edits import Edits
from alertdrill.rules.yaml.nodes import Mapping, Scalar, Sequence, read_nodes


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
    holder, groups = find_groups(document, file.name)
    edits = Edits(file.text)
    refusals: list[Refusal] = []
    left_out: set[_Position] = set()
    left_out_groups = []
    for at, (node, group) in enumerate(zip(_list_mappings(groups), file.groups, strict=True)):
        restating = _Restating(edits, Dilator(speed, origin_s, default_step_s))
        whys = restating.restate_group(node)
        refusals += [Refusal(source=group.source, rule=f"group {group.name}", why=why) for why in whys]
        if whys:
            left_out_groups.append(at)
        for index, (rule_node, rule) in enumerate(zip(_list_rules(node), group.rules, strict=True)):
            restating = _Restating(edits, Dilator(speed, origin_s, default_step_s))
            reasons = restating.restate_rule(rule_node)
            refusals += [Refusal(source=rule.source, rule=rule.name, why=why) for why in reasons]
            if whys or reasons:
                left_out.add((at, index))
    refusals += _refuse_readers(file, left_out)
    _delete(edits, groups, left_out, left_out_groups)
    text = _write_file(file, document, holder, groups, edits)
    if refusals or is_resource(document):
        _check_aliases(text, file.name)
    return text, tuple(refusals)


_Position = tuple[int, int]
"""A rule's group and its place there."""


def _refuse_readers(file: RuleFile, left_out: set[_Position]) -> Iterator[Refusal]:
    """Refuse what reads the result of a rule that is left out, and what reads that; adds to `left_out`."""
    rules = {
        (at, index): rule for at, group in enumerate(file.groups) for index, rule in enumerate(group.rules)
    }
    gone = [rules[position].name for position in sorted(left_out) if _is_recording(rules[position])]
    if not gone:
        return
    read = {position: selectors(parse(rule.expr)) for position, rule in rules.items()}
    for name in gone:
        for position, rule in rules.items():
            is_read = any(may_read_any(selector, [name]) for selector in read[position])
            if is_read and position not in left_out:
                left_out.add(position)
                yield Refusal(source=rule.source, rule=rule.name, why=f"it reads {name}, which is refused")
                if _is_recording(rule):
                    gone.append(rule.name)


def _is_recording(rule: AlertRule | RecordingRule) -> bool:
    return isinstance(rule, RecordingRule)


def _list_mappings(nodes: Sequence) -> list[Mapping]:
    return [node for node in nodes.items if isinstance(node, Mapping)]


def _list_rules(group: Mapping) -> list[Mapping]:
    rules = group.values.get("rules")
    return _list_mappings(rules) if isinstance(rules, Sequence) else []


def _delete(edits: Edits, groups: Sequence, left_out: set[_Position], left_out_groups: list[int]) -> None:
    for at, node in enumerate(_list_mappings(groups)):
        rules = node.values.get("rules")
        if isinstance(rules, Sequence):
            edits.delete_items(rules, sorted(index for group, index in left_out if group == at))
    edits.delete_items(groups, left_out_groups)


def _write_file(file: RuleFile, document: Mapping, holder: Mapping, groups: Sequence, edits: Edits) -> str:
    """Return a file with its edits; of a resource only the groups, without what is not for Prometheus."""
    if not is_resource(document):
        return edits.apply(0, len(file.text))
    for group in _list_mappings(groups):
        for at, (key, _) in enumerate(group.pairs):
            if key.text in RESOURCE_GROUP_FIELDS:
                edits.delete_pair(group, at)
    start = holder.keys["groups"].start
    column = start - file.text.rfind("\n", 0, start) - 1
    text = edits.apply(start, groups.end).rstrip("\n") + "\n"
    return re.sub(rf"^ {{1,{column}}}", "", text, flags=re.MULTILINE) if column else text


def _check_aliases(text: str, name: str) -> None:
    """Refuse a file of which a part was left out that another part refers to."""
    try:
        read_nodes(text, name)
    except BadRules as error:
        raise BadRules(f"{name}:1: a YAML alias refers to what is left out: write it out") from error


def _dilate_template(dilator: Dilator, text: str) -> str:
    """Return an annotation or a label, with the expressions that it queries dilated."""
    try:
        return rewrite_queries(text, dilator.dilate_expr)
    except BadInput as error:
        dilator.refuse(str(error))
        return text


class _Restating:
    """Restates the scalars of a group or of a rule, and collects the reasons why that cannot be done."""

    def __init__(self, edits: Edits, dilator: Dilator) -> None:
        self._edits = edits
        self._dilator = dilator

    def restate_group(self, node: Mapping) -> list[str]:
        """Restate what changes in a group beside its rules; return why it cannot be dilated."""
        return self._restate(node, GROUP_DURATIONS, ("labels",))

    def restate_rule(self, node: Mapping) -> list[str]:
        """Restate what changes in a rule; return why it cannot be dilated."""
        return self._restate(node, RULE_DURATIONS, ("labels", "annotations"))

    def _restate(self, node: Mapping, durations: Iterable[str], templates: Iterable[str]) -> list[str]:
        for key, value in node.values.items():
            if isinstance(value, Mapping) and key in templates:
                for text in value.values.values():
                    if isinstance(text, Scalar):
                        self._put(text, _dilate_template(self._dilator, text.text), value)
            elif isinstance(value, Scalar):
                self._put(value, self._dilate_field(key, value, durations), node)
        return self._dilator.reasons

    def _dilate_field(self, key: str, value: Scalar, durations: Iterable[str]) -> str:
        if key == "expr":
            return self._dilator.dilate_expr(value.text)
        if key in durations and not value.is_null:
            return self._dilator.dilate_duration(key, value.text)
        return value.text

    def _put(self, scalar: Scalar, text: str, holder: Mapping) -> None:
        # What is not edited is stated too, for an alias must not follow an anchor that is.
        self._edits.restate(scalar, text, in_flow=holder.is_flow)
