"""Whole runs on an alertmanager.yml as somebody might have it: its templates, its intervals, its secrets."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.runtime.binaries import Generation, find_engines

PRODUCTION = Path(__file__).with_name("production")
CANARY = "CANARY"
DRILLS = ("paging-critical", "paging-inhibited", "paging-warning", "metis-auth-fires")
TOO_EARLY = "paging-info"
"""Its alert is for office hours too; it has fired and resolved when the office opens, and is never paged."""
MONDAY = "2026-07-06T12:52"
"""Eight minutes to nine in the morning in New York; the last drill is paged as it strikes, or later."""
MAX_BYTES = 16 * 1024 * 1024
"""Of a file that is looked into: Prometheus's are larger, and mostly holes."""
POLL_WALL_S = 0.5
RUN_WALL_S = 120.0


def use(alertdrill: CommandLine, generation: Generation) -> CommandLine:
    """Return the command line with the engines of a generation."""
    engines = find_engines(os.environ, generation=generation)
    programs = {
        "ALERTDRILL_PROMETHEUS": engines.prometheus,
        "ALERTDRILL_PROMTOOL": engines.promtool,
        "ALERTDRILL_ALERTMANAGER": engines.alertmanager,
        "ALERTDRILL_AMTOOL": engines.amtool,
    }
    environ = {**alertdrill.environ, **{name: str(path) for name, path in programs.items()}}
    return replace(alertdrill, environ=environ)


def find_canaries(folder: Path) -> list[str]:
    """Return the files below a folder that a secret is in, or is named after."""
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # a file of a running stack may be gone
            is_text = path.is_file() and path.stat().st_size <= MAX_BYTES
            if CANARY in path.name or (is_text and CANARY.encode() in path.read_bytes()):
                found.append(str(path.relative_to(folder)))
    return found


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
    assert finished.code == 1, finished.out + finished.err
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


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """Return a copy of the production config, to be changed."""
    folder = tmp_path / "production"
    shutil.copytree(PRODUCTION, folder)
    return folder


BAD: tuple[tuple[str, str, str, str], ...] = (
    ("unknown-receiver", "receiver: catch-all", "receiver: nobody", "'nobody' is stated nowhere"),
    ("missing-template", "templates/*.tmpl", "templates/none.tmpl", "templates/none.tmpl"),
    ("unknown-field", "group_wait: 30s", "group_weight: 30s", "the field group_weight"),
    ("unknown-interval", "[office-hours]", "[night-shifts]", "'night-shifts' is stated nowhere"),
    ("unknown-location", "America/New_York", "America/Atlantis", "America/Atlantis"),
    ("secret-that-is-no-yaml", "CANARY-smtp-password", "'CANARY-smtp-password", "the file is not YAML"),
)


def refuse(alertdrill: CommandLine, folder: Path, out: Path, said: str) -> str:
    """Hold that a run on a folder's config is refused with one sentence; return it."""
    config = str(folder / "alertmanager.yml")
    finished = alertdrill.run_here(
        "run", "paging-warning", "--alertmanager-config", config, "--out", str(out)
    )
    assert finished.code == 2, finished.out + finished.err
    assert finished.err.count("\n") == 1
    assert finished.err.startswith("alertdrill: ")
    assert said in finished.err
    assert CANARY not in finished.out + finished.err
    assert alertdrill.list_leftovers() == []
    assert find_canaries(out) == []
    return finished.err


@pytest.mark.parametrize(("old", "new", "said"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_a_bad_config_is_refused_with_a_sentence(
    alertdrill: CommandLine, production: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Exit 2, the file and the line, before anything is started."""
    config = production / "alertmanager.yml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))
    sentence = refuse(alertdrill, production, tmp_path / "out", said)
    assert re.match(rf"alertdrill: {re.escape(str(config))}:\d+: ", sentence)


def test_templates_that_include_each_other_are_refused(
    alertdrill: CommandLine, production: Path, tmp_path: Path
) -> None:
    """A cycle would end in Alertmanager running out of stack, at the first page."""
    with (production / "templates" / "pages.tmpl").open("a") as file:
        file.write('{{ define "mail.text" }}{{ template "mail.body" . }}{{ end }}\n')
        file.write('{{ define "mail.body" }}{{ template "mail.text" . }}{{ end }}\n')
    refuse(alertdrill, production, tmp_path / "out", "mail.body")


def test_a_field_that_this_alertmanager_does_not_know_is_refused(
    alertdrill: CommandLine, production: Path, tmp_path: Path
) -> None:
    """What is new since 0.25 is named with the version that does not have it."""
    config = production / "alertmanager.yml"
    channel = "channel: '#tickets'"
    config.write_text(config.read_text().replace(channel, f"{channel}\n        timeout: 9s"))
    sentence = refuse(
        use(alertdrill, Generation.OLDEST),
        production,
        tmp_path / "out",
        "does not know the field timeout",
    )
    assert "Alertmanager 0.25" in sentence
