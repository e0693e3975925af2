"""Whole runs on an alertmanager.yml as somebody might have it: its templates, its intervals, its secrets."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.production_config import CANARY, PRODUCTION, find_canaries, use
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.runtime.binaries import Generation

pytestmark = pytest.mark.long

DRILLS = ("paging-critical", "paging-inhibited", "paging-warning", "metis-auth-fires")
TOO_EARLY = "paging-info"
"""Its alert is for office hours too; it has fired and resolved when the office opens, and is never paged."""
MONDAY = "2026-07-06T12:52"
"""Eight minutes to nine in the morning in New York; the last drill is paged as it strikes, or later."""
POLL_WALL_S = 0.5
RUN_WALL_S = 120.0


def find_told_canaries(process: psutil.Process) -> list[str]:
    """Return the processes that were told a secret, in their command lines or environments."""
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            if CANARY in " ".join(child.cmdline()) or CANARY in " ".join(child.environ().values()):
                found.append(child.name())
    return found


def run_and_look(alertdrill: CommandLine, leaks: set[str], *arguments: str) -> Finished:
    """Run a command to its end, and add where secrets were while it ran."""
    give_up_at = time.monotonic() + RUN_WALL_S
    with alertdrill.start(*arguments) as process:
        while process.poll() is None and time.monotonic() < give_up_at:
            leaks.update(find_canaries(alertdrill.temporary))
            leaks.update(find_told_canaries(psutil.Process(process.pid)))
            time.sleep(POLL_WALL_S)
        out, err = process.communicate(timeout=POLL_WALL_S)
    return Finished(code=process.returncode, out=out, err=err)


def read_timeline(out: Path) -> dict[str, Any]:
    """Return what timeline.json says."""
    timeline: dict[str, Any] = json.loads((out / "timeline.json").read_text())
    return timeline


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_a_production_config_is_drilled_as_it_is(
    alertdrill: CommandLine, tmp_path: Path, generation: Generation
) -> None:
    """Its drills are met with its own routes, templates and intervals, and no secret shows anywhere.

    Before nine in New York nothing is written to the log, and the verdict says that the alert was muted.
    """
    out = tmp_path / "out"
    config = PRODUCTION / "alertmanager.yml"
    assert config.read_text().count(CANARY) >= 9
    command = use(alertdrill, generation)
    leaks: set[str] = set()
    run = ("run", *DRILLS, TOO_EARLY, "--speed", "60", "--alertmanager-config", str(config))
    run = (*run, "--calendar", MONDAY, "--out", str(out))
    finished = run_until_told(lambda slower: run_and_look(command, leaks, *run, *slower), out)
    assert finished.code == 1, finished.said
    timeline = read_timeline(out)
    outcomes = {verdict["drill"]: verdict["outcome"] for verdict in timeline["verdicts"]}
    assert outcomes == {**dict.fromkeys(DRILLS, "met"), TOO_EARLY: "unmet"}, finished.out
    said = re.sub(r"\s+", " ", finished.out)
    assert "no page arrived: Alertmanager suppressed it: muted by" in said
    muted = {span["alert"] for span in timeline["held_back"] if span["why"] == "muted"}
    assert "MetisSpendInfo" in muted
    assert leaks == set()
    assert find_canaries(out) == []
    assert CANARY not in finished.out + finished.err
    assert alertdrill.list_leftovers() == []
    told = {
        (notification["receiver"], notification["integration"], notification["status"]): notification
        for notification in timeline["notices"]
        if notification["is_accepted"]
    }
    assert told["paging-oncall", "opsgenie", "firing"]["text"] == (
        "Runbook of MetisSpendCritical: docs/explanation/paging.md#what-is-drilled"
    )
    assert told["paging-oncall", "pagerduty", "firing"]["title"].startswith("[FIRING] Key paging-")
    assert told["paging-channel", "slack", "firing"]["text"].startswith("From our own template: The ")
    assert told["paging-mail", "email", "firing"]["title"] == "FIRING: MetisSpendWarning of billing"
    assert told["metis-ticket", "slack", "resolved"]["title"].startswith("Ticket: MetisGatewayAuthFailure")
