"""Which rules `alertdrill judge` judges on the recording of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alertdrill.cli.commands.judge import leave_out_unfit
from alertdrill.core.drill import Drill
from alertdrill.core.expectation import NearMiss
from alertdrill.errors import CouldNotTell
from alertdrill.rules.files import parse_rules

FILES = (
    parse_rules(
        "groups: [{name: g, rules: [{alert: Old, expr: 'time() - started_timestamp_seconds > 5'}, "
        "{alert: Failing, expr: 'rate(x_total[5m]) > 1'}]}]",
        "rules.yml",
    ),
)


def make_drill(alert: str) -> Drill:
    """Return a drill of one alert."""
    near = NearMiss(alert=alert, labels={}, reaches=0.5, pending=False)
    return Drill(name="d", system="own", traffic=(), expects=(near,), why="", lasts_s=60)


def write_timeline(folder: Path, document: object) -> Path:
    """Write what stands beside a recording; return where the recording would be."""
    (folder / "timeline.json").write_text(json.dumps(document))
    return folder / "recording.om.gz"


@pytest.mark.parametrize(
    "document",
    [{"mode": "project", "speed": 1}, {"mode": "embedded", "speed": 60}, {"mode": "project"}, [], "text"],
)
def test_on_any_other_recording_all_rules_are_judged(tmp_path: Path, document: object) -> None:
    """At speed 1, of a gateway that keeps rule time, and beside a file that is something else."""
    path = write_timeline(tmp_path, document)
    assert leave_out_unfit(path, FILES, [make_drill("Old")]) == FILES
    assert leave_out_unfit(tmp_path / "none" / "hours.om", FILES, []) == FILES


def test_what_is_right_at_speed_1_only_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On rule time the gateway's clock readings are nonsense: it would be called unexpected."""
    path = write_timeline(tmp_path, {"mode": "project", "speed": 12})
    (left,) = leave_out_unfit(path, FILES, [make_drill("Failing")])
    assert [rule.name for rule in left.alerts] == ["Failing"]
    assert "left out: Old is right at speed 1 only, and this run had 12" in capsys.readouterr().err
    with pytest.raises(CouldNotTell, match="d: Old is right at speed 1 only"):
        leave_out_unfit(path, FILES, [make_drill("Old")])
