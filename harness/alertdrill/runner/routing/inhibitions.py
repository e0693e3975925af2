"""Which alert inhibits which, by which rule of a config. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.runner.routing.subjects import Subject
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While `source` fires, nobody is notified of `target`; `pointers` lead to the rules that say so.

    It is not `certain` where the target is a source of each of these rules, too.
    """

    source: Subject
    target: Subject
    pointers: tuple[str, ...]
    is_certain: bool


def find_inhibitions(config: AlertmanagerConfig, subjects: Sequence[Subject]) -> tuple[Inhibition, ...]:
    """Return every pair of subjects of which one inhibits the other, in the order of the sources."""
    found: dict[tuple[int, int], list[str]] = {}
    certain: set[tuple[int, int]] = set()
    label_sets = [one.labels for one in subjects]
    for rule in read_inhibit_rules(config.document):
        for source, target, is_certain in rule.find_pairs(label_sets):
            found.setdefault((source, target), []).append(rule.pointer)
            certain |= {(source, target)} if is_certain else set()
    return tuple(
        Inhibition(
            source=subjects[source],
            target=subjects[target],
            pointers=tuple(pointers),
            is_certain=(source, target) in certain,
        )
        for (source, target), pointers in sorted(found.items())
    )
