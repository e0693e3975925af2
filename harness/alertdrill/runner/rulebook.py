"""Which rules concern which drills, and which series they read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import promql_parser as ast

from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.judging.kinds import find_kind
from alertdrill.recording.recording import Recording
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import metric_name, parse, selectors
from alertdrill.rules.promql.matchers import may_read_any
from alertdrill.rules.promql.reach import find_reach_s

UP = "up"
"""What every target has: rules of two systems that read it have nothing in common."""
ANY = ".*"
"""Stands for what an expression reads by a pattern of names."""
LATEST_S = 60.0
"""How old the latest sample may be that an expression reads: a few scrapes and evaluations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """Which rules a drill is judged by: those of its system among what was `given`, or else its system's own.

    `own` are all rules of each system, by its name. Rules of an edition (kept as written, or there to drill
    the paging path) concern only the drills that are about one of them. A drill that compares a given rule
    with one of an edition is judged by the system's own edition, unless that was given too.
    """

    own: Mapping[str, tuple[RuleFile, ...]]
    given: tuple[RuleFile, ...] = ()

    def choose(self, drill: Drill) -> tuple[RuleFile, ...]:
        """Return the files that concern a drill."""
        expected = set(list_expected(drill))
        of_system = self.own.get(drill.system, ())
        if not self.given:
            return tuple(file for file in of_system if not is_edition(file) or name_alerts(file) & expected)
        given = tuple(
            file
            for file in self._list_given(drill.system)
            if not (is_edition(file) and self._states_ours(file)) or name_alerts(file) & expected
        )
        stated = {name for file in given for name in name_alerts(file)}
        if not expected & stated:
            return given
        missing = expected - stated
        return (*given, *(file for file in of_system if is_edition(file) and name_alerts(file) & missing))

    def is_about(self, system: str) -> bool:
        """Tell whether any of the given files is of a system, or would be if a drill were about it."""
        return bool(self._list_given(system))

    def find_lacking(self, drill: Drill) -> tuple[str, ...]:
        """Return the alerts that a drill expects and that none of the files has that it is judged by."""
        stated = {name for file in self.choose(drill) for name in name_alerts(file)}
        return tuple(name for name in list_expected(drill) if name not in stated)

    def complete(self, drills: Iterable[Drill]) -> tuple[RuleFile, ...]:
        """Return all files that were given, and what drills are judged by besides."""
        chosen = [file for drill in drills for file in self.choose(drill)]
        return tuple({id(file): file for file in (*self.given, *chosen)}.values())

    def _list_given(self, system: str) -> list[RuleFile]:
        """Return the given files of a system: those that state alerts of its own.

        One that states nobody's is of the systems whose metrics it reads, and of all if it reads but `up`.
        """
        of_system = self.own.get(system, ())
        alerts = {name for file in of_system for name in name_alerts(file)}
        metrics = {name for file in of_system for name in name_metrics(file)} - {UP}
        return [
            file
            for file in self.given
            if name_alerts(file) & alerts
            or (
                not self._states_ours(file)
                and (name_metrics(file) & metrics or not name_metrics(file) - {UP})
            )
        ]

    def _states_ours(self, file: RuleFile) -> bool:
        """Tell whether a file states an alert of any system."""
        return any(name_alerts(file) & name_alerts(own) for files in self.own.values() for own in files)


def list_expected(drill: Drill) -> tuple[str, ...]:
    """Return the names of the alerts that a drill is about, those included that suppress others' pages."""
    names = (name for expected in drill.expects for name in find_kind(expected).name_alerts(expected))
    return tuple(dict.fromkeys(names))


def name_alerts(file: RuleFile) -> frozenset[str]:
    """Return the names of a file's alerts."""
    return frozenset(rule.name for rule in file.alerts)


def name_metrics(file: RuleFile) -> frozenset[str]:
    """Return the names of the metrics that a file's rules read and record; see `ANY`."""
    rules = [rule for group in file.groups for rule in group.rules]
    read = {metric_name(selector) or ANY for rule in rules for selector in selectors(parse(rule.expr))}
    return frozenset(read | {rule.name for rule in rules} - name_alerts(file))


def is_edition(file: RuleFile) -> bool:
    """Tell whether a file's alerts are there only for the drills that are about them."""
    return bool(file.alerts) and all("edition" in rule.labels for rule in file.alerts)


def split_files(files: Sequence[RuleFile]) -> list[tuple[RuleFile, ...]]:
    """Return rule files in parts that read and record nothing in common but `up`."""
    parts: list[tuple[frozenset[str], list[RuleFile]]] = []
    for file in files:
        names = name_metrics(file) - {UP}
        touched = [part for part in parts if part[0] & names or ANY in part[0] | names]
        joined = (
            names.union(*(part[0] for part in touched)),
            [*(one for part in touched for one in part[1]), file],
        )
        parts = [*(part for part in parts if part not in touched), joined]
    return [tuple(part) for _, part in parts]


def choose_series(recording: Recording, files: Sequence[RuleFile]) -> Recording:
    """Return a recording of only the series that rule files may read, and `up`."""
    names = {name for file in files for name in name_metrics(file)} | {UP}
    if ANY in names:
        return recording
    kept = tuple(one for one in recording.series if one.labels["__name__"] in names)
    return replace(recording, series=kept)


def find_reaches_s(files: Sequence[RuleFile], latest_s: float = LATEST_S) -> dict[str, float]:
    """Return how far back each alert looks, by its name: its `for`, its windows, and those of what it reads.

    The latest sample that an expression reads is at most `latest_s` old.
    """
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    recorded: dict[str, list[RecordingRule]] = {}
    for rule in rules:
        if isinstance(rule, RecordingRule):
            recorded.setdefault(rule.name, []).append(rule)
    reaches_s: dict[str, float] = {}
    for rule in rules:
        if isinstance(rule, AlertRule):
            own_s = (
                rule.for_s + rule.keep_firing_for_s + _look_back_s(rule.expr, recorded, frozenset(), latest_s)
            )
            reaches_s[rule.name] = max(own_s, reaches_s.get(rule.name, 0.0))
    return reaches_s


def _look_back_s(
    expr: str, recorded: Mapping[str, Sequence[RecordingRule]], seen: frozenset[str], latest_s: float
) -> float:
    """Return how far back an expression looks, through the recorded series that it reads."""
    tree = parse(expr)
    read = {
        name
        for name in recorded.keys() - seen
        if any(may_read_any(selector, [name]) for selector in selectors(tree))
    }
    behind_s = {
        name: max(
            _look_back_s(rule.expr, recorded, seen | read, latest_s) + rule.interval_s
            for rule in recorded[name]
        )
        for name in read
    }

    def find_behind_s(selector: ast.VectorSelector) -> float:
        return max((s for name, s in behind_s.items() if may_read_any(selector, [name])), default=0.0)

    return latest_s + find_reach_s(tree, find_behind_s)
