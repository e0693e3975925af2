"""What was tried before is not replayed again, unless anything that it depends on is another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.mutants import list_mutants
from support.mutated_hour import DEEP, RULES, make_ground, make_hour

from alertdrill.core.expectation import NearMiss
from alertdrill.core.rule import Labels
from alertdrill.mutation import trials
from alertdrill.mutation.grounds import Ground, Met
from alertdrill.mutation.memory import Memory
from alertdrill.mutation.mutant import Mutant, Result
from alertdrill.mutation.trials import Trials, hold_baselines
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runtime.binaries import Engines

EVERY = 6
"""Of so many mutants one is tried."""


class Runs:
    """Runs that remember in one file; `replayed` says how many replays of mutants the last one wanted."""

    def __init__(self, engines: Engines, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.replayed = 0
        self._promtool = engines.promtool
        self._hold = trials.hold_replays
        monkeypatch.setattr(trials, "hold_replays", self._count)

    def judge(self, ground: Ground, program: str = "this") -> dict[str, Result]:
        """Judge some mutants of the rules, with what is remembered, and remember it."""
        met, _ = hold_baselines([ground], self._promtool, lambda _: None)
        self.replayed = 0
        memory = Memory(self.path, program)
        mutants = list_mutants(ground.files[0])[::EVERY]
        results = Trials(met, self._promtool, memory=memory).judge(mutants, lambda _: None)
        memory.save()
        return results

    def _count(self, jobs: Sequence[Any], *others: Any) -> Any:
        self.replayed += len(jobs)
        return self._hold(jobs, *others)


@pytest.fixture
def runs(engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return runs that have tried the mutants of the hour once."""
    made = Runs(engines, tmp_path / "cache" / "trials.json", monkeypatch)
    made.judge(make_ground(DEEP))
    assert made.replayed == 1
    return made


def change_rules(old: str, new: str) -> RuleFile:
    """Return the rules with something else in them."""
    assert old in RULES.text
    return parse_rules(RULES.text.replace(old, new), "rules.yml")


def test_the_same_is_not_tried_again(runs: Runs) -> None:
    """And comes out the same."""
    first = runs.judge(make_ground(DEEP))
    assert runs.replayed == 0
    runs.path.unlink()
    assert runs.judge(make_ground(DEEP)) == first
    assert runs.replayed == 1


def test_labels_have_no_order(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process has another one: of what a replay shows, only what is said counts."""
    seen: list[str] = []
    identify = Memory.identify

    def note(self: Memory, mutant: Mutant, met: Met) -> str:
        def turn(labels: Labels) -> Labels:
            return dict(reversed(labels.items()))

        timeline = met.replay.timeline
        turned = replace(
            timeline,
            events=tuple(replace(event, labels=turn(event.labels)) for event in timeline.events),
            curves=tuple(replace(curve, labels=turn(curve.labels)) for curve in reversed(timeline.curves)),
        )
        other = replace(met, replay=replace(met.replay, timeline=turned))
        seen.append(identify(self, mutant, other))
        return identify(self, mutant, met)

    monkeypatch.setattr(Memory, "identify", note)
    low = NearMiss(alert="Low", labels={}, reaches=0.6, pending=False)
    runs.judge(make_ground(DEEP, low))
    assert seen
    assert set(seen) <= set(json.loads(runs.path.read_text())["trials"])


def test_another_rule_changes_nothing(runs: Runs) -> None:
    """Nor does a line more in the file: the rules that a mutant is of are the same."""
    runs.judge(make_ground(DEEP, rules=change_rules("  rules:\n", "  rules:\n  # A line more.\n")))
    assert runs.replayed == 0
    runs.judge(make_ground(DEEP, rules=change_rules("level > 3", "level > 4")))
    assert runs.replayed == 0


def test_what_a_trial_depends_on_is_looked_at(runs: Runs) -> None:
    """The rule itself, what others do, the recording, the drill, and the program."""
    runs.judge(make_ground(DEEP, rules=change_rules("depth > 100", "depth > 101")))
    assert runs.replayed == 1
    runs.judge(make_ground(DEEP, hour=make_hour(deep=151.0)))
    assert runs.replayed == 1
    runs.judge(make_ground(replace(DEEP, fires_within_s=750)))
    assert runs.replayed == 1
    runs.judge(make_ground(DEEP), "another")
    assert runs.replayed == 1


@pytest.mark.parametrize(
    "text", ["", "[]", '{"trials": []}', '{"trials": {"a": 1}}', '{"trials": {"a": [1, 2, 3]}}']
)
def test_a_file_that_is_no_memory_is_none(runs: Runs, text: str) -> None:
    """It is written anew, and nobody hears of it."""
    runs.path.write_text(text)
    runs.judge(make_ground(DEEP))
    assert runs.replayed == 1
    runs.judge(make_ground(DEEP))
    assert runs.replayed == 0


def test_a_folder_that_cannot_be_written_costs_time_only(runs: Runs, tmp_path: Path) -> None:
    """As where a file has its name."""
    (tmp_path / "file").write_text("")
    runs.path = tmp_path / "file" / "trials.json"
    runs.judge(make_ground(DEEP))
    assert runs.replayed == 1
