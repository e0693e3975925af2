"""How evaluations are counted during a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.errors import ComponentSilent
from alertdrill.runner.evaluations import Count, open_count

RULES: Any = (SimpleNamespace(groups=(SimpleNamespace(name="own"),)),)
OWN: Any = SimpleNamespace(runs_already=frozenset({"prometheus"}))
STARTED: Any = SimpleNamespace(runs_already=frozenset())
SILENT = ComponentSilent("prometheus at http://127.0.0.1:9 cannot be reached: nothing came for 10 s")


class Counting:
    """A Prometheus that has counted so much, for each question; None where it is silent."""

    def __init__(self, *counted: Count | None) -> None:
        self._counted = list(counted)

    def get(self, path: str) -> Any:
        """Answer with its metrics, of two groups of rules, or with its rules."""
        if path == "/api/v1/rules":
            return SimpleNamespace(json=lambda: {"data": {"groups": [{"name": "own"}, {"name": "other"}]}})
        counted = self._counted.pop(0)
        if counted is None:
            raise SILENT
        lines = []
        for kind, count in zip(("iterations", "iterations_missed"), counted, strict=True):
            name = f"prometheus_rule_group_{kind}_total"
            lines.append(f"# TYPE {name} counter")
            lines += [f'{name}{{rule_group="rules.yml;{group}"}} {count}' for group in ("own", "other")]
        return SimpleNamespace(text="\n".join([*lines, ""]))


def count(subject: Any, *counted: Count | None) -> Count:
    """Return what is counted in a run that begins and ends with these counts of each group."""
    prometheus: Any = Counting(*counted)
    return open_count(prometheus, subject, RULES)()


@pytest.mark.parametrize(
    ("counted", "found"),
    [
        (((9, 7), (50, 8)), (82, 2)),
        (((30, 2), (20, 1)), (40, 2)),
        (((9, 2), (20, 1)), (40, 2)),
    ],
    ids=["since the beginning", "started anew", "started anew, and later"],
)
def test_what_was_left_out_before_a_run_is_not_held_against_it(
    counted: tuple[Count, Count], found: Count
) -> None:
    """Of a Prometheus of ours all evaluations count since the run began, or since a drill started it anew."""
    assert count(STARTED, *counted) == found


def test_of_ones_own_prometheus_its_own_rules_count() -> None:
    """It may evaluate others, and has counted before; one that tells no counts says which groups it has."""
    assert count(OWN, (9, 7), (50, 8)) == (41, 1)
    assert count(OWN, None, (50, 8)) == (1, 0)
    assert count(OWN, (0, 0), (0, 0)) == (1, 0)
