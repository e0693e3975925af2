"""Many mutants in one rule file, each with an alert of its own name: one replay shows what all do. Pure.

Beside a mutant stand copies of the rules that read what it records, under names of their own, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import promql_parser as ast

from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Curve, Event
from alertdrill.mutation.mutant import Mutant, Rule
from alertdrill.mutation.readers import find_affected
from alertdrill.recording.replay.replay import Replay
from alertdrill.rules.files import RuleFile, RuleGroup
from alertdrill.rules.promql.expressions import Printer, list_matchers, parse, split_threshold, write_selector

NAME = "the mutants"
_MARK, _SEPARATOR = "mutant_", ":"


class _Renaming(Printer):
    """Writes expressions that read series by other names."""

    def __init__(self, rename: Callable[[str], str], names: frozenset[str]) -> None:
        self._rename = rename
        self._names = names

    def write_selector(self, selector: ast.VectorSelector) -> str:
        """Return the text of a selector, by the other name if it is one of those."""
        name = selector.name
        if name is not None and name in self._names:
            name = self._rename(name)
        return write_selector(name, list_matchers(selector))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Mutants in one rule file, told apart by numbers; `curves` are the alerts whose values are asked for.

    `same_values` says of a mutant, by its number, and an alert whose values it shares: the name of the alert
    in this file that is asked, or None where they are those of the rules as they are.
    """

    file: RuleFile
    curves: tuple[AlertRule, ...]
    same_values: Mapping[tuple[int, str], str | None]

    def list_events(self, replay: Replay, number: int) -> list[Event]:
        """Return what the alerts of a mutant did, by their own names."""
        prefix = _mark(number)
        return [
            replace(event, alert=event.alert.removeprefix(prefix))
            for event in replay.timeline.events
            if event.alert.startswith(prefix)
        ]

    def list_curves(self, replay: Replay, number: int, baseline: Sequence[Curve]) -> list[Curve]:
        """Return the values of a mutant's alerts beside their thresholds, as far as drills ask for them."""
        curves: list[Curve] = []
        for rule in self._list_own(number):
            name = rule.name.removeprefix(_mark(number))
            key = number, name
            split = split_threshold(rule.expr)
            if split is None or key not in self.same_values:
                continue
            asked = self.same_values[key]
            pool, wanted = (baseline, name) if asked is None else (replay.timeline.curves, asked)
            curves += [
                replace(curve, alert=name, op=split[1], threshold=split[2])
                for curve in pool
                if curve.alert == wanted
            ]
        return curves

    def _list_own(self, number: int) -> list[AlertRule]:
        prefix = _mark(number)
        return [rule for rule in self.file.alerts if rule.name.startswith(prefix)]


def _mark(number: int) -> str:
    """Return what names of a mutant's copies begin with."""
    return f"{_MARK}{number}{_SEPARATOR}"


def find_number(name: str) -> int | None:
    """Return the number of the mutant that a rule is a copy for, by the rule's name; None of any other."""
    marked, separator, _ = name.partition(_SEPARATOR)
    number = marked.removeprefix(_MARK)
    return int(number) if separator and marked.startswith(_MARK) and number.isdecimal() else None


def make_batch(mutants: Mapping[int, Mutant], files: Sequence[RuleFile], near: frozenset[str]) -> Batch:
    """Return the rule file of some mutants, by number; values are asked for of the alerts in `near`.

    Rules that record something are there as they are, too: mutants may read it.
    """
    copies: dict[int, list[Rule]] = {}
    for number, mutant in mutants.items():
        affected = find_affected(mutant.original, files)
        recorded = frozenset(rule.name for rule in affected if not isinstance(rule, AlertRule))
        for rule in affected:
            own = mutant.rule if rule is mutant.original else rule
            copies.setdefault(id(rule), []).append(_copy(own, number, recorded))
    groups: list[RuleGroup] = []
    for file in files:
        for group in file.groups:
            rules = tuple(_list_rules(group, copies))
            if rules:
                groups.append(replace(group, name=f"{len(groups)}", rules=rules))
    file = RuleFile(name=NAME, text="", groups=tuple(groups))
    curves, same = _choose_curves(file, files, near)
    return Batch(file=file, curves=curves, same_values=same)


def _list_rules(group: RuleGroup, copies: Mapping[int, Sequence[Rule]]) -> Iterable[Rule]:
    for rule in group.rules:
        if not isinstance(rule, AlertRule):
            yield rule
        yield from copies.get(id(rule), ())


def _copy(rule: Rule, number: int, recorded: frozenset[str]) -> Rule:
    """Return a rule by another name, that reads what others record by their other names."""
    prefix = _mark(number)
    expr = rule.expr
    if recorded:
        # A colon is for what rules record, so the name is one that a series may have.
        expr = _Renaming(lambda name: prefix + name, recorded).write(parse(expr))
    return replace(rule, name=prefix + rule.name, expr=expr, source=f"{rule.source} ({prefix[:-1]})")


def _choose_curves(
    file: RuleFile, files: Sequence[RuleFile], near: frozenset[str]
) -> tuple[tuple[AlertRule, ...], dict[tuple[int, str], str | None]]:
    """Return which alerts' values are asked for: each distinct one once, and none that is known already.

    What is compared with a threshold is the same where its text is and it reads the same series.
    """
    known: dict[tuple[str, str, float], str | None] = {}
    for rule in (rule for one in files for rule in one.alerts if rule.name in near):
        split = split_threshold(rule.expr)
        if split is not None:
            known[rule.name, split[0], rule.interval_s] = None
    asked: list[AlertRule] = []
    same: dict[tuple[int, str], str | None] = {}
    for rule in file.alerts:
        number, (_, _, name) = find_number(rule.name), rule.name.partition(_SEPARATOR)
        split = split_threshold(rule.expr)
        if number is None or name not in near or split is None:
            continue
        key = name, split[0], rule.interval_s
        if key not in known:
            known[key] = rule.name
            asked.append(rule)
        same[number, name] = known[key]
    return tuple(asked), same
