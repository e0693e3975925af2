"""Which rules a change changed, by what they mean: a comment, an order or a layout is no change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.equivalence import are_equal
from alertdrill.mutation.mutant import Rule
from alertdrill.mutation.readers import find_alerts
from alertdrill.rules.files import RuleFile, RuleGroup
from alertdrill.rules.promql.expressions import format_duration, parse, render

EXPR = "expr"
Meaning = tuple[tuple[str, str], ...]
"""The fields of a rule that decide what it does, by name, as text; what is not stated has no field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of a rule before and after; empty where it is not stated."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A rule that is there no more, is new, or means something else; `alerts` are those that it decides."""

    kind: Literal["added", "removed", "changed"]
    rule: Rule
    fields: tuple[FieldChange, ...]
    alerts: tuple[str, ...]


def find_changes(before: Sequence[RuleFile], after: Sequence[RuleFile]) -> tuple[RuleChange, ...]:
    """Return what rules mean otherwise than before, in the order of the files as they are.

    Rules are told apart by their names; of several by one name, those that mean the same are a pair, and what
    is left is paired in order.
    """
    old, new = _sort_by_name(before), _sort_by_name(after)
    changes = []
    for key in dict.fromkeys((*new, *old)):
        was, became = _drop_pairs(old.get(key, []), new.get(key, []))
        for number in range(max(len(was), len(became))):
            first = was[number] if number < len(was) else None
            second = became[number] if number < len(became) else None
            changes.append(_compare(first, second, before, after))
    return tuple(changes)


def list_touched(changes: Sequence[RuleChange]) -> tuple[str, ...]:
    """Return the names of the alerts that changes decide, in their order."""
    return tuple(dict.fromkeys(name for change in changes for name in change.alerts))


def find_meaning(rule: Rule, group: RuleGroup) -> Meaning:
    """Return what a rule does: its fields, and those of its group that say when it is evaluated."""
    stated: list[tuple[str, str]] = [(EXPR, render(parse(rule.expr)))]
    if isinstance(rule, AlertRule):
        for name, seconds in (("for", rule.for_s), ("keep_firing_for", rule.keep_firing_for_s)):
            stated += [(name, format_duration(seconds))] if seconds else []
    stated += [(f"label {name}", value) for name, value in sorted(rule.labels.items())]
    if isinstance(rule, AlertRule):
        stated += [(f"annotation {name}", value) for name, value in sorted(rule.annotations.items())]
    stated.append(("interval", format_duration(rule.interval_s)))
    if group.query_offset_s:
        stated.append(("query_offset", format_duration(group.query_offset_s)))
    if group.limit:
        stated.append(("limit", str(group.limit)))
    return tuple(stated)


def means_same(one: Meaning, other: Meaning) -> bool:
    """Tell whether two rules do the same whatever the series are, as far as that can be shown."""
    first, second = dict(one), dict(other)
    expr, another = first.pop(EXPR), second.pop(EXPR)
    return first == second and (expr == another or are_equal(expr, another))


def _sort_by_name(files: Sequence[RuleFile]) -> dict[tuple[bool, str], list[tuple[Rule, Meaning]]]:
    found: dict[tuple[bool, str], list[tuple[Rule, Meaning]]] = {}
    for rule, group in _list_rules(files):
        key = isinstance(rule, AlertRule), rule.name
        found.setdefault(key, []).append((rule, find_meaning(rule, group)))
    return found


def _list_rules(files: Sequence[RuleFile]) -> Iterator[tuple[Rule, RuleGroup]]:
    return ((rule, group) for file in files for group in file.groups for rule in group.rules)


def _drop_pairs(
    before: Sequence[tuple[Rule, Meaning]], after: Sequence[tuple[Rule, Meaning]]
) -> tuple[list[tuple[Rule, Meaning]], list[tuple[Rule, Meaning]]]:
    """Return the rules of one name that have no other of the same meaning."""
    left = list(after)
    was = []
    for one in before:
        place = next((number for number, other in enumerate(left) if means_same(one[1], other[1])), None)
        if place is None:
            was.append(one)
        else:
            del left[place]
    return was, left


def _compare(
    before: tuple[Rule, Meaning] | None,
    after: tuple[Rule, Meaning] | None,
    files_before: Sequence[RuleFile],
    files_after: Sequence[RuleFile],
) -> RuleChange:
    if after is None:
        assert before is not None  # noqa: S101 - one of both is there
        alerts = find_alerts(before[0], files_before)
        return RuleChange(kind="removed", rule=before[0], fields=(), alerts=alerts)
    alerts = find_alerts(after[0], files_after)
    if before is None:
        return RuleChange(kind="added", rule=after[0], fields=(), alerts=alerts)
    old, new = dict(before[1]), dict(after[1])
    fields = tuple(
        FieldChange(name=name, before=old.get(name, ""), after=new.get(name, ""))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name) and not (name == EXPR and are_equal(old[name], new[name]))
    )
    return RuleChange(kind="changed", rule=after[0], fields=fields, alerts=alerts)
