"""Drills of a project on its own gateway, which runs in wall time: held, and not fooled by a bad one."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.own_project import DRILLS, KEY, KEY_VARIABLE, write_own_project
from support.whole_runs import CommandLine, Finished

SPEED = "30"
QUICK = """\
drills:
  - name: nothing
    why: Calls that succeed.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: RATE, lasts: 1m}
    expect: []
    lasts: 2m
"""


@pytest.fixture
def own(alertdrill: CommandLine) -> CommandLine:
    """Return the command line with the gateway's key in its environment."""
    return replace(alertdrill, environ={**alertdrill.environ, KEY_VARIABLE: KEY})


def hold(own: CommandLine, folder: Path, *arguments: str) -> Finished:
    """Hold a project's drills."""
    return own.run(
        "run", "--project-file", str(folder / "alertdrill.toml"), "--out", str(folder / "out"), *arguments
    )


def read_timeline(folder: Path) -> dict[str, Any]:
    """Return what a run left."""
    timeline: dict[str, Any] = json.loads((folder / "out" / "timeline.json").read_text())
    return timeline


def test_an_alert_of_somebodys_own_fires_pages_and_resolves(own: CommandLine, tmp_path: Path) -> None:
    """The gateway is started by the project; a fire and a near miss are met, and the replay agrees."""
    write_own_project(tmp_path)
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.out + held.err
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
    assert held.code == 1, held.out + held.err
    (verdict,) = read_timeline(tmp_path)["verdicts"]
    assert [finding["outcome"] for finding in verdict["findings"]] == ["missing"]


def test_a_scrape_that_is_refused_is_named(own: CommandLine, tmp_path: Path) -> None:
    """The metrics want a key that the project does not give: no drill is held, and nobody's rule blamed."""
    write_own_project(tmp_path, misbehave="locked-metrics")
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.out + held.err
    assert "could not scrape the job shop" in held.err
    assert "401" in held.err


def test_a_scrape_with_its_key_is_let_in(own: CommandLine, tmp_path: Path) -> None:
    """The key is read from the environment, and stands in no file that is left."""
    write_own_project(
        tmp_path, misbehave="locked-metrics", scrape_key=True, drills=QUICK.replace("RATE", "0.5/s")
    )
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.out + held.err
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(KEY.encode() in path.read_bytes() for path in left if path.suffix != ".gz")


def test_a_gateway_that_is_too_slow_for_its_drills_is_doubted(own: CommandLine, tmp_path: Path) -> None:
    """It answers 7 calls a second, and is sent 20: it cannot be told what it would do."""
    write_own_project(tmp_path, misbehave="slow", interval="5s", drills=QUICK.replace("RATE", "20/s"))
    held = hold(own, tmp_path)
    assert held.code == 3, held.out + held.err
    assert "the gateway, or this machine, is too slow" in held.err


def test_a_gateway_that_starts_anew_in_mid_run_is_doubted(own: CommandLine, tmp_path: Path) -> None:
    """Its counters begin anew: what the rules saw of it cannot be trusted."""
    environ = {**os.environ, **own.environ}
    command = write_own_project(tmp_path, is_started=False)
    arguments = ("run", "--project-file", str(tmp_path / "alertdrill.toml"), "--out", str(tmp_path / "out"))
    gateway = subprocess.Popen(command, env=environ)
    try:
        with own.start(*arguments, "some-errors", "--speed", SPEED) as run:
            counted = tmp_path / "out" / "logs" / "traffic.json"
            give_up_at = time.monotonic() + 60
            while not (
                counted.exists() and json.loads(counted.read_text())["profiles"]["some-errors"]["sent"] > 60
            ):
                assert run.poll() is None
                assert time.monotonic() < give_up_at
                time.sleep(0.1)
            gateway.kill()
            gateway.wait()
            gateway = subprocess.Popen(command, env=environ)
            out, err = run.communicate(timeout=120)
    finally:
        gateway.kill()
        gateway.wait()
    assert run.returncode == 3, out + err
    assert "began anew" in out


def test_metrics_that_appear_late_make_no_verdict_green(own: CommandLine, tmp_path: Path) -> None:
    """For ten minutes of rule time nothing is shown: a near miss that nobody saw is not met."""
    write_own_project(tmp_path, misbehave="late-metrics", drills=DRILLS)
    held = hold(own, tmp_path, "some-errors", "--speed", "60")
    assert held.code in {1, 3}, held.out + held.err


def test_a_rule_that_reads_the_clock_stops_no_run(own: CommandLine, tmp_path: Path) -> None:
    """It is not evaluated at a speed, though it would fire all the time; what it reads is recorded."""
    write_own_project(tmp_path, drills=QUICK.replace("RATE", "0.5/s"))
    rules = tmp_path / "rules.yml"
    clock = '      - {alert: Old, expr: "time() - own_requests_created > 0"}\n'
    rules.write_text(rules.read_text() + clock)
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 0, held.out + held.err
    notes = (tmp_path / "out" / "report.html").read_text()
    assert "Old: right at speed 1 only" in notes
    recorded = gzip.decompress((tmp_path / "out" / "recording.om.gz").read_bytes())
    assert b"own_requests_created{" in recorded


def test_a_quiet_drill_whose_calls_are_all_refused_is_not_met(own: CommandLine, tmp_path: Path) -> None:
    """The key is wrong: nothing fires, and that proves nothing."""
    write_own_project(tmp_path, drills=QUICK.replace("RATE", "0.5/s"))
    stranger = replace(own, environ={**own.environ, KEY_VARIABLE: "another-key"})
    held = hold(stranger, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.out + held.err
    assert "not one call of nothing was answered as its scenario wants (30 times 401: " in held.out


def test_nobody_is_taken_for_the_gateway(own: CommandLine, tmp_path: Path) -> None:
    """Somebody listens where the project starts its own: it is said, and nothing is started."""
    write_own_project(tmp_path)
    project = tomllib.loads((tmp_path / "alertdrill.toml").read_text())
    with socket.create_server(("127.0.0.1", urlsplit(project["target"]["url"]).port)):
        held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.out + held.err
    assert "somebody listens at" in held.err
    assert not list((tmp_path / "out").rglob("*.log"))
