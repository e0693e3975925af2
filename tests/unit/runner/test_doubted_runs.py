"""A run's recording is judged no surer than the run was, and by one rule, whoever judges it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.stranger import RULES, write_hour

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.core.verdict import Verdict
from alertdrill.mutation.grounds import make_recorded_ground
from alertdrill.mutation.replays import Held, replay_grounds
from alertdrill.recording.files import read_recording
from alertdrill.recording.replay.replay import Replay
from alertdrill.rules.files import parse_rules
from alertdrill.runner.held_run import find_held_run
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runner.recorded import judge_drills
from alertdrill.runtime.binaries import Engines

FILES = (parse_rules(RULES, "rules.yml"),)
FIRES = Expectation(
    alert="Deep", labels={}, fires_after_s=600, fires_within_s=640, receiver="r", resolves_within_s=1200
)
NEAR = NearMiss(alert="Low", labels={}, reaches=0.5, pending=False)
DEEP, LOW = (
    Drill(name=name, system="own", why="w", traffic=(), expects=(expected,), lasts_s=3000.0)
    for name, expected in (("deep", FIRES), ("low", NEAR))
)
PLACES = [{"drill": "deep", "start_s": 100.0}, {"drill": "low", "start_s": 100.0}]


def judge_everywhere(folder: Path, timeline: Mapping[str, Any], engines: Engines) -> Iterator[list[Verdict]]:
    """Yield the verdicts that pytest, `judge` and `gate` have of one recording."""
    path = folder / "recording.om.gz"
    write_hour(path)
    (folder / "timeline.json").write_text(json.dumps({"drills": PLACES, **timeline}))
    replay = ProjectReplay(path, FILES, engines.promtool)
    yield [*replay.judge([DEEP, LOW], [DEEP, LOW]).verdicts]
    run = find_held_run(path, [DEEP, LOW])
    assert run is not None
    recording = read_recording(path)
    yield [*judge_drills(recording, run.placements, FILES, engines.promtool, held=run).verdicts]
    placed, refused = replay.place([DEEP, LOW], [DEEP, LOW])
    assert refused == {}
    grounds = [make_recorded_ground(one.placements, one.recording, one.files, one.held) for one in placed]
    replays = replay_grounds(grounds, engines.promtool, lambda _: None, Held())
    yield [
        ground.judge(one.timeline)
        for ground, one in zip(grounds, replays, strict=True)
        if isinstance(one, Replay)
    ]


STALL = {"part": "scrapes:own", "from_s": 690.0, "until_s": 765.0}
DOUBTED = "the run that was recorded is doubted: scrapes came late"
UNTOLD = "the run that was recorded could not tell: calls were lost"
UNSEEN = "Prometheus got no samples of own from 9:50 to 11:05; whether it would have fired and resolved"


@pytest.mark.parametrize(
    ("timeline", "doubts"),
    [
        ({}, ["", ""]),
        ({"stalls": [STALL]}, [UNSEEN, "Prometheus got no samples of own"]),
        ({"doubts": ["scrapes came late"]}, [DOUBTED, DOUBTED]),
        (
            {
                "verdicts": [
                    {
                        "drill": "low",
                        "doubt": None,
                        "findings": [{"alert": "Low", "labels": {}, "doubt": "calls were lost"}],
                    }
                ]
            },
            ["", UNTOLD],
        ),
    ],
    ids=["trusted", "a part stalled", "the run is doubted", "a finding was not told"],
)
def test_one_recording_has_one_verdict(
    tmp_path: Path, engines: Engines, timeline: dict[str, Any], doubts: list[str]
) -> None:
    """The same doubts in pytest, `judge` and `gate`; near misses are doubted as what fires is."""
    for verdicts in judge_everywhere(tmp_path, timeline, engines):
        said = ["; ".join(verdict.doubts) for verdict in verdicts]
        assert [one.drill for one in verdicts] == ["deep", "low"]
        assert [
            text.startswith(doubt) and bool(text) == bool(doubt)
            for text, doubt in zip(said, doubts, strict=True)
        ] == [
            True,
            True,
        ], said
        assert [one.outcome for one in verdicts] == ["unobserved", "unobserved" if doubts[1] else "met"]
