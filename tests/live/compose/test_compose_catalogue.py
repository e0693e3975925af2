"""The catalogue on containers: the same verdicts as on local processes, where all drills are met.

It is the fewest drills that do everything once, or all with EVERY=1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.compose_project import Compose
from support.drill_subset import HOLDS_EVERY, choose_held
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.core.parts import PARTS
from alertdrill.systems.catalogue import list_drills, override_values

WITHIN_S = 900.0
FORM = {"schema", "mode", "speed", "until_s", "engines", "events", "verdicts"}


def list_met(out: Path) -> set[str]:
    """Return the drills that a run has proved: none, if the run as a whole is in doubt or has no reports."""
    path = out / "timeline.json"
    timeline = json.loads(path.read_text()) if path.exists() else {"doubts": ["there is none"]}
    if timeline["doubts"]:
        return set()
    return {verdict["drill"] for verdict in timeline["verdicts"] if verdict["outcome"] == "met"}


@pytest.mark.alone  # as tests/live/drills/test_every_drill.py
def test_drills_are_met_on_containers(compose: Compose, alertdrill: CommandLine, tmp_path: Path) -> None:
    """Brought up and taken down by the run; nothing is left, and every container's log is there."""
    out = tmp_path / "out"
    drills = {
        drill.name
        for drill in choose_held(
            drill
            for drill in list_drills(override_values(()))
            if drill.alertmanagers == 1
            and drill.max_speed is None
            and all(outage.how != "unlist" for outage in drill.outages)
        )
    }
    # A run of all is asked for without names: that it leaves out what it cannot hold is held, too.
    named = () if HOLDS_EVERY else sorted(drills)
    met: set[str] = set()

    def hold(slower: Sequence[str]) -> Finished:
        """Hold all, or, the second time, those of which nobody could tell."""
        ours = ("run", *(sorted(drills - met) if met else named), "--stack", "compose")
        held = alertdrill.run(
            *ours, "--project", compose.name, *slower, "--out", str(out), timeout_s=WITHIN_S
        )
        met.update(list_met(out))
        return held

    finished = run_until_told(hold, out)
    assert finished.code == 0, finished.said
    assert compose.list_leftovers() == []
    timeline = json.loads((out / "timeline.json").read_text())
    assert set(timeline) >= FORM
    assert timeline["mode"] == "compose"
    assert set(timeline["engines"]) == {"prometheus", "alertmanager"}
    assert met == drills
    logs = {path.stem: path.stat().st_size for path in (out / "logs").glob("*.log")}
    assert all(logs[part] > 0 for part in (*PARTS, "prepare", "compose"))
    report = (out / "report.html").read_text()
    assert all(f"logs/{part}.log" in report for part in PARTS)
