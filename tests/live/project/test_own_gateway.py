"""Drills of a project on its own gateway, which runs in wall time, are held and judged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from support.own_project import KEY, QUICK, SPEED, hold, read_timeline, write_own_project
from support.whole_runs import CommandLine

pytestmark = pytest.mark.long


def test_an_alert_of_somebodys_own_fires_pages_and_resolves(own: CommandLine, tmp_path: Path) -> None:
    """The gateway is started by the project; a fire and a near miss are met, and the replay agrees."""
    write_own_project(tmp_path, is_warmed_up=True)
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.said
    timeline = read_timeline(tmp_path)
    assert [verdict["outcome"] for verdict in timeline["verdicts"]] == ["met", "met"]
    assert timeline["mode"] == "project"
    assert [one["kind"] for one in timeline["agreement"]["instants"]] == ["pending", "firing", "resolved"]
    assert (tmp_path / "out" / "logs" / "provider-openai.log").exists()
    assert KEY not in (tmp_path / "out" / "logs" / "traffic-plan.json").read_text()


def test_a_rule_that_cannot_see_errors_in_bodies_is_unmet(own: CommandLine, tmp_path: Path) -> None:
    """A gateway that answers 200 whatever befalls: the alert does not fire, and that is a finding."""
    write_own_project(tmp_path, misbehave="errors-in-body")
    held = hold(own, tmp_path, "provider-outage", "--speed", SPEED)
    assert held.code == 1, held.said
    (verdict,) = read_timeline(tmp_path)["verdicts"]
    assert [finding["outcome"] for finding in verdict["findings"]] == ["missing"]


def test_a_scrape_with_its_key_is_let_in(own: CommandLine, tmp_path: Path) -> None:
    """The key is read from the environment, and stands in no file that is left."""
    write_own_project(
        tmp_path, misbehave="locked-metrics", scrape_key=True, drills=QUICK.replace("RATE", "0.5/s")
    )
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.said
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(KEY.encode() in path.read_bytes() for path in left if path.suffix != ".gz")


def test_a_rule_that_reads_the_clock_stops_no_run(own: CommandLine, tmp_path: Path) -> None:
    """It is not evaluated at a speed, though it would fire all the time; what it reads is recorded."""
    write_own_project(tmp_path, drills=QUICK.replace("RATE", "0.5/s"))
    rules = tmp_path / "rules.yml"
    clock = '      - {alert: Old, expr: "time() - own_requests_created > 0"}\n'
    rules.write_text(rules.read_text() + clock)
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.said
    notes = (tmp_path / "out" / "report.html").read_text()
    assert "Old: right at speed 1 only" in notes
    recorded = gzip.decompress((tmp_path / "out" / "recording.om.gz").read_bytes())
    assert b"own_requests_created{" in recorded
