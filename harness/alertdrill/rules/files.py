"""Rule files: what they say, and on which line.

Reads plain Prometheus rule files and the PrometheusRule resource of the Prometheus operator.
Format: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and the operator's API
reference, monitoring.coreos.com/v1. Durations are in seconds of rule time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.promql.expressions import parse
from alertdrill.rules.promql.expressions import (
    parse_duration as parse_duration,  # who reads rules reads durations
)
from alertdrill.rules.resources import find_holder, find_holders, find_line, repeats_any, write_plain
from alertdrill.rules.resources import is_resource as is_resource  # who reads rule files asks that too
from alertdrill.rules.template_syntax import check_template
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence, read_nodes
from alertdrill.runtime.reading import read_bytes

MAX_BYTES = 1024 * 1024
"""Of a rule file."""
MAX_LABELS = 100
MAX_RULES = 10_000
"""And groups, with what aliases repeat."""

EVALUATION_INTERVAL_S = 15.0
"""How often a group without an interval of its own is evaluated, unless the caller says otherwise."""

GROUP_FIELDS = {"name", "interval", "query_offset", "limit", "labels", "rules"}
GROUP_DURATIONS = ("interval", "query_offset")
RULE_FIELDS = {"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"}
RULE_DURATIONS = ("for", "keep_firing_for")
ALERT_ONLY = ("for", "keep_firing_for", "annotations")
# Known to the operator's resource, which hands it on to Thanos; Prometheus itself refuses it.
RESOURCE_GROUP_FIELDS = {"partial_response_strategy"}

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_SHOWN = 40
_RESERVED = "__name__"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """One recording rule as its file states it; `source` is `file:line`."""

    name: str
    expr: str
    labels: Labels
    group: str
    interval_s: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated together, in order, every `interval_s`; `source` is `file:line`.

    They see what was `query_offset_s` ago, and fail if they have more than `limit` results, unless it is 0.
    """

    name: str
    interval_s: float
    rules: tuple[AlertRule | RecordingRule, ...]
    source: str
    query_offset_s: float = 0.0
    limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A rule file: its name as messages give it, its text, and the groups that it states.

    One that `is_resource` is none that Prometheus itself reads.
    """

    name: str
    text: str
    groups: tuple[RuleGroup, ...]
    is_resource: bool = False

    @property
    def rules(self) -> tuple[AlertRule | RecordingRule, ...]:
        """All rules of all groups, in the file's order."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def alerts(self) -> tuple[AlertRule, ...]:
        """The alerting rules of all groups, in the file's order."""
        return tuple(rule for group in self.groups for rule in group.rules if isinstance(rule, AlertRule))


def read_rules(path: Path, interval_s: float = EVALUATION_INTERVAL_S) -> RuleFile:
    """Read a rule file; `interval_s` is that of groups that state none. Raises BadRules."""
    return parse_rules(read_text(path), str(path), interval_s)


