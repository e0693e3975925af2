"""Which rules read what a rule makes, and so which alerts it decides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Rule
from alertdrill.recording.selecting import STATES, list_in_rule
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import metric_name, parse, selectors

ANY = ""
"""Stands for what is read by a pattern of names."""


@lru_cache(maxsize=16_384)
def list_names(expr: str) -> frozenset[str]:
    """Return the names of the metrics that an expression reads; see `ANY`."""
    return frozenset(metric_name(selector) or ANY for selector in selectors(parse(expr)))


def list_rules(files: Sequence[RuleFile]) -> Iterator[Rule]:
    """Yield all rules of some files."""
    for file in files:
        for group in file.groups:
            yield from group.rules


def find_affected(rule: Rule, files: Sequence[RuleFile]) -> tuple[Rule, ...]:
    """Return a rule and all that read what it records, or what those record, in the files' order.

    Rules of the same name, which make the same series or alerts, are among them.
    """
    rules = tuple(list_rules(files))
    names = {(type(rule), rule.name)}
    while True:
        recorded = {name for kind, name in names if kind is not AlertRule}
        found = {
            (type(one), one.name)
            for one in rules
            if (type(one), one.name) in names or list_names(one.expr) & recorded
        }
        if found <= names:
            return tuple(one for one in rules if (type(one), one.name) in names)
        names |= found


def find_alerts(rule: Rule, files: Sequence[RuleFile]) -> tuple[str, ...]:
    """Return the names of the alerts that a rule decides."""
    if isinstance(rule, AlertRule):
        return (rule.name,)  # no expression reads what it makes by its name
    affected = find_affected(rule, files)
    return tuple(dict.fromkeys(one.name for one in affected if isinstance(one, AlertRule)))


def is_entangled(rule: Rule, files: Sequence[RuleFile]) -> bool:
    """Tell whether others read what a rule makes in a way that copies by another name cannot follow.

    That is by a pattern of names, by the name in a matcher or a template, and the states of alerts.
    """
    affected = find_affected(rule, files)
    recorded = {one.name for one in affected if not isinstance(one, AlertRule)}
    for one in list_rules(files):
        for selector in list_in_rule(one):
            name = metric_name(selector)
            if name in STATES or name is None:
                return True
            if name in recorded and (selector.name is None or name not in list_names(one.expr)):
                return True
    return False
