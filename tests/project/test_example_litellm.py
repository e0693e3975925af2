"""The example for LiteLLM, without LiteLLM: its drills on its recording, its findings, and its tutorial."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_generation, find_promtool, name_engines
from support.example_litellm import EXAMPLE, RECORDING
from support.whole_runs import ROOT, CommandLine

import alertdrill.pytest_plugin
from alertdrill.project.reading import read_project
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Generation

TUTORIAL = ROOT / "docs" / "tutorial" / "your-gateway.md"
MAX_BYTES = 150_000
NOT_TYPED = {"README.md", "dashboard.json", "findings", "panels.yml", "recordings", "runbook.md"}
"""What of the example the tutorial's reader does not write."""


def judge(command: CommandLine, *arguments: str) -> tuple[int, str]:
    """Judge drills on the example's recording."""
    judged = command.run_here("judge", str(RECORDING), *arguments)
    assert judged.code in {0, 1}, judged.err
    return judged.code, judged.out


def copy_example(folder: Path) -> None:
    """Have the project in a folder of its own."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)


def replay(
    pytester: pytest.Pytester, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> pytest.RunResult:
    """Run a stranger's pytest in a copy of the example."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    name_engines(find_generation(generation), monkeypatch)
    return pytester.runpytest_inprocess(
        *("drills", "--alertdrill-replay", "recordings/run.om.gz", "-p", "no:cacheprovider"),
        plugins=[alertdrill.pytest_plugin],
    )


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
def test_the_drills_are_as_expected_on_their_recording(
    generation: Generation, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five alerts fire and resolve, four come near, and nothing else fires; a recording has no pages."""
    copy_example(pytester.path)
    replay(pytester, generation, monkeypatch).assert_outcomes(passed=5)


def test_a_rule_that_is_broken_is_found(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the tutorial has it: a ratio above 2 never fires, and the near miss is too far away."""
    copy_example(pytester.path)
    rules = pytester.path / "rules.yml"
    rules.write_text(rules.read_text().replace("> 0.2", "> 2"))
    result = replay(pytester, Generation.NEWEST, monkeypatch)
    result.stdout.fnmatch_lines(
        ["FAILED drills/fires.yml::provider-outage - LiteLLMFailureRatioHigh: never fired*"]
    )


def test_the_rules_as_written_do_not_do_what_they_ought_to(alertdrill: CommandLine) -> None:
    """Two are blind to an outage, and one never resolves, on the recording of the example's run."""
    findings = EXAMPLE / "findings"
    code, out = judge(
        alertdrill, "--drills", str(findings / "drills.yml"), "--rules", str(findings / "as_written.yml")
    )
    assert code == 1
    marks = re.findall(r"^(\S) (\S+) +(\w+)\{", out, re.MULTILINE)
    assert marks == [
        ("✗", "provider-outage", "DeploymentOutageAsWritten"),
        ("✗", "provider-outage", "SlowOrFailedAsWritten"),
        ("✗", "one-deployment-down", "DeploymentOutageAsWritten"),
    ]
    assert out.count("never fired") == 2
    assert out.count("never resolved") == 1


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
def test_the_findings_are_so_on_series_as_litellm_shows_them(generation: Generation) -> None:
    """Refused scrapes, a sum over all models, a first spend, a state that stays."""
    tested = subprocess.run(
        [find_promtool(generation), "test", "rules", EXAMPLE / "findings" / "promtool.yml"],
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_tutorial_is_the_example() -> None:
    """Each file that the tutorial has its reader write is the example's, and it has all of them."""
    written = dict(
        re.findall(r"^`([^`]+)`:\n\n```\w+\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    )
    files = {
        path.relative_to(EXAMPLE).as_posix(): path.read_text()
        for path in EXAMPLE.rglob("*")
        if path.is_file() and path.relative_to(EXAMPLE).parts[0] not in NOT_TYPED
    }
    assert written == files


def test_the_readme_names_every_finding() -> None:
    """What is wrong with each rule as written stands beside its name."""
    rules = read_rules(EXAMPLE / "findings" / "as_written.yml").alerts
    named = set(re.findall(r"`(\w+AsWritten)`", (EXAMPLE / "README.md").read_text()))
    assert named == {rule.name for rule in rules}


def test_every_alert_of_the_example_is_drilled() -> None:
    """Each has to fire in some drill, and each but the one that a timer reaches has a near miss."""
    project = read_project(EXAMPLE / "alertdrill.toml")
    (rules,) = project.rules
    texts = [
        (path / name).read_text() for path in project.drills for name in ("fires.yml", "near_misses.yml")
    ]
    for rule in read_rules(rules).alerts:
        assert f"alert: {rule.name}" in texts[0]
        assert f"alert: {rule.name}" in texts[1] or rule.name == "LiteLLMDeploymentDown"


def test_every_alert_has_an_entry_of_the_runbook_and_its_drills_are_named() -> None:
    """Each drill stands in the runbook, and no other."""
    runbook = (EXAMPLE / "runbook.md").read_text()
    headings = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
    assert headings == [rule.name for rule in read_rules(EXAMPLE / "rules.yml").alerts]
    lines = re.findall(r"^Drills?: (.*)$", runbook, re.MULTILINE)
    named = {name for line in lines for name in re.findall(r"`([\w-]+)`", line)}
    texts = [path.read_text() for path in (EXAMPLE / "drills").iterdir()]
    assert named == {name for text in texts for name in re.findall(r"- name: (\S+)", text)}


def test_the_recording_is_small() -> None:
    """It is committed, and holds what the rules read."""
    assert RECORDING.stat().st_size < MAX_BYTES
