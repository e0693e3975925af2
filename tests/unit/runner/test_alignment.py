"""Before the drills, each rule group is told how far into the past to look, once it was seen often enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.canned_prometheus import CannedApi

from alertdrill.core.clock import Clock
from alertdrill.rules.files import read_rules
from alertdrill.runner.alignment import LAST_EVALUATION, LOOKS, find_alignment
from alertdrill.stacks.subject import Job

RULES = """\
groups:
  - {name: fast, rules: [{alert: A, expr: "up < 1"}]}
  - {name: slow, interval: 1h, rules: [{alert: B, expr: "up < 1"}]}
"""


class Evaluating(CannedApi):
    """A Prometheus that evaluated a group 3 ms after 100 ms of an interval at least, and scrapes at 70.5."""

    def __init__(self) -> None:
        super().__init__({"up": [({"job": "j"}, [(1000.0755, 1.0), (1000.3205, 1.0)]), ({"job": "x"}, [])]})
        self.looks = 0

    def get(self, path: str, **_params: str) -> Any:
        """Show a later evaluation at each look, and what is nobody's."""
        assert path == "/metrics"
        self.looks += 1
        at_s = 1000.1 + 0.25 * self.looks + 0.003 * (self.looks % 3)
        lines = [
            "# HELP go_goroutines Number of them.",
            "go_goroutines 7",
            f"# TYPE {LAST_EVALUATION} gauge",
            f'{LAST_EVALUATION}{{rule_group="/tmp/a/rules-0.yml;fast"}} {at_s}',
            f'{LAST_EVALUATION}{{rule_group="/tmp/a/rules-0.yml;slow"}} 0',
        ]
        return SimpleNamespace(text="\n".join(lines) + "\n")


class Told:
    """A stack that keeps the rules it is told."""

    def __init__(self, version: str = "3.5.3") -> None:
        self.versions = {"prometheus": version}
        self.texts: Mapping[str, str] = {}

    def set_rules(self, texts: Mapping[str, str]) -> None:
        """Keep them."""
        self.texts = texts


def make_run(folder: Path, *, speed: float = 60, stack: Told | None = None, **order: Any) -> Any:
    """Return a run with one job at this speed."""
    (folder / "rules.yml").write_text(RULES)
    subject = SimpleNamespace(jobs=(Job(system="s", name="j"),), runs_already=order.pop("runs_already", ()))
    known = {
        "store": None,
        "rules": (read_rules(folder / "rules.yml"),),
        "site": SimpleNamespace(subject=subject),
    }
    return SimpleNamespace(
        order=SimpleNamespace(**known | order),
        stack=stack or Told(),
        clock=Clock(speed=speed, origin_s=0),
        prometheus=Evaluating(),
    )


def test_a_group_that_was_seen_often_enough_is_told_where_to_look(tmp_path: Path) -> None:
    """At 100 ms it looks back 30 ms, to the instant of a scrape; 35 ms are clear of it."""
    run = make_run(tmp_path)
    alignment = find_alignment(run)
    assert alignment is not None
    assert [alignment.go_on() for _ in range(LOOKS)] == [False] * (LOOKS - 1) + [True]
    (text,) = run.stack.texts.values()
    assert "{query_offset: 35ms, name: fast" in text
    assert "{name: slow" in text
    assert list(run.stack.texts) == ["rules-0.yml"]


@pytest.mark.parametrize(
    "changed",
    [
        {"speed": 1},
        {"store": "there is one"},
        {"runs_already": ("prometheus",)},
        {"stack": Told("2.42.0")},
    ],
    ids=["slow", "a store", "somebody's own", "old"],
)
def test_where_nothing_is_to_be_done(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Intervals are long, others evaluate, or Prometheus is too old."""
    assert find_alignment(make_run(tmp_path, **changed)) is None
