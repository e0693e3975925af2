"""Tests of confirming a run with the replay of its recording, on promtool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.recorded import make_recording, scrape

import alertdrill.runner.replay_check
from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule
from alertdrill.core.timeline import Event, EventKind, Timeline
from alertdrill.judging.judge import judge
from alertdrill.judging.replay_agreement import Agreement
from alertdrill.rules.files import parse_rules
from alertdrill.runner.replay_check import confirm, list_doubts, record_and_confirm

FILES = tuple(
    parse_rules(
        f"groups:\n  - name: {name}\n    rules:\n"
        f"      - {{alert: {name}, expr: {metric} > 1, for: 30s, labels: {{severity: page}}}}\n",
        f"{name}.yml",
    )
    for name, metric in (("Hot", "heat"), ("Wet", "rain"))
)
RECORDING = make_recording(
    scrape("heat", [0] * 4 + [2] * 8 + [0] * 28, begin_ms=7_000),
    scrape("rain", [0] * 10 + [2] * 4 + [0] * 26, begin_ms=3_000),
    until_s=600,
)


@pytest.fixture(params=GENERATIONS, ids=str)
def promtool(request: pytest.FixtureRequest) -> Path:
    """Return promtool of each generation in turn."""
    return find_promtool(request.param)


CLOCK = Clock(speed=60.0, origin_s=0.0)


def make_event(kind: EventKind, alert: str, at_s: float) -> Event:
    """Return an event of an alert with its rule's label."""
    return Event(at_s=at_s, kind=kind, alert=alert, labels={"severity": "page"})


LIVE = Timeline(
    mode="embedded",
    speed=60,
    until_s=600,
    observed=frozenset({"pending", "firing", "resolved"}),
    events=(
        make_event("pending", "Hot", 68),
        make_event("firing", "Hot", 98),
        make_event("pending", "Wet", 158),
        make_event("firing", "Wet", 188),
        make_event("resolved", "Hot", 188),
        replace(make_event("paged", "Wet", 200), receiver="pager"),
        make_event("resolved", "Wet", 218),
    ),
)


def agree(live: Timeline, promtool: Path) -> Agreement:
    """Confirm a run with the recording."""
    return confirm(RECORDING, FILES, live, promtool, pendings={})


def test_a_run_that_did_what_its_rules_do_is_confirmed(promtool: Path) -> None:
    """Every pending, firing and resolved instant is compared, of all files, and pages are not."""
    found = agree(LIVE, promtool)
    assert (len(found.instants), found.beyond, found.notes) == (6, (), ())
    assert found.largest_s == 0


def test_a_run_that_did_otherwise_is_doubted(promtool: Path) -> None:
    """What is beyond the bound is said with the drill, the alert, and both instants."""
    events = [replace(e, at_s=300) if (e.kind, e.alert) == ("firing", "Wet") else e for e in LIVE.events]
    late = replace(LIVE, events=tuple(event for event in events if event.kind != "resolved"))
    drill = Drill(
        name="rainy",
        system="s",
        traffic=(),
        expects=(BlindRule(alert="Wet", labels={}),),
        why="",
        lasts_s=600,
    )
    said = list_doubts(agree(late, promtool), [Placement(drill=drill, start_s=0)])
    assert (
        'rainy: the rules as they are do otherwise on the run\'s recording: Wet{severity="page"} '
        "firing at 5:00 live and at 3:08 in the replay, bound 0:30"
    ) in said
    assert any(one.startswith("beside the drills: ") and "resolved never live" in one for one in said)


def test_an_alert_of_one_side_only_is_a_difference(promtool: Path) -> None:
    """A whole activation that the live run did not have is a difference."""
    without = replace(LIVE, events=tuple(event for event in LIVE.events if event.alert == "Hot"))
    assert [instant.kind for instant in agree(without, promtool).beyond] == ["pending", "firing", "resolved"]


def test_rules_that_cannot_be_replayed_are_left_out_with_a_note(promtool: Path) -> None:
    """The other rules are compared, and the note says which rule and why."""
    broken = parse_rules(
        "groups:\n  - name: g\n    rules:\n      - {alert: Bad, expr: up * on() group_left() up}\n", "bad.yml"
    )
    recording = replace(
        RECORDING,
        series=(*RECORDING.series, *(scrape("up", [1] * 40, labels={"job": job}) for job in ("a", "b"))),
    )
    found = confirm(recording, [*FILES, broken], LIVE, promtool, pendings={})
    assert (len(found.instants), found.beyond) == (6, ())
    assert len(found.notes) == 1
    assert "Bad" in found.notes[0]


