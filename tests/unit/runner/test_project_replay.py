"""A project's drills on recordings: one for each, that of a run, or one of any hours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.stranger import write_hour

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule, Expectation, Expected
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.files import read_recording, write_recording
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runtime.binaries import Engines

RULES = parse_rules(
    """\
groups:
- name: queues
  rules:
  - {alert: Deep, expr: depth > 100, for: 2m}
  - {alert: Low, expr: level > 3}
""",
    "rules.yml",
)
DEEP = Expectation(
    alert="Deep", labels={}, fires_after_s=700, fires_within_s=740, receiver="r", resolves_within_s=1220
)


def make_drill(name: str, *expects: Expected, lasts_s: float = 3000.0) -> Drill:
    """Return a drill that sends nothing."""
    return Drill(name=name, system="own", why="w", traffic=(), expects=expects, lasts_s=lasts_s)


def judge(path: Path, engines: Engines, *drills: Drill, among: tuple[Drill, ...] = ()) -> dict[str, Verdict]:
    """Return the verdicts on drills, by name."""
    replay = ProjectReplay(path, (RULES,), engines.promtool)
    return {verdict.drill: verdict for verdict in replay.judge(drills, (*drills, *among)).verdicts}


def write_run(folder: Path, **starts: float) -> Path:
    """Write what a run leaves: a recording, and where the drills stood in it."""
    write_hour(folder / "recording.om.gz")
    drills = [{"drill": name, "start_s": start_s} for name, start_s in starts.items()]
    (folder / "timeline.json").write_text(json.dumps({"drills": drills}))
    return folder / "recording.om.gz"


def test_each_drill_is_judged_on_its_own_recording(tmp_path: Path, engines: Engines) -> None:
    """What one lacks is said of it, and of no other; what fires unexpectedly is a finding of its drill."""
    write_hour(tmp_path / "deep.om.gz")
    write_hour(tmp_path / "low.om.gz", level=5.0)
    silent = BlindRule(alert="Deep", labels={}, after_s=1800)
    verdicts = judge(
        tmp_path, engines, make_drill("deep", DEEP), make_drill("low", silent), make_drill("absent", DEEP)
    )
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == {
        "deep": "unobserved",
        "low": "unmet",
        "absent": "unobserved",
    }
    assert verdicts["deep"].doubts == ()
    assert [one.alert for one in verdicts["low"].findings if one.outcome == "unexpected"] == ["Low"]
    assert verdicts["absent"].doubt.endswith("absent.om.gz: is not there, and absent is judged on it")


def test_a_runs_recording_whose_timeline_is_gone_is_pointed_at(tmp_path: Path, engines: Engines) -> None:
    """What was committed without it looks like a folder in which each drill lacks its own recording."""
    write_hour(tmp_path / "run.om.gz")
    verdicts = judge(tmp_path, engines, make_drill("deep", DEEP))
    assert verdicts["deep"].doubt.endswith(
        "; if run.om.gz is of a run, the run's timeline.json belongs beside it"
    )


def test_drills_are_placed_in_each_kind_of_recordings(tmp_path: Path, engines: Engines) -> None:
    """Each stands first among those that it was held with; one that cannot be judged has its reason."""
    write_hour(tmp_path / "folder" / "deep.om.gz")
    (tmp_path / "folder" / "made.json").write_text('{"schema": 1, "drills": {"deep": {"start_s": 300}}}')
    write_hour(tmp_path / "hours" / "any.om.gz")
    (tmp_path / "run").mkdir()
    run = write_run(tmp_path / "run", deep=100.0, other=200.0)
    deep, other, absent = (make_drill(name, DEEP, lasts_s=2000.0) for name in ("deep", "other", "absent"))
    found = {}
    for path in (tmp_path / "folder", tmp_path / "hours" / "any.om.gz", run):
        replay = ProjectReplay(path, (RULES,), engines.promtool)
        placed, refused = replay.place([deep, absent], [deep, other, absent])
        found[path.parent.name] = (
            [[(one.drill.name, one.start_s) for one in each.placements] for each in placed],
            sorted(refused),
        )
    assert found == {
        tmp_path.name: ([[("deep", 300.0)]], ["absent"]),
        "hours": (
            [
                [("deep", 0.0), ("other", 0.0), ("absent", 0.0)],
                [("absent", 0.0), ("deep", 0.0), ("other", 0.0)],
            ],
            [],
        ),
        "run": ([[("deep", 100.0), ("other", 200.0)]], ["absent"]),
    }


def test_what_cannot_be_placed_says_why(tmp_path: Path, engines: Engines) -> None:
    """A drill that lasts longer than the recording, and an alert that is right at another speed only."""
    run = write_run(tmp_path, deep=2000.0, fast=0.0)
    (tmp_path / "timeline.json").write_text(
        json.dumps({**json.loads((tmp_path / "timeline.json").read_text()), "mode": "project", "speed": 2})
    )
    replay = ProjectReplay(run, (RULES,), engines.promtool, {"Low": "it compares durations"})
    low = BlindRule(alert="Low", labels={})
    placed, refused = replay.place([make_drill("deep", DEEP), make_drill("fast", low)], [])
    assert placed == ()
    assert "lasts until" in refused["deep"]
    assert "it compares durations" in refused["fast"]


def test_made_json_says_where_a_drill_begins(tmp_path: Path, engines: Engines) -> None:
    """As it does of golden recordings; all times count from there."""
    write_hour(tmp_path / "deep.om.gz")
    (tmp_path / "made.json").write_text('{"schema": 1, "drills": {"deep": {"start_s": 300}}}')
    late = judge(tmp_path, engines, make_drill("deep", DEEP))["deep"]
    assert late.findings[0].observed["firing"] == 420
    replay = ProjectReplay(tmp_path, (RULES,), engines.promtool)
    assert (replay.find_lasts_s("deep"), replay.find_lasts_s("absent")) == (3300, None)


def test_drills_of_a_run_stand_where_it_held_them(tmp_path: Path, engines: Engines) -> None:
    """Its timeline.json says so. What it did not hold cannot be told."""
    path = write_run(tmp_path, deep=300.0, other=0.0)
    shifted = Expectation(
        alert="Deep", labels={}, fires_after_s=410, fires_within_s=430, receiver="r", resolves_within_s=910
    )
    verdicts = judge(path, engines, make_drill("deep", shifted), make_drill("unheld", DEEP))
    assert (verdicts["deep"].outcome, verdicts["deep"].doubts) == ("unobserved", ())
    assert "the run that this is of did not hold unheld" in verdicts["unheld"].doubt
    assert ProjectReplay(path, (RULES,), engines.promtool).find_lasts_s("deep") is None


@pytest.mark.parametrize(
    ("run", "is_judged"),
    [
        ({"mode": "project", "speed": 12}, False),
        ({"mode": "project", "speed": 1}, True),
        ({"mode": "embedded", "speed": 60}, True),
    ],
)
def test_what_is_right_at_speed_1_only_is_not_judged_on_a_run_at_another(
    tmp_path: Path, engines: Engines, run: dict[str, object], is_judged: bool
) -> None:
    """The gateway of a project runs in wall time; that of the house keeps rule time."""
    path = write_run(tmp_path, deep=0.0)
    timeline = tmp_path / "timeline.json"
    timeline.write_text(json.dumps({**json.loads(timeline.read_text()), **run}))
    replay = ProjectReplay(path, (RULES,), engines.promtool, {"Deep": "it reads the clock"})
    drill = make_drill("deep", DEEP)
    (verdict,) = replay.judge([drill], [drill]).verdicts
    said = "Deep is right at speed 1 only, and this run had 12: it reads the clock"
    assert verdict.doubts == (() if is_judged else (said,))


def test_of_an_alert_that_did_not_fire_it_is_said_how_near_it_came(tmp_path: Path, engines: Engines) -> None:
    """On every kind of recording."""
    low = make_drill("low", replace(DEEP, alert="Low"))
    write_hour(tmp_path / "each" / "low.om.gz")
    write_hour(tmp_path / "hours.om.gz")
    for path in (write_run(tmp_path / "run", low=0.0), tmp_path / "hours.om.gz", tmp_path / "each"):
        (finding,) = [one for one in judge(path, engines, low)["low"].findings if one.expectation is not None]
        assert finding.evidence == "never fired; the rule's value reached 67% of its threshold"


def test_what_another_drill_expects_is_nothing_unexpected(tmp_path: Path, engines: Engines) -> None:
    """Though that one is not judged: in a run, and in hours of a recording."""
    silent = make_drill("silent", BlindRule(alert="Low", labels={}))
    deep = make_drill("deep", DEEP)
    run = write_run(tmp_path / "run", silent=0.0, deep=0.0)
    write_hour(tmp_path / "hours.om.gz")
    for path in (run, tmp_path / "hours.om.gz"):
        assert set(judge(path, engines, silent)) == {"silent", "(unasked)"}
        assert set(judge(path, engines, silent, among=(deep,))) == {"silent"}


def test_one_drill_that_cannot_be_judged_leaves_the_others_their_verdicts(
    tmp_path: Path, engines: Engines
) -> None:
    """It says why, and its alerts are expected all the same."""
    path = tmp_path / "hours.om.gz"
    write_hour(path)
    too_long, unknown = (
        make_drill("long", DEEP, lasts_s=9000.0),
        make_drill("unknown", BlindRule(alert="Dep", labels={})),
    )
    verdicts = judge(
        path, engines, make_drill("silent", BlindRule(alert="Low", labels={})), too_long, unknown
    )
    assert verdicts.keys() == {"silent", "long", "unknown"}
    assert verdicts["silent"].outcome == "met"
    assert "lasts until 2:30:00 of the recording" in verdicts["long"].doubt
    assert "do you mean 'Deep'?" in verdicts["unknown"].doubt


def test_a_recording_that_lacks_what_the_rules_read_tells_nothing(tmp_path: Path, engines: Engines) -> None:
    """Of any drill."""
    write_hour(tmp_path / "hours.om.gz")
    rules: RuleFile = parse_rules("groups: [{name: g, rules: [{alert: Deep, expr: other > 1}]}]", "rules.yml")
    replay = ProjectReplay(tmp_path / "hours.om.gz", (rules,), engines.promtool)
    with pytest.raises(CouldNotTell, match=r"rules\.yml:1: Deep: reads other, which"):
        replay.judge([make_drill("deep", DEEP)], [])


def test_a_recording_that_cannot_be_read_is_refused(tmp_path: Path, engines: Engines) -> None:
    """It is named."""
    path = tmp_path / "hours.om"
    path.write_text("depth one\n# EOF\n")
    with pytest.raises(BadInput, match=r"hours\.om:1: "):
        judge(path, engines, make_drill("deep", DEEP))


def write_fast(path: Path, speed: float) -> None:
    """Write a recording of a run at a speed, on a gateway that runs in wall time."""
    write_hour(path)
    asked = ("depth", "level", "up")
    write_recording(replace(read_recording(path), selectors=asked, wall_speed=speed), path)


@pytest.mark.parametrize(("speed", "is_judged"), [(12, False), (1, True)])
def test_a_recording_alone_knows_its_speed(
    tmp_path: Path, engines: Engines, speed: float, is_judged: bool
) -> None:
    """Where it was put by itself, in a folder of recordings or not, its timeline is not beside it."""
    write_fast(tmp_path / "deep.om.gz", speed)
    for path in (tmp_path, tmp_path / "deep.om.gz"):
        replay = ProjectReplay(path, (RULES,), engines.promtool, {"Deep": "it reads the clock"})
        (verdict,) = replay.judge([make_drill("deep", DEEP)], []).verdicts
        said = "Deep is right at speed 1 only, and this run had 12: it reads the clock"
        assert (verdict.doubt == "") is is_judged
        assert verdict.doubt == ("" if is_judged else said)
        assert replay.find_doubt("Deep") == ("" if is_judged else said)


def test_rules_that_are_right_at_any_speed_are_judged_all_the_same(tmp_path: Path, engines: Engines) -> None:
    """The others are left out of the replay, so nothing of them is unexpected."""
    write_fast(tmp_path / "low.om.gz", 12)
    silent = BlindRule(alert="Low", labels={}, after_s=1800)
    replay = ProjectReplay(tmp_path, (RULES,), engines.promtool, {"Deep": "it reads the clock"})
    record = replay.judge([make_drill("low", silent)], [])
    assert [verdict.doubt for verdict in record.verdicts] == [""]
    assert {event.alert for event in record.timeline.events} <= {"Low"}
