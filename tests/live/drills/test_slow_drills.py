"""The drills that want a low speed, because a pause of the machine would decide their verdict.

They are held with EVERY=1, since they take four minutes. Without it, tests hold that a run of all drills
leaves them out and says so, that they are held at their own speed when named (test_obstacles.py), and that
the rules meet them on their golden recordings (test_recordings.py).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.drill_subset import HOLDS_EVERY
from support.whole_runs import CommandLine, run_until_told

from alertdrill.systems.catalogue import list_drills, override_values

DRILLS = {drill.name for drill in list_drills(override_values(())) if drill.max_speed is not None}
WITHIN_S = 600.0


@pytest.mark.skipif(not HOLDS_EVERY, reason="takes four minutes: EVERY=1 holds it")
def test_slow_drills_are_met(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Asked for by name, they are held at their own speed."""
    out = tmp_path / "out"
    finished = run_until_told(
        lambda _slower: alertdrill.run("run", *DRILLS, "--out", str(out), timeout_s=WITHIN_S), out
    )
    assert finished.code == 0, finished.said
    timeline = json.loads((out / "timeline.json").read_text())
    assert timeline["speed"] == 5
    assert {verdict["drill"]: verdict["outcome"] for verdict in timeline["verdicts"]} == dict.fromkeys(
        DRILLS, "met"
    )
