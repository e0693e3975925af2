"""Makes the mutants of rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Change, Mutant, Rule
from alertdrill.mutation.operators import EXPRESSION_OPERATORS
from alertdrill.mutation.operators.operator import Part
from alertdrill.mutation.operators.routed_labels import change_routed_labels
from alertdrill.mutation.operators.rule_fields import RULE_OPERATORS
from alertdrill.mutation.positions import list_parts, replace_part
from alertdrill.mutation.readers import find_alerts
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.constants import evaluate_constant
from alertdrill.rules.promql.expressions import parse, render

MAX_SIBLINGS = 2
"""Metrics that each one is taken for."""
MAX_PLACE = 80
"""Characters of a changed part that are shown."""


@dataclass(frozen=True, kw_only=True)
class Wrongs:
    """What rules are made wrong with: metrics that could be taken for each other, and what is routed by.

    `siblings` are other metrics, by a metric's name; `routed` what routes ask for, by the label.
    """

    siblings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Numbers:
    """Tells rules of one name apart, by their order."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def name(self, rule: Rule) -> str:
        """Return a rule's name, with its number from the second of that name on."""
        number = self._seen[rule.name] = self._seen.get(rule.name, 0) + 1
        return rule.name if number == 1 else f"{rule.name}#{number}"


def generate_mutants(
    files: Sequence[RuleFile], wrongs: Wrongs, lines: Mapping[str, str], numbers: Numbers
) -> tuple[Mutant, ...]:
    """Return all mutants of the rules of some files, in the files' order.

    `lines` says where a field of a rule stands, by the rule's source and the field. `numbers` keep rules of
    one name apart.
    """
    mutants: list[Mutant] = []
    for file in files:
        for group in file.groups:
            for rule in group.rules:
                maker = _Maker(rule, numbers.name(rule), find_alerts(rule, files), lines)
                mutants += maker.make(wrongs)
    return tuple(mutants)


class _Maker:
    """Makes the mutants of one rule."""

    def __init__(self, rule: Rule, name: str, alerts: tuple[str, ...], lines: Mapping[str, str]) -> None:
        self._rule = rule
        self._name = name
        self._alerts = alerts
        self._lines = lines

    @cached_property
    def _written(self) -> str:
        return render(parse(self._rule.expr))

    def make(self, wrongs: Wrongs) -> Iterator[Mutant]:
        """Yield them; of those that say the same, the first one."""
        seen = {self._identify(replace(self._rule, expr=self._written))}
        for mutant in self._make_all(wrongs):
            identity = self._identify(mutant.rule)
            if identity not in seen:
                seen.add(identity)
                yield mutant

    def _make_all(self, wrongs: Wrongs) -> Iterator[Mutant]:
        tree = parse(self._rule.expr)
        for number, (node, above) in enumerate(list_parts(tree)):
            part = Part(node=node, above=above, is_whole=number == 0, siblings=wrongs.siblings)
            for operator in EXPRESSION_OPERATORS:
                for change in operator.change(part):
                    rule = replace(self._rule, expr=replace_part(tree, number, change.text))
                    made = self._make(operator.name, str(number), change, rule, "expr")
                    yield replace(made, place=_say_place(part))
        if isinstance(self._rule, AlertRule):
            for field_name, change_field in RULE_OPERATORS.items():
                for changed, change in change_field(self._rule):
                    yield self._make(field_name, "0", change, changed, field_name)
            for label, changed, change in change_routed_labels(self._rule, wrongs.routed):
                made = self._make("routed label", label, change, changed, "labels")
                yield replace(made, label=label)

    def _make(self, operator: str, position: str, change: Change, rule: Rule, field_name: str) -> Mutant:
        return Mutant(
            id=f"{self._name}/{operator}/{position}/{change.was} -> {change.becomes}",
            operator=operator,
            was=change.was,
            becomes=change.becomes,
            advice=change.advice,
            source=self._lines.get(f"{self._rule.source} {field_name}", self._rule.source),
            original=self._rule,
            rule=rule,
            alerts=self._alerts,
            made_up=change.made_up,
        )

    def _identify(self, rule: Rule) -> tuple[object, ...]:
        if isinstance(rule, AlertRule):
            labels = tuple(sorted(rule.labels.items()))
            return rule.expr, rule.for_s, rule.keep_firing_for_s, labels
        return (rule.expr,)


def _say_place(part: Part) -> str:
    """Return the part of an expression that is changed, of a number what it is compared with."""
    is_number = part.above is not None and evaluate_constant(part.node) is not None
    node = part.above if is_number else part.node
    if part.is_whole or node is None:
        return ""
    text = render(node)
    return text if len(text) <= MAX_PLACE else f"{text[: MAX_PLACE - 1]}…"


def find_siblings(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return of each metric the two others of its type that its name is most like."""
    known = sorted(set(names))
    by_type: dict[str, list[str]] = {}
    for name in known:
        by_type.setdefault(_find_type(name), []).append(name)
    return {
        name: tuple(
            sorted(
                (other for other in by_type[_find_type(name)] if other != name),
                key=lambda other: (-_count_common(name, other), other),
            )[:MAX_SIBLINGS]
        )
        for name in known
    }


_TYPES = ("_bucket", "_count", "_sum", "_total")


def _find_type(name: str) -> str:
    return next((end for end in _TYPES if name.endswith(end)), "gauge")


def _count_common(name: str, other: str) -> int:
    """Return how many words two names have in common."""
    return len(set(name.split("_")) & set(other.split("_")))
