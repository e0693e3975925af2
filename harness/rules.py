"""Rule files: what they say, and on which line.

Reads plain Prometheus rule files and the PrometheusRule resource of the Prometheus operator.
Format: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and the operator's API
reference, monitoring.coreos.com/v1. Durations are in seconds of rule time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from harness.errors import BadInput, BadRules
from harness.model import AlertRule, Labels
from harness.promql import parse
from harness.promql import parse_duration as parse_duration  # who reads rules reads durations

MAX_BYTES = 1024 * 1024
"""Of a rule file; the parser that keeps comments needs about ten seconds for as much."""
MAX_LABELS = 100

EVALUATION_INTERVAL_S = 15.0
"""How often a group without an interval of its own is evaluated, unless the caller says otherwise."""

GROUP_FIELDS = {"name", "interval", "query_offset", "limit", "labels", "rules"}
GROUP_DURATIONS = ("interval", "query_offset")
RULE_FIELDS = {"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"}
RULE_DURATIONS = ("for", "keep_firing_for")
ALERT_ONLY = ("for", "keep_firing_for", "annotations")
# Known to the operator's resource, which hands it on to Thanos; Prometheus itself refuses it.
RESOURCE_GROUP_FIELDS = {"partial_response_strategy"}

_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METRIC_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


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
    """A rule file: its name as messages give it, its text, and the groups that it states."""

    name: str
    text: str
    groups: tuple[RuleGroup, ...]

    @property
    def alerts(self) -> tuple[AlertRule, ...]:
        """The alerting rules of all groups, in the file's order."""
        return tuple(rule for group in self.groups for rule in group.rules if isinstance(rule, AlertRule))


def read_rules(path: Path, interval_s: float = EVALUATION_INTERVAL_S) -> RuleFile:
    """Read a rule file; `interval_s` is that of groups that state none. Raises BadRules."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadRules(f"{path}:1: the file cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadRules(f"{path}:1: the file is larger than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRules(f"{path}:{line}: the file is not UTF-8") from error
    return parse_rules(text, str(path), interval_s)


def parse_rules(text: str, name: str, interval_s: float = EVALUATION_INTERVAL_S) -> RuleFile:
    """Return the rules that a file's text states; `name` is what messages call the file. Raises BadRules."""
    document = load_document(text, name)
    reader = _Reader(
        name, interval_s, GROUP_FIELDS | (RESOURCE_GROUP_FIELDS if is_resource(document) else set())
    )
    groups = tuple(reader.read_groups(find_groups(document, name)))
    return RuleFile(name=name, text=text, groups=groups)


def open_yaml() -> YAML:
    """Return a YAML reader and writer that keeps comments, order, quotes and line breaks."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = MAX_BYTES
    return yaml


def load_document(text: str, name: str) -> CommentedMap:
    """Return a rule file's YAML, with comments and line numbers. Raises BadRules."""
    try:
        document = open_yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise BadRules(f"{name}:{line}: the file is not YAML: {error.problem or error.context}") from error
    except RecursionError as error:
        raise BadRules(f"{name}:1: the file is nested too deeply") from error
    except (YAMLError, ValueError) as error:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        why = getattr(error, "reason", None) or " ".join(str(error).split())[:200]
        raise BadRules(f"{name}:{line}: the file is not YAML: {why}") from error
    if document is None:
        raise BadRules(f"{name}:1: the file is empty")
    if not isinstance(document, CommentedMap):
        raise BadRules(f"{name}:1: the file is not a mapping with groups")
    return document


def is_resource(document: CommentedMap) -> bool:
    """Tell whether a document is a Kubernetes resource rather than a plain rule file."""
    return "kind" in document or "apiVersion" in document


def find_groups(document: CommentedMap, name: str) -> CommentedSeq:
    """Return the list of groups in a plain rule file or a PrometheusRule resource. Raises BadRules."""
    holder: Any = document
    if is_resource(document):
        if document.get("kind") != "PrometheusRule":
            line = _find_line(document, "kind")
            raise BadRules(f"{name}:{line}: the resource's kind is not PrometheusRule")
        holder = document.get("spec")
        if not isinstance(holder, CommentedMap):
            raise BadRules(f"{name}:{_find_line(document, 'spec')}: the resource has no spec with groups")
    for key in holder:
        if key != "groups":
            raise BadRules(f"{name}:{_find_line(holder, key)}: the field {_show(key)} is unknown")
    groups = holder.get("groups")
    if not isinstance(groups, CommentedSeq) or not groups:
        raise BadRules(f"{name}:{_find_line(holder, 'groups')}: the file has no list of groups")
    return groups


def _find_line(node: CommentedMap, key: object) -> int:
    try:
        return int(node.lc.key(key)[0]) + 1
    except (KeyError, TypeError):
        return int(node.lc.line or 0) + 1


def _show(value: object) -> str:
    return repr(str(value)[:40])


