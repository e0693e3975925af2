"""The rules that somebody's own Prometheus evaluates, as rule files: read of its API, compared with files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput, BadRules
from alertdrill.project.project import Service
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RecordingRule, RuleFile, RuleGroup, parse_rules
from alertdrill.rules.leaving_out import leave_out
from alertdrill.rules.promql.expressions import format_duration, parse, render

ALERTING, RECORDING = "alerting", "recording"


def make_rule_files(
    groups: Iterable[Mapping[str, Any]], url: str, names: Collection[str]
) -> tuple[RuleFile, ...]:
    """Return the groups of `/api/v1/rules` as rule files: the alerts of these names, and records they read.

    Without names, all alerts. Raises BadRules for an expression of an alert that cannot be read.
    """
    by_file: dict[str, list[dict[str, Any]]] = {}
    for group in groups:
        rules = [*_write_rules(group["rules"], names)]
        if rules:
            written = {
                "name": group["name"],
                "interval": format_duration(round(float(group["interval"]), 3)),
                "rules": rules,
            }
            by_file.setdefault(str(group.get("file", "rules")), []).append(written)
    files = []
    for name, written_groups in by_file.items():
        where = f"{name} of {url}"
        file = parse_rules(json.dumps({"groups": written_groups}, indent=1) + "\n", where)
        files.append(replace(file, groups=tuple(_without_line(group, where) for group in file.groups)))
    return leave_out(files, ()) if names else tuple(files)


def list_names(groups: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the alerts of `/api/v1/rules`."""
    return sorted({rule["name"] for group in groups for rule in group["rules"] if rule["type"] == ALERTING})


def compare_rules(
    stated: Sequence[RuleFile], files: Sequence[RuleFile], names: Sequence[str], service: Service
) -> None:
    """Raise BadInput for an alert of the project's files that Prometheus does not have, or has otherwise.

    `names` are those of all that it has.
    """
    known: dict[str, list[AlertRule]] = {}
    for rule in (rule for file in files for rule in file.alerts):
        known.setdefault(rule.name, []).append(rule)
    for rule in (rule for file in stated for rule in file.alerts):
        if rule.name not in known:
            near = say_nearest(rule.name, names)
            raise BadInput(
                f"{rule.source}: the Prometheus at {service.url} evaluates no alert {rule.name}, so it "
                f"has not loaded the file{near}"
            )
        differences = [_find_difference(rule, other) for other in known[rule.name]]
        if all(differences):
            raise BadInput(
                f"{rule.source}: the Prometheus at {service.url} has {rule.name} with another "
                f"{differences[0]}: let it load the file anew"
            )


def _write_rules(rules: Iterable[Mapping[str, Any]], names: Collection[str]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        labels = dict(rule.get("labels") or {})
        if rule["type"] == RECORDING:
            # One that cannot be read is taken for a metric that is scraped: what it recorded is there.
            if _is_readable(rule["query"]):
                yield {"record": rule["name"], "expr": rule["query"], "labels": labels}
        elif rule["type"] == ALERTING and (not names or rule["name"] in names):
            yield {
                "alert": rule["name"],
                "expr": rule["query"],
                "for": format_duration(round(float(rule.get("duration", 0)), 3)),
                "keep_firing_for": format_duration(round(float(rule.get("keepFiringFor", 0)), 3)),
                "labels": labels,
                "annotations": dict(rule.get("annotations") or {}),
            }


def _is_readable(expr: str) -> bool:
    try:
        parse(expr)
    except (BadInput, BadRules):
        return False
    return True


def _without_line(group: RuleGroup, where: str) -> RuleGroup:
    """Return a group whose messages name the server: no line of what it answered is known to anybody."""
    rules: tuple[AlertRule | RecordingRule, ...] = tuple(replace(rule, source=where) for rule in group.rules)
    return replace(group, source=where, rules=rules)


def _find_difference(rule: AlertRule, other: AlertRule) -> str:
    """Return the field in which a rule that is evaluated is not as its file has it; empty if none is."""
    if render(parse(rule.expr)) != render(parse(other.expr)):
        return "expr"
    if rule.for_s != other.for_s:
        return "for"
    if rule.keep_firing_for_s != other.keep_firing_for_s:
        return "keep_firing_for"
    return "" if rule.labels == other.labels else "set of labels"
