"""A stack of containers that is up already: used and left as it was, whole, interrupted, and by half."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.compose_project import Compose
from support.whole_runs import CommandLine

from alertdrill.core.parts import PARTS

pytestmark = pytest.mark.long

QUICK = "mana_llm-down-near-for"
RESTARTS = "mana_llm-down-fires"
WITHIN_S = 300.0


def test_a_stack_that_is_up_is_used_and_left(
    compose: Compose, alertdrill: CommandLine, tmp_path: Path
) -> None:
    """Twice, for each run begins with a stack that nobody has used; it is up afterwards as before."""
    compose.up()
    ours, out = ("run", "--stack", "compose", "--project", compose.name), tmp_path / "out"
    for _ in range(2):
        finished = alertdrill.run_until_told(*ours, QUICK, out=out, timeout_s=WITHIN_S)
        assert finished.code == 0, finished.said
    assert {compose.list_states()[part] for part in PARTS} == {"running"}
    refused = alertdrill.run(*ours, "--out", str(out), RESTARTS)
    assert refused.code == 2
    assert "ALERTDRILL_GATEWAY_PORT" in refused.err


def test_an_interrupted_run_puts_its_outage_right(
    compose: Compose, alertdrill: CommandLine, tmp_path: Path
) -> None:
    """Ctrl-C while the gateway is paused: exit 3, and the gateway runs."""
    compose.up()
    arguments = ("--project", compose.name, "--out", str(tmp_path / "out"), "--speed", "10", QUICK)
    with alertdrill.start("run", "--stack", "compose", *arguments) as process:
        await_state(compose, "gateway", "paused", process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "interrupted" in said
    assert compose.list_states()["gateway"] == "running"


def await_state(compose: Compose, service: str, state: str, process: subprocess.Popen[str]) -> None:
    """Wait until a container is in a state, while the run goes on."""
    give_up_at = time.monotonic() + WITHIN_S
    while compose.list_states().get(service) != state:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


def test_half_a_stack_is_refused(compose: Compose, alertdrill: CommandLine, tmp_path: Path) -> None:
    """A project that lacks parts cannot be drilled, and the sentence says which."""
    assert compose.run("up", "--detach", "--build", "--wait", "pager").code == 0
    refused = alertdrill.run(
        *("run", "--stack", "compose", "--project", compose.name, "--out", str(tmp_path / "out"), QUICK)
    )
    assert refused.code == 2
    assert "without gateway, prometheus" in refused.err
