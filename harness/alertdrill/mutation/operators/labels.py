"""Wrong labels in by, without, on and ignoring. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import promql_parser as ast

from alertdrill.mutation.mutant import Change
from alertdrill.mutation.operators.operator import Operator, Part
from alertdrill.rules.promql.expressions import list_children, list_modifiers, render, write_labels

DROPPED = "a drill with several values of `{}`, of which one is bad and must be the only one to fire"
MISSPELT = "a drill that expects `{}` among the alert's labels"


def misspell(word: str) -> str:
    """Return a word with its last letter twice, as nothing is called."""
    return word + word[-1] + word[-1] if word[-1:].isalnum() else f"{word}x"


def drop_grouping(part: Part) -> Iterator[Change]:
    """Yield aggregations without one of their labels."""
    yield from _change_grouping(part.node, _drop_each, "nothing", DROPPED)


def misspell_grouping(part: Part) -> Iterator[Change]:
    """Yield aggregations in which one of their labels is misspelt."""
    yield from _change_grouping(part.node, _misspell_each, "", MISSPELT)


def drop_matching(part: Part) -> Iterator[Change]:
    """Yield operators that match by one label less."""
    yield from _change_matching(part.node, _drop_each, "nothing", DROPPED)


def misspell_matching(part: Part) -> Iterator[Change]:
    """Yield operators that match by a label that is misspelt."""
    yield from _change_matching(part.node, _misspell_each, "", MISSPELT)


_Each = Callable[[Sequence[str]], Iterator[tuple[str, str, list[str]]]]


def _drop_each(labels: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each label, what becomes of it, and the labels that are left."""
    for label in labels:
        yield label, "nothing", [other for other in labels if other != label]


def _misspell_each(labels: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    for label in labels:
        yield label, misspell(label), [misspell(one) if one == label else one for one in labels]


def _change_grouping(node: ast.Expr, each: _Each, becomes: str, advice: str) -> Iterator[Change]:
    if not isinstance(node, ast.AggregateExpr) or node.modifier is None:
        return
    word = "by" if node.modifier.type == ast.AggModifierType.By else "without"
    arguments = ", ".join(map(render, list_children(node)))
    for label, other, labels in each(node.modifier.labels):
        yield Change(
            text=f"{str(node.op).strip()} {word} ({write_labels(labels)}) ({arguments})",
            was=f"{label} in {word}",
            becomes=becomes or other,
            advice=advice.format(label),
            made_up=not becomes,
        )


def _change_matching(node: ast.Expr, each: _Each, becomes: str, advice: str) -> Iterator[Change]:
    if not isinstance(node, ast.BinaryExpr) or node.modifier is None or node.modifier.matching is None:
        return
    matching = node.modifier.matching
    word = "on" if matching.type == ast.LabelModifierType.Include else "ignoring"
    written = f"{word} ({write_labels(matching.labels)})"
    for label, other, labels in each(matching.labels):
        modifiers = [
            f"{word} ({write_labels(labels)})" if one == written else one
            for one in list_modifiers(node.modifier)
        ]
        yield Change(
            text=f"{render(node.lhs)} {' '.join([str(node.op).strip(), *modifiers])} {render(node.rhs)}",
            was=f"{label} in {word}",
            becomes=becomes or other,
            advice=advice.format(label),
            made_up=not becomes,
        )


OPERATORS = (
    Operator(name="dropped label", description="A label less in by or without", change=drop_grouping),
    Operator(
        name="misspelt label", description="A misspelt label in by or without", change=misspell_grouping
    ),
    Operator(name="dropped match", description="A label less in on or ignoring", change=drop_matching),
    Operator(
        name="misspelt match", description="A misspelt label in on or ignoring", change=misspell_matching
    ),
)