class _Reader:
    """Reads the groups of one file; every complaint says where."""

    def __init__(self, name: str, interval_s: float, group_fields: set[str]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._group_fields = group_fields
        self._seen: set[int] = set()
        self._group_names: set[str] = set()

    def read_groups(self, nodes: CommentedSeq) -> Iterator[RuleGroup]:
        """Yield the groups that a list states. Raises BadRules."""
        for group in self._claim_all(nodes, "group", self._group_fields):
            yield self._read_group(group)

    def _read_group(self, group: CommentedMap) -> RuleGroup:
        name = self._read_text(group, "name")
        if name in self._group_names:
            raise self._bad(group, "name", f"the group {_show(name)} is stated twice")
        self._group_names.add(name)
        interval_s = self._read_duration(group, "interval") or self._interval_s
        query_offset_s = self._read_duration(group, "query_offset")
        limit = group.get("limit", 0)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise self._bad(group, "limit", "limit is not a number from 0 up")
        labels = self._read_labels(group, "labels")
        rules = group.get("rules")
        if rules is not None and not isinstance(rules, CommentedSeq):
            raise self._bad(group, "rules", "rules is not a list")
        return RuleGroup(
            name=name,
            interval_s=interval_s,
            rules=tuple(self._read_rules(rules or CommentedSeq(), name, interval_s, labels)),
            source=self._source(group, "name"),
            query_offset_s=query_offset_s,
            limit=int(limit),
        )

    def _read_rules(
        self, nodes: CommentedSeq, group: str, interval_s: float, labels: Labels
    ) -> Iterator[AlertRule | RecordingRule]:
        seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
        for node in self._claim_all(nodes, "rule", RULE_FIELDS):
            rule = self._read_rule(node, group, interval_s, labels)
            if isinstance(rule, AlertRule):
                identity = (rule.name, frozenset(rule.labels.items()))
                if identity in seen:
                    what = f"the alert {_show(rule.name)} is stated twice with the same labels"
                    raise self._bad(node, "alert", what)
                seen.add(identity)
            yield rule

    def _read_rule(
        self, node: CommentedMap, group: str, interval_s: float, group_labels: Labels
    ) -> AlertRule | RecordingRule:
        if ("alert" in node) == ("record" in node):
            raise self._bad(node, "record", "a rule states either alert or record")
        expr = self._read_text(node, "expr")
        try:
            parse(expr)
        except BadInput as error:
            raise self._bad(node, "expr", str(error)) from error
        labels = {**group_labels, **self._read_labels(node, "labels")}
        if "alert" in node:
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
            if field in node:
                raise self._bad(node, field, f"a recording rule has no {field}")
        name = self._read_text(node, "record")
        if _METRIC_NAME.fullmatch(name) is None:
            raise self._bad(node, "record", f"{_show(name)} is not a metric's name")
        source = self._source(node, "record")
        return RecordingRule(
            name=name, expr=expr, labels=labels, group=group, interval_s=interval_s, source=source
        )

    def _claim_all(self, nodes: CommentedSeq, what: str, fields: set[str]) -> Iterator[CommentedMap]:
        """Yield the items of a list, which must be mappings of known fields, each met for the first time."""
        for index, node in enumerate(nodes):
            line = int(nodes.lc.item(index)[0]) + 1
            if not isinstance(node, CommentedMap):
                raise BadRules(f"{self._name}:{line}: a {what} is not a mapping")
            # Dilating edits nodes in place, and nested aliases would multiply without bound.
            if id(node) in self._seen:
                raise BadRules(f"{self._name}:{line}: a YAML alias repeats a {what}: write it out")
            self._seen.add(id(node))
            for key in node:
                if key not in fields:
                    raise self._bad(node, key, f"the field {_show(key)} is unknown in a {what}")
            yield node

    def _read_text(self, node: CommentedMap, key: str) -> str:
        value = node.get(key)
        if value is None or value == "":
            raise self._bad(node, key, f"{key} is missing")
        if not isinstance(value, str):
            raise self._bad(node, key, f"{key} is not a string")
        return str(value)

    def _read_duration(self, node: CommentedMap, key: str) -> float:
        if key not in node:
            return 0.0
        try:
            return parse_duration(str(node[key]))
        except ValueError as error:
            raise self._bad(node, key, f"{key}: {error}") from error

    def _read_labels(self, node: CommentedMap, key: str) -> dict[str, str]:
        labels = node.get(key)
        if labels is None:
            return {}
        if not isinstance(labels, CommentedMap) or len(labels) > MAX_LABELS:
            raise self._bad(node, key, f"{key} is not a mapping of at most {MAX_LABELS} strings")
        for name, value in labels.items():
            if not isinstance(name, str) or _LABEL_NAME.fullmatch(name) is None or name == "__name__":
                raise self._bad(labels, name, f"{_show(name)} is not a name for {key}")
            if not isinstance(value, str):
                raise self._bad(labels, name, f"{name} in {key} is not a string")
        return {str(name): str(value) for name, value in labels.items()}

    def _bad(self, node: CommentedMap, key: object, what: str) -> BadRules:
        return BadRules(f"{self._name}:{_find_line(node, key)}: {what}")

    def _source(self, node: CommentedMap, key: str) -> str:
        return f"{self._name}:{_find_line(node, key)}"
