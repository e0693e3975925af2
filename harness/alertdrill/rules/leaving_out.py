"""Takes rules out of a rule file; those that stay keep their text, and the lines that they are known by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from alertdrill.core.rule import AlertRule
from alertdrill.rules.files import RecordingRule, RuleFile, find_groups, load_document
from alertdrill.rules.promql.expressions import metric_name, parse, selectors
from alertdrill.rules.yaml.edits import Edits
from alertdrill.rules.yaml.nodes import Mapping, Sequence

ANY = ".*"
"""Stands for what an expression reads by a pattern of names."""


def leave_out(files: Collection[RuleFile], alerts: Collection[str]) -> tuple[RuleFile, ...]:
    """Return rule files without the alerts of these names, and without records that no other alert reads.

    A file of which nothing stays is left out, too.
    """
    read = _find_read(files, alerts)
    left = (_leave_out_of(file, {*alerts}, read) for file in files)
    return tuple(file for file in left if file.groups)


def _find_read(files: Collection[RuleFile], alerts: Collection[str]) -> set[str]:
    """Return what other alerts than these read, at once or by way of records."""
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    found: set[str] = set()
    further = {rule.expr for rule in rules if isinstance(rule, AlertRule) and rule.name not in alerts}
    while further:
        names = {metric_name(selector) or ANY for expr in further for selector in selectors(parse(expr))}
        names -= found
        found |= names
        further = {
            rule.expr
            for rule in rules
            if isinstance(rule, RecordingRule) and (rule.name in names or ANY in names)
        }
    return found


def _leave_out_of(file: RuleFile, alerts: set[str], read: set[str]) -> RuleFile:
    def stays(rule: AlertRule | RecordingRule) -> bool:
        if isinstance(rule, RecordingRule):
            return rule.name in read or ANY in read
        return rule.name not in alerts

    if all(stays(rule) for group in file.groups for rule in group.rules):
        return file
    edits = Edits(file.text)
    document = load_document(file.text, file.name)
    nodes = find_groups(document, file.name)[1]
    mappings = [node for node in nodes.items if isinstance(node, Mapping)]
    empty = []
    for at, (node, group) in enumerate(zip(mappings, file.groups, strict=True)):
        gone = [index for index, rule in enumerate(group.rules) if not stays(rule)]
        rules = node.values.get("rules")
        if gone and len(gone) == len(group.rules):
            empty.append(at)
        elif isinstance(rules, Sequence):
            edits.delete_items(rules, gone)
    edits.delete_items(nodes, empty)
    kept = (
        replace(group, rules=tuple(rule for rule in group.rules if stays(rule)))
        for at, group in enumerate(file.groups)
        if at not in empty
    )
    return replace(file, text=edits.apply(0, len(file.text)), groups=tuple(kept))
