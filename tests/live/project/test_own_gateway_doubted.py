"""Drills of a project on a gateway that is a bad one: no verdict is green, and nobody's rule is blamed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.own_project import DRILLS, KEY_VARIABLE, QUICK, SPEED, hold, write_own_project
from support.whole_runs import CommandLine

pytestmark = pytest.mark.long


def test_a_scrape_that_is_refused_is_named(own: CommandLine, tmp_path: Path) -> None:
    """The metrics want a key that the project does not give: no drill is held, and nobody's rule blamed."""
    write_own_project(tmp_path, misbehave="locked-metrics")
    held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.said
    assert "could not scrape the job shop" in held.err
    assert "401" in held.err


def test_a_gateway_that_is_too_slow_for_its_drills_is_doubted(own: CommandLine, tmp_path: Path) -> None:
    """It answers 7 calls a second, and is sent 20: it cannot be told what it would do."""
    write_own_project(tmp_path, misbehave="slow", interval="5s", drills=QUICK.replace("RATE", "20/s"))
    held = hold(own, tmp_path)
    assert held.code == 3, held.said
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
                counted.exists() and json.loads(counted.read_text())["profiles"]["some-errors"]["sent"] > 30
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
    assert held.code in {1, 3}, held.said


def test_a_quiet_drill_whose_calls_are_all_refused_is_not_met(own: CommandLine, tmp_path: Path) -> None:
    """The key is wrong: nothing fires, and that proves nothing."""
    write_own_project(tmp_path, drills=QUICK.replace("RATE", "0.5/s"))
    stranger = replace(own, environ={**own.environ, KEY_VARIABLE: "another-key"})
    held = hold(stranger, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.said
    assert "not one call of nothing was answered as its scenario wants (30 times 401: " in held.out


def test_a_gateway_that_refuses_the_warm_up_ends_the_run_before_the_quiet_lead(
    own: CommandLine, tmp_path: Path
) -> None:
    """A drill that makes calls fail does not explain it, and no alert is blamed; no secret is said."""
    write_own_project(tmp_path, is_warmed_up=True)
    stranger = replace(own, environ={**own.environ, KEY_VARIABLE: "another-key"})
    held = hold(stranger, tmp_path, "provider-outage", "--speed", SPEED)
    assert held.code == 3, held.said
    assert "not one of 2 calls of the warm-up, steady for gpt-4.1, was answered as its scenario" in held.err
    assert "(2 times 401: " in held.err
    assert "another-key" not in held.err
    assert "quiet lead" not in held.out


def test_nobody_is_taken_for_the_gateway(own: CommandLine, tmp_path: Path) -> None:
    """Somebody listens where the project starts its own: it is said, and nothing is started."""
    write_own_project(tmp_path)
    project = tomllib.loads((tmp_path / "alertdrill.toml").read_text())
    with socket.create_server(("127.0.0.1", urlsplit(project["target"]["url"]).port)):
        held = hold(own, tmp_path, "--speed", SPEED)
    assert held.code == 3, held.said
    assert "somebody listens at" in held.err
    assert not list((tmp_path / "out").rglob("*.log"))
