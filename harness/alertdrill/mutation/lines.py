"""On which line of its file a field of a rule stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.rules.files import RuleFile, find_groups, load_document
from alertdrill.rules.yaml.nodes import Mapping, Sequence


def find_lines(file: RuleFile) -> dict[str, str]:
    """Return where fields of rules are, as file:line, by the rule's source and the field's name."""
    lines = {}
    for rule in _list_rules(file):
        named = next((key for key in ("alert", "record") if key in rule.keys), None)
        if named is not None:
            source = f"{file.name}:{rule.keys[named].line}"
            for key, node in rule.keys.items():
                lines[f"{source} {key}"] = f"{file.name}:{node.line}"
    return lines


def _list_rules(file: RuleFile) -> Iterator[Mapping]:
    _, groups = find_groups(load_document(file.text, file.name), file.name)
    for group in groups.items:
        rules = group.values.get("rules") if isinstance(group, Mapping) else None
        for rule in rules.items if isinstance(rules, Sequence) else ():
            if isinstance(rule, Mapping):
                yield rule