def read_text(path: Path) -> str:
    """Return the text of a rule file as it is on disk. Raises BadRules."""
    try:
        content = read_bytes(path, MAX_BYTES)
    except IsADirectoryError as error:
        raise BadRules(f"{path}: is a folder: name the rule files in it, such as {path}/*.yml") from error
    except OSError as error:
        raise BadRules(f"{path}: the file cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadRules(f"{path}: the file is larger than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRules(f"{path}:{line}: the file is not UTF-8") from error


def parse_rules(text: str, name: str, interval_s: float = EVALUATION_INTERVAL_S) -> RuleFile:
    """Return the rules that a file's text states; `name` is what messages call the file. Raises BadRules.

    Of several resources, and of a file in which aliases repeat rules, the text of the rule file is written
    anew; its rules keep the lines that they have in the file.
    """
    holders = find_holders(text, name)
    groups: list[RuleGroup] = []
    for holder in holders:
        fields = GROUP_FIELDS | (RESOURCE_GROUP_FIELDS if holder.is_resource else set())
        for group in _Reader(name, interval_s, fields).read_groups(holder.groups):
            groups.append(_rename(group, [one.name for one in groups]))
    if len(holders) > 1 or holders[0].is_within or repeats_any(holders):
        names = [group.name for group in groups]
        text = write_plain(holders, names, RESOURCE_GROUP_FIELDS, name)
    return RuleFile(name=name, text=text, groups=tuple(groups), is_resource=holders[0].is_resource)


def _rename(group: RuleGroup, names: list[str]) -> RuleGroup:
    """Return a group by a name that no resource before has: each is a file of its own to Prometheus."""
    number, name = 2, group.name
    while name in names:
        name, number = f"{group.name} ({number})", number + 1
    if name == group.name:
        return group
    return replace(group, name=name, rules=tuple(replace(rule, group=name) for rule in group.rules))


def load_document(text: str, name: str) -> Mapping:
    """Return the YAML of a RuleFile's text as nodes. Raises BadRules."""
    document = read_nodes(text, name)
    if not isinstance(document, Mapping):
        raise BadRules(f"{name}:1: the file is not a mapping with groups")
    return document


def find_groups(document: Mapping, name: str) -> tuple[Mapping, Sequence]:
    """Return the list of groups in a RuleFile's text, and what it is in. Raises BadRules."""
    holder = find_holder(document, name)
    return holder.node, holder.groups


def _show(value: str) -> str:
    return repr(value[:_SHOWN])


def _is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.is_null)


