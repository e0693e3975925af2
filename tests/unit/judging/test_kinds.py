"""Tests of the kinds of expectations: there is one for each, and nobody else tells them apart."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest
from support.sources import walk_files_naming

from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss
from alertdrill.judging.kinds import KINDS, find_kind, read_expected

PACKAGE = Path(__file__).resolve().parents[3] / "harness" / "alertdrill"
FIRES = Expectation(alert="Slow", labels={}, fires_within_s=9, receiver="ops", resolves_within_s=20)
EXPECTED: tuple[Expected, ...] = (
    FIRES,
    Grouped(
        alert="Slow",
        labels={},
        alerts=4,
        fires_within_s=9,
        resolves_within_s=20,
        receiver="ops",
        integration="slack",
    ),
    NearMiss(alert="Slow", labels={}, reaches=0.9, pending=True),
    BlindRule(alert="Slow", labels={}, after_s=5),
)
MAY_TELL_APART = {
    "project/speed_limits.py": "a room that judging is not above; it asks for what is data",
    "systems/drill_building/builder.py": "a room that judging is not above; it asks for what is data",
    "systems/drill_checks.py": "a room that judging is not above; it asks for what is data",
    "systems/drill_files/drills.py": "a room that judging is not above; it asks for what is data",
    "systems/drill_files/instants.py": "a room that judging is not above; it asks for what is data",
    "systems/drill_files/known.py": "a room that judging is not above; it asks for what is data",
}


def test_there_is_a_kind_for_each_expectation() -> None:
    """An expectation without a kind could be neither judged nor said."""
    assert set(KINDS) == set(get_args(Expected)) == {type(one) for one in EXPECTED}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: type(one).__name__)
def test_each_kind_knows_its_own_writing_and_no_other(expected: Expected) -> None:
    """So it does not matter in which order kinds are asked whose a document is."""
    document = find_kind(expected).write(expected)
    assert [kind for kind in KINDS.values() if kind.is_written(document)] == [find_kind(expected)]
    assert read_expected("Slow", {}, document) == expected


def test_nobody_else_tells_kinds_apart() -> None:
    """What differs from kind to kind stands in the kind's file, so a new one is one file and one line."""
    kinds = {one.__name__ for one in get_args(Expected)}
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in walk_files_naming(PACKAGE.rglob("*.py"), kinds)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and kinds & {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
    }
    assert found == set(MAY_TELL_APART)
