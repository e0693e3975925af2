"""The order in which groups of rules are replayed, because promtool evaluates all of them at one interval.

Groups of one interval are a stage: promtool evaluates them together. A stage comes after those that record
what it reads, so that what they recorded can be put before it as series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as ast

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.recording.selecting import list_in_rule
from alertdrill.rules.files import RuleGroup
from alertdrill.rules.promql.expressions import metric_name

ALERTS = "ALERTS"
FOR_STATE = "ALERTS_FOR_STATE"
"""The series that Prometheus makes of alerts, each with the alert's name and labels."""

_TEMPLATE = "{{"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """What an expression reads, as far as it can be told without regular expressions of labels.

    `name` is the metric's, or what its name must match where `is_pattern`; `equal` is what labels must be.
    """

    name: str
    is_pattern: bool
    equal: tuple[tuple[str, str], ...] = ()

    def reads(self, labels: Labels, *, is_complete: bool = True) -> bool:
        """Tell whether it may read a series, which may have further labels unless they are `is_complete`."""
        name = labels["__name__"]
        if self.is_pattern:
            if not _may_match(self.name, name):
                return False
        elif self.name != name:
            return False
        return all(
            value == labels.get(label, value if not is_complete else "") for label, value in self.equal
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Groups that promtool evaluates together, in this order, and what they read."""

    interval_s: float
    groups: tuple[RuleGroup, ...]
    reads: frozenset[Selector]


def list_group_reads(group: RuleGroup) -> frozenset[Selector]:
    """Return what the rules of a group read, what their templates ask for included."""
    return frozenset(_describe(selector) for rule in group.rules for selector in list_in_rule(rule))


def order_stages(groups: Sequence[RuleGroup]) -> tuple[Stage, ...]:
    """Return the stages in which groups are replayed, each as early and as large as it can be.

    Raises BadInput for groups of different intervals that read what each other records.
    """
    reads = [list_group_reads(group) for group in groups]
    if len({group.interval_s for group in groups}) <= 1:
        needs: list[set[int]] = [set() for _ in groups]
    else:
        needs = [set(_find_writers(read, groups)) for read in reads]
    stages = []
    waiting = set(range(len(groups)))
    while waiting:
        chosen = max(
            (
                _find_ready(waiting, needs, groups, interval_s)
                for interval_s in _list_intervals(groups, waiting)
            ),
            key=len,
        )
        if not chosen:
            raise BadInput(_describe_cycle(waiting, needs, groups))
        waiting -= chosen
        numbers = sorted(chosen)
        stages.append(
            Stage(
                interval_s=groups[numbers[0]].interval_s,
                groups=tuple(groups[number] for number in numbers),
                reads=frozenset().union(*(reads[number] for number in numbers)),
            )
        )
    return tuple(stages)


def _list_intervals(groups: Sequence[RuleGroup], numbers: Iterable[int]) -> list[float]:
    return sorted({groups[number].interval_s for number in numbers})


def _find_ready(
    waiting: set[int], needs: Sequence[set[int]], groups: Sequence[RuleGroup], interval_s: float
) -> set[int]:
    """Return the groups of an interval that need nothing but each other and what is there already."""
    ready = {number for number in waiting if groups[number].interval_s == interval_s}
    while True:
        kept = {number for number in ready if not needs[number] & waiting - ready}
        if kept == ready:
            return ready
        ready = kept


def _find_writers(reads: frozenset[Selector], groups: Sequence[RuleGroup]) -> Iterator[int]:
    """Yield the groups that record something of what is read."""
    for number, group in enumerate(groups):
        if any(
            selector.reads(labels, is_complete=False) for labels in list_written(group) for selector in reads
        ):
            yield number


def list_written(group: RuleGroup) -> list[Labels]:
    """Return the series that a group makes, each by the labels that it is certain to have."""
    written: list[Labels] = []
    for rule in group.rules:
        certain = {name: value for name, value in rule.labels.items() if _TEMPLATE not in value}
        if isinstance(rule, AlertRule):
            written += [{**certain, "__name__": name, "alertname": rule.name} for name in (ALERTS, FOR_STATE)]
        else:
            written.append({**certain, "__name__": rule.name})
    return written


def _describe_cycle(waiting: set[int], needs: Sequence[set[int]], groups: Sequence[RuleGroup]) -> str:
    """Say which groups wait for each other."""
    first = min(waiting)
    passed = [first]
    while True:
        # Whatever waits needs something that waits too, so this comes round.
        following = min(needs[passed[-1]] & waiting - {passed[-1]})
        if following in passed:
            break
        passed.append(following)
    cycle = [groups[number] for number in passed[passed.index(following) :]]
    named = ", ".join(f"{group.name!r} ({group.source}, every {group.interval_s:g} s)" for group in cycle)
    return (
        f"these groups of different intervals read what each other records, and cannot be replayed: {named}"
    )


def _describe(selector: ast.VectorSelector) -> Selector:
    name = metric_name(selector)
    pattern = ".*"
    equal = []
    for matcher in selector.matchers.matchers:
        if matcher.name == "__name__":
            pattern = matcher.value if matcher.op == ast.MatchOp.Re else pattern
        elif matcher.op == ast.MatchOp.Equal:
            equal.append((matcher.name, matcher.value))
    return Selector(name=name or pattern, is_pattern=name is None, equal=tuple(equal))


def _may_match(pattern: str, name: str) -> bool:
    """Tell whether a name matches a pattern of Prometheus; what Python cannot read may match."""
    try:
        return _compile(pattern).fullmatch(name) is not None
    except re.error:
        return True


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
