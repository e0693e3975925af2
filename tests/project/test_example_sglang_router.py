"""The example for SGLang's router, without the router: drills on its recording, findings, runbook."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.example_projects import EXAMPLES
from support.whole_runs import CommandLine

import alertdrill.pytest_plugin
from alertdrill.project.reading import read_project
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Generation

EXAMPLE = EXAMPLES / "sglang-router"
RECORDING = EXAMPLE / "recordings" / "run.om.gz"
MAX_BYTES = 150_000
OF_TIMERS = {"RouterBreakerOpen", "RouterNoHealthyWorker"}
"""Alerts that a timer of the router reaches: that they stay silent can be drilled at speed 1 only."""


def replay(
    pytester: pytest.Pytester, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> pytest.RunResult:
    """Run a stranger's pytest in a copy of the example."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ALERTDRILL_PROMTOOL", str(find_promtool(generation)))
    return pytester.runpytest_inprocess(
        *("drills", "--alertdrill-replay", "recordings/run.om.gz", "-p", "no:cacheprovider"),
        plugins=[alertdrill.pytest_plugin],
    )


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
def test_the_drills_are_as_expected_on_their_recording(
    generation: Generation, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every alert fires and resolves, four come near, and nothing else fires; a recording has no pages."""
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    result = replay(pytester, generation, monkeypatch)
    result.assert_outcomes(passed=5)
    assert result.parseoutcomes()["unobserved"] == 5


def test_a_breaker_rule_that_is_broken_is_found(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that waits for a state that there is not never fires."""
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    rules = pytester.path / "rules.yml"
    rules.write_text(rules.read_text().replace("(smg_worker_cb_state) > 0", "(smg_worker_cb_state) > 2"))
    result = replay(pytester, Generation.NEWEST, monkeypatch)
    result.assert_outcomes(passed=5, failed=3)
    result.stdout.fnmatch_lines(
        ["FAILED drills/fires.yml::one-worker-fails - RouterBreakerOpen*: never fired*"]
    )


def test_a_speed_stretches_the_breaker_and_limits_its_drills(alertdrill: CommandLine) -> None:
    """Before anything is started, it says what two seconds are in rule time, and which speed is too fast."""
    project = str(EXAMPLE / "alertdrill.toml")
    as_stated = alertdrill.run_here("run", "--explain", "--project-file", project)
    assert as_stated.code == 0, as_stated.err
    assert "at speed 30 the timer breaker lasts 1m of rule time" in as_stated.out
    assert re.search(r"^one-worker-fails +speed 30\n +the timer breaker of 2s", as_stated.out, re.MULTILINE)
    said = re.sub(r"[^ (]*/sglang-router/", "", as_stated.out).splitlines()
    shown = re.findall(r"```\n(RouterBreakerOpen.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    assert {line for line in shown[0].splitlines() if line != "…"} <= set(said)
    too_fast = alertdrill.run_here("run", "--explain", "--project-file", project, "--speed", "100")
    assert re.search(r"^one-worker-fails +speed 61, not 100$", too_fast.out, re.MULTILINE)


def test_the_documented_rules_do_not_do_what_they_ought_to(alertdrill: CommandLine) -> None:
    """On the example's run, one reads a label that there is not, and one counts workers that are gone."""
    findings = EXAMPLE / "findings"
    judged = alertdrill.run_here(
        *("judge", str(RECORDING), "--drills", str(findings / "drills.yml")),
        *("--rules", str(findings / "as_documented.yml")),
    )
    assert judged.code == 1, judged.err
    marks = re.findall(r"^(\S) (\S+) +(\w+) +nothing seen", judged.out, re.MULTILINE)
    assert marks == [
        ("✗", "workers-fail", "HighErrorRateAsDocumented"),
        ("✗", "workers-gone", "NoHealthyWorkersAsDocumented"),
    ]


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
def test_the_findings_are_so_on_series_as_the_router_shows_them(generation: Generation) -> None:
    """A page without a name, a state of trial calls, workers that are registered, a first error."""
    tested = subprocess.run(
        [find_promtool(generation), "test", "rules", EXAMPLE / "findings" / "promtool.yml"],
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_readme_names_every_finding() -> None:
    """What is wrong with each rule as documented stands beside its name."""
    rules = read_rules(EXAMPLE / "findings" / "as_documented.yml").alerts
    named = set(re.findall(r"`(\w+AsDocumented)`", (EXAMPLE / "README.md").read_text()))
    assert named == {rule.name for rule in rules}


def test_every_alert_has_a_drill_and_an_entry_of_the_runbook() -> None:
    """Each has to fire in some drill, and each but those that a timer reaches has a near miss."""
    project = read_project(EXAMPLE / "alertdrill.toml")
    assert {alert for timer in project.timers for alert in timer.alerts} == OF_TIMERS
    (rules,) = project.rules
    (drills,) = project.drills
    fires, near = ((drills / name).read_text() for name in ("fires.yml", "near_misses.yml"))
    runbook = (EXAMPLE / "runbook.md").read_text()
    for rule in read_rules(rules).alerts:
        assert f"alert: {rule.name}\n" in fires
        assert f"alert: {rule.name}," in near or rule.name in OF_TIMERS
        assert f"\n## {rule.name}\n" in runbook
        assert rule.annotations["runbook_url"] == f"runbook.md#{rule.name.lower()}"


def test_the_runbook_names_drills_that_there_are() -> None:
    """Each drill stands in the runbook, and no other."""
    lines = re.findall(r"^Drills?: (.*)$", (EXAMPLE / "runbook.md").read_text(), re.MULTILINE)
    named = {name for line in lines for name in re.findall(r"`([\w-]+)`", line)}
    texts = [path.read_text() for path in (EXAMPLE / "drills").iterdir()]
    assert named == {name for text in texts for name in re.findall(r"- name: (\S+)", text)}


def test_the_recording_is_small() -> None:
    """It is committed, and holds what the rules read."""
    assert RECORDING.stat().st_size < MAX_BYTES