def test_a_replay_that_was_killed_is_a_doubt_and_leaves_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing compared is no agreement: the sentence names the log, which is there."""
    killed = tmp_path / "promtool"
    killed.write_text("#!/bin/sh\necho half a word\nkill -9 $$\n")
    killed.chmod(0o755)
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(alertdrill.runner.replay_check, "record_run", lambda *_: RECORDING)
    monkeypatch.setattr(alertdrill.runner.replay_check, "read_pendings", lambda *_: {})
    anything: Any = None
    said = record_and_confirm(
        anything, FILES, CLOCK, LIVE, [], tmp_path / "recording.om.gz", killed, tmp_path / "logs"
    )
    log = tmp_path / "logs" / "promtool.log"
    assert said.agreement is None
    assert said.doubts == (
        "the run could not be compared with a replay of its recording: promtool was ended by SIGKILL "
        f'("half a word"); its log is {log}',
    )
    assert log.read_text() == "half a word\n"


def test_rules_none_of_which_can_be_replayed_agree_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a note, and neither agreement nor doubt."""
    broken = parse_rules(
        "groups:\n  - name: g\n    rules:\n      - {alert: Bad, expr: up * on() group_left() up}\n", "bad.yml"
    )
    up = tuple(scrape("up", [1] * 40, labels={"job": job}) for job in ("a", "b"))
    monkeypatch.setattr(
        alertdrill.runner.replay_check, "record_run", lambda *_: replace(RECORDING, series=up)
    )
    monkeypatch.setattr(alertdrill.runner.replay_check, "read_pendings", lambda *_: {})
    anything: Any = None
    promtool = find_promtool(GENERATIONS[-1])
    said = record_and_confirm(
        anything, [broken], CLOCK, LIVE, [], Path("recording.om.gz"), promtool, Path("logs")
    )
    assert (said.agreement, said.doubts) == (None, ())
    assert "Bad" in said.notes["replay"]


def test_many_doubts_are_counted() -> None:
    """Only the first differences are said one by one."""
    nothing = replace(LIVE, events=())
    said = list_doubts(agree(nothing, find_promtool(GENERATIONS[-1])), [])
    assert len(said) == 6
    assert said[-1] == "run and replay disagree about 1 more instants"


@pytest.mark.parametrize(
    ("labels", "doubt"),
    [
        ({"job": "a"}, ""),
        ({"severity": "page"}, ""),
        ({"job": "A"}, 'no series in the run has job="A", so no alert could have it'),
    ],
)
def test_a_rule_is_blind_in_a_run_only_for_labels_that_something_had(
    monkeypatch: pytest.MonkeyPatch, labels: dict[str, str], doubt: str
) -> None:
    """A misspelt label would be silent whatever happens; one that the rule states is none."""
    up = tuple(scrape("up", [1] * 40, labels={"job": job}) for job in ("a", "b"))
    monkeypatch.setattr(
        alertdrill.runner.replay_check, "record_run", lambda *_: replace(RECORDING, series=up)
    )
    anything: Any = None
    nothing = replace(LIVE, events=())
    said = record_and_confirm(anything, FILES, CLOCK, nothing, [], Path("r.om.gz"), None, Path("logs"))
    assert said.notes["replay"] == "the recording is not replayed without promtool"
    blind = Drill(
        name="d",
        system="s",
        traffic=(),
        expects=(BlindRule(alert="Wet", labels=labels),),
        why="",
        lasts_s=600,
    )
    (verdict,) = said.doubt_blind([judge(blind, nothing)], [rule for file in FILES for rule in file.alerts])
    assert [(one.outcome, one.doubt) for one in verdict.findings] == [
        ("unobserved" if doubt else "met", doubt)
    ]
    unrecorded = replace(said, seen=None)
    (verdict,) = unrecorded.doubt_blind([judge(blind, nothing)], [])
    assert verdict.outcome == "met"