class _Reader:
    """Reads the groups of one file; every complaint says where."""

    def __init__(self, name: str, interval_s: float, group_fields: set[str]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._group_fields = group_fields
        self._claimed = 0
        self._group_names: set[str] = set()

    def read_groups(self, nodes: Sequence) -> Iterator[RuleGroup]:
        """Yield the groups that a list states. Raises BadRules."""
        for group in self._claim_all(nodes, "group", self._group_fields):
            yield self._read_group(group)

    def _read_group(self, group: Mapping) -> RuleGroup:
        name = self._read_text(group, "name")
        if name in self._group_names:
            raise self._bad(group, "name", f"the group {_show(name)} is stated twice")
        self._group_names.add(name)
        interval_s = self._read_duration(group, "interval") or self._interval_s
        query_offset_s = self._read_duration(group, "query_offset")
        limit = self._read_limit(group)
        labels = self._read_labels(group, "labels")
        rules = group.values.get("rules")
        if not _is_empty(rules) and not isinstance(rules, Sequence):
            raise self._bad(group, "rules", "rules is not a list")
        listed = rules if isinstance(rules, Sequence) else None
        return RuleGroup(
            name=name,
            interval_s=interval_s,
            rules=tuple(self._read_rules(listed, name, interval_s, labels)) if listed else (),
            source=self._source(group, "name"),
            query_offset_s=query_offset_s,
            limit=limit,
        )

    def _read_limit(self, group: Mapping) -> int:
        limit = group.values.get("limit")
        if _is_empty(limit):
            return 0
        if not isinstance(limit, Scalar) or limit.style or _WHOLE_NUMBER.fullmatch(limit.text) is None:
            raise self._bad(group, "limit", "limit is not a number from 0 up")
        return int(limit.text)

    def _read_rules(
        self, nodes: Sequence, group: str, interval_s: float, labels: Labels
    ) -> Iterator[AlertRule | RecordingRule]:
        for node in self._claim_all(nodes, "rule", RULE_FIELDS):
            yield self._read_rule(node, group, interval_s, labels)

    def _read_rule(
        self, node: Mapping, group: str, interval_s: float, group_labels: Labels
    ) -> AlertRule | RecordingRule:
        if ("alert" in node.values) == ("record" in node.values):
            raise self._bad(node, "record", "a rule states either alert or record")
        expr = self._read_text(node, "expr")
        try:
            parse(expr)
        except BadInput as error:
            raise self._bad(node, "expr", str(error)) from error
        labels = {**group_labels, **self._read_labels(node, "labels")}
        if "alert" in node.values:
            self._check_templates(node, group)
            return AlertRule(
                name=self._read_text(node, "alert"),
                expr=expr,
                for_s=self._read_duration(node, "for"),
                keep_firing_for_s=self._read_duration(node, "keep_firing_for"),
                labels=labels,
                annotations=self._read_labels(node, "annotations"),
                group=group,
                interval_s=interval_s,
                source=self._source(node, "alert"),
            )
        for field in ALERT_ONLY:
            if field in node.values:
                raise self._bad(node, field, f"a recording rule has no {field}")
        name = self._read_text(node, "record")
        source = self._source(node, "record")
        return RecordingRule(
            name=name, expr=expr, labels=labels, group=group, interval_s=interval_s, source=source
        )

    def _check_templates(self, node: Mapping, group: str) -> None:
        """Raise BadRules for a template of an alert that Prometheus would not load."""
        for key, what in (("labels", "label"), ("annotations", "annotation")):
            stated = node.values.get(key)
            if not isinstance(stated, Mapping):
                continue
            for name, text in stated.values.items():
                try:
                    check_template(text.text if isinstance(text, Scalar) else "")
                except BadInput as error:
                    whose = f"group {_show(group)}: {what} {name} of {self._read_text(node, 'alert')}"
                    raise self._bad(stated, name, f"{whose}: {error}") from error

    def _claim_all(self, nodes: Sequence, what: str, fields: set[str]) -> Iterator[Mapping]:
        """Yield the items of a list, which must be mappings of known fields."""
        for node in nodes.items:
            if not isinstance(node, Mapping):
                raise BadRules(f"{self._name}:{node.line}: a {what} is not a mapping")
            # Nested aliases would multiply without bound.
            self._claimed += 1
            if self._claimed > MAX_RULES:
                raise BadRules(f"{self._name}:{node.line}: the file has more than {MAX_RULES} rules")
            for key in node.values:
                if key not in fields:
                    near = say_nearest(key, sorted(fields))
                    raise self._bad(node, key, f"the field {_show(key)} is unknown in a {what}{near}")
            yield node

    def _read_text(self, node: Mapping, key: str) -> str:
        value = node.values.get(key)
        if value is None or (isinstance(value, Scalar) and (value.is_null or not value.text)):
            raise self._bad(node, key, f"{key} is missing")
        if not isinstance(value, Scalar):
            raise self._bad(node, key, f"{key} is not a string")
        return value.text

    def _read_duration(self, node: Mapping, key: str) -> float:
        value = node.values.get(key)
        if value is None or _is_empty(value):
            return 0.0
        try:
            return parse_duration(value.text if isinstance(value, Scalar) else "")
        except ValueError as error:
            raise self._bad(node, key, f"{key}: {error}") from error

    def _read_labels(self, node: Mapping, key: str) -> dict[str, str]:
        labels = node.values.get(key)
        if labels is None or _is_empty(labels):
            return {}
        if not isinstance(labels, Mapping) or len(labels.values) > MAX_LABELS:
            raise self._bad(node, key, f"{key} is not a mapping of at most {MAX_LABELS} strings")
        read = {}
        for name, value in labels.values.items():
            # Since Prometheus 3 a name is any text; it refuses others when it loads the file.
            if not name or name == _RESERVED:
                raise self._bad(labels, name, f"{_show(name)} is not a name for {key}")
            if not isinstance(value, Scalar):
                raise self._bad(labels, name, f"{name} in {key} is not a string")
            read[name] = "" if value.is_null else value.text
        return read

    def _bad(self, node: Mapping, key: str, what: str) -> BadRules:
        return BadRules(f"{self._name}:{find_line(node, key)}: {what}")

    def _source(self, node: Mapping, key: str) -> str:
        return f"{self._name}:{find_line(node, key)}"
