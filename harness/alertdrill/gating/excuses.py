"""Which drills changed alerts need not have, as comments in their rules say, with a reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from alertdrill.linting.ignoring import OF_GATE, read_ignored
from alertdrill.linting.surroundings import LintedFile, find_nodes
from alertdrill.rules.files import RuleFile

Excuses = frozenset[tuple[str, str]]
"""Alerts, each with what a comment ignores of it."""


def find_excuses(files: Iterable[RuleFile], today: date) -> Excuses:
    """Return what comments of rule files ignore of the gate's demands, of those that hold `today`.

    Of several rules by one name, each has to have one. Resources have no comments that are kept.
    """
    stated: dict[str, list[frozenset[str]]] = {}
    for file in files:
        if file.is_resource:
            continue
        linted = find_nodes(file, file.text)
        ignored, _ = read_ignored(linted, (), today)
        for name, line in _list_lines(linted):
            own = frozenset(one.check for one in ignored if one.first <= line <= one.last)
            stated.setdefault(name, []).append(own & OF_GATE)
    return frozenset((name, one) for name, every in stated.items() for one in every[0].intersection(*every))


def _list_lines(file: LintedFile) -> list[tuple[str, int]]:
    return [(rule.name, node.line) for rule, node in zip(file.read.rules, file.rule_nodes, strict=True)]
