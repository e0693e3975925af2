"""Rules that Prometheus would not load are refused, with file, line and group, by every command."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from support.whole_runs import CommandLine

from alertdrill.errors import BadRules, CouldNotTell
from alertdrill.rules.files import parse_rules
from alertdrill.rules.loading import demand_loadable
from alertdrill.runtime.binaries import Engines, Promtool

RULES = """\
groups:
- name: mine
  rules:
  - alert: Idle
    expr: requests == 0
- name: yours
  rules:
  - alert: Busy
    expr: requests > 4
    labels: {severity: page}
    annotations:
      summary: "{{ $value | humanize }} requests"
"""
UNKNOWN = RULES.replace("humanize", "humanizeBytes")
RECORDING = "requests 9 0\nrequests 9 15\n# EOF\n"
COMMANDS = (
    "dilate {rules} --speed 60",
    "replay {recording} --rules {rules}",
    "export {recording} --rules {rules} -o -",
    "judge {recording} --rules {rules} --drills {folder}",
    "page --all --rules {rules} --dry-run",
    "run --rules {rules}",
    "run --replay {recording} --rules {rules}",
    "up --rules {rules}",
    "record --prometheus http://127.0.0.1:9 --rules {rules} --start 0 --end 60 -o {folder}/x.om",
    "init --rules {rules} --metrics {recording} --out {folder}/new",
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.partition(" --rules")[0])
def test_every_command_refuses_a_template_with_an_unknown_function(
    alertdrill: CommandLine, tmp_path: Path, command: str
) -> None:
    """Exit code 2, and nothing was started; what only promtool knows is not asked for before."""
    rules, recording = tmp_path / "rules.yml", tmp_path / "morning.om"
    rules.write_text(UNKNOWN)
    recording.write_text(RECORDING)
    stated = command.format(rules=rules, recording=recording, folder=tmp_path)
    finished = alertdrill.run_here(*stated.split())
    assert finished.code == 2, finished.err
    where = f"{rules}:12: group 'yours': annotation summary of Busy"
    assert f"{where}: the function 'humanizeBytes' is not defined" in finished.err


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("requests > 4", "mad_over_time(requests[5m]) > 4", 8, "mad_over_time"),
        ("$value | humanize", "toDuration 1", 8, 'function "toDuration" not defined'),
    ],
)
def test_what_only_this_prometheus_does_not_load_is_found_by_its_promtool(
    engines: Engines, old: str, new: str, line: int, said: str
) -> None:
    """A function that is too new for it, or that wants a feature; both are others' rules."""
    files = [parse_rules(RULES, "rules.yml"), parse_rules(RULES.replace(old, new), "other.yml")]
    demand_loadable(engines, files[:1])
    with pytest.raises(BadRules) as refused:
        demand_loadable(engines, files)
    assert str(refused.value).startswith(f"other.yml:{line}: group 'yours': Busy: Prometheus ")
    assert said in str(refused.value)


def test_a_command_asks_promtool_about_what_it_would_not_evaluate(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """A replay renders no annotations unless they are asked for, and refuses one that cannot be loaded."""
    (tmp_path / "rules.yml").write_text(RULES.replace("$value | humanize", "toDuration 1"))
    (tmp_path / "morning.om").write_text(RECORDING)
    finished = alertdrill.run_here(
        "replay", str(tmp_path / "morning.om"), "--rules", str(tmp_path / "rules.yml")
    )
    assert finished.code == 2
    assert "rules.yml:8: group 'yours': Busy: Prometheus" in finished.err


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("echo 'fatal error: runtime: cannot allocate memory' >&2; exit 2", "(ulimit -v)"),
        ("kill -SEGV $$", "(ulimit -v)"),
        ("echo 'panic: nothing of yours' >&2; exit 2", "ended with exit code 2: panic: nothing of yours"),
        ("kill -KILL $$", "ended with signal 9"),
    ],
)
def test_a_promtool_that_ends_blames_no_rule(
    ending: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What says nothing of the rules is no verdict on them, and the limit that it met is named."""
    program = tmp_path / "promtool"
    program.write_text(f"#!/bin/sh\n{ending}\n")
    program.chmod(0o700)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_000_000_000, 1_000_000_000))
    tool = Promtool(promtool=program, versions={"prometheus": "3.5.3"})
    with pytest.raises(CouldNotTell) as raised:
        demand_loadable(tool, [parse_rules(RULES, "rules.yml")])
    assert said in str(raised.value)
