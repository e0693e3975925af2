"""The example of nightly drills: two rules on a run's own metrics, tested, linted, and drilled themselves."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.example_projects import EXAMPLES
from support.whole_runs import ROOT, CommandLine, run_tool

from alertdrill.cli.options.push import AUTHORIZATION
from alertdrill.cli.run_folder import REPORTS
from alertdrill.reports.metrics import HELP, OUTCOMES, STEPS
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Generation, find_engines

FOLDER = EXAMPLES / "nightly"
RULES = FOLDER / "rules.yml"
SYSTEMD = shutil.which("systemd-analyze")
ALERTS = ["AlertNotProved", "PageTakesLonger"]


def judge(command: CommandLine, rules: Path) -> tuple[int, str]:
    """Judge the drills on the twelve nights."""
    judged = command.run_here(
        *("judge", str(FOLDER / "recordings" / "run.om.gz"), "--drills", str(FOLDER / "drills.yml")),
        *("--rules", str(rules)),
    )
    return judged.code, judged.out + judged.err


@pytest.mark.parametrize("generation", list(Generation))
def test_promtools_unit_tests_pass(generation: Generation) -> None:
    """With both generations, and each alert is expected to fire in them."""
    promtool = find_engines(os.environ, generation=generation).promtool
    run_tool(promtool, "test", "rules", str(FOLDER / "rules.test.yml"))
    tests = yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if "exp_alerts" in case}
    assert sorted(fired) == ALERTS == [rule.name for rule in read_rules(RULES).alerts]


def test_lint_finds_nothing(alertdrill: CommandLine) -> None:
    """Not even information."""
    linted = alertdrill.run_here("lint", str(RULES))
    assert (linted.code, linted.out.strip()) == (0, "no findings")


def test_the_rules_do_what_their_drills_expect(alertdrill: CommandLine) -> None:
    """Each fires, resolves and comes near, on a recording without pages, which `?` says."""
    code, said = judge(alertdrill, RULES)
    assert code == 0, said
    assert "3 of 3 drills as expected" in said
    assert re.findall(r"^[?✓] \S+ +(\w+)", said, re.MULTILINE) == ALERTS * 3


@pytest.mark.parametrize(("right", "wrong"), [("> 604800", "> 804800"), ("> 60\n", "> 200\n")])
def test_a_wrong_threshold_is_found(alertdrill: CommandLine, tmp_path: Path, right: str, wrong: str) -> None:
    """The alert that is a week, or a minute, too late is unmet."""
    text = RULES.read_text()
    assert right in text
    (tmp_path / "rules.yml").write_text(text.replace(right, wrong))
    code, said = judge(alertdrill, tmp_path / "rules.yml")
    assert code == 1, said


def test_the_recording_is_what_its_generator_makes() -> None:
    """Made anew, it is the same text."""
    made = subprocess.run(
        [sys.executable, "-B", "-c", "import make_recording as m; print(m.write_recording(), end='')"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    assert gzip.decompress((FOLDER / "recordings" / "run.om.gz").read_bytes()).decode() == made.stdout


def test_rules_panels_and_recording_use_the_metrics_that_there_are() -> None:
    """No name, outcome or hop in them is one that a run does not write."""
    recorded = gzip.decompress((FOLDER / "recordings" / "run.om.gz").read_bytes()).decode()
    texts = [recorded, RULES.read_text(), (FOLDER / "panels.yml").read_text()]
    named = {name for text in texts for name in re.findall(r"\balertdrill_(?!recorded)[a-z_]+", text)}
    assert named == set(HELP)
    hops = {hop for text in texts for hop in re.findall(r'hop="([^"]*)"', text)}
    assert hops <= {step for step, _, _ in STEPS}
    outcomes = {outcome for text in texts for outcome in re.findall(r'outcome="([^"]*)"', text)}
    assert outcomes == set(OUTCOMES)


def drill(out: Path, textfiles: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run drill.sh as a timer would."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [FOLDER / "drill.sh", out, textfiles, *arguments],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_shows_metrics_to_a_collector(tmp_path: Path) -> None:
    """Whole, under one name; a run that is refused leaves what is there, and has its exit code.

    Where they cannot be shown, the exit code is 2: a unit that ended well would be taken for proof.
    """
    textfiles = tmp_path / "textfiles"
    textfiles.mkdir()
    drills = ("--replay", str(ROOT / "scenarios" / "recordings"))
    done = drill(tmp_path / "out", textfiles, *drills, "metis-auth-fires")
    assert done.returncode == 0, done.stderr
    (shown,) = textfiles.iterdir()
    assert shown.name == "alertdrill.prom"
    assert 'drill="metis-auth-fires",outcome="unobserved"} 1\n' in shown.read_text()
    before = shown.read_text()
    lost = drill(tmp_path / "out", tmp_path / "gone", *drills, "metis-auth-fires")
    assert (lost.returncode, "gone" in lost.stderr) == (2, True)
    assert drill(tmp_path / "out", textfiles, *drills, "no-such-drill").returncode == 2
    assert [path.read_text() for path in textfiles.iterdir()] == [before]


@pytest.mark.skipif(SYSTEMD is None, reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """But for the program, which stands elsewhere here."""
    for name in ("alertdrill.service", "alertdrill.timer"):
        text = (FOLDER / name).read_text().replace("/srv/drills/drill.sh", "/bin/true")
        (tmp_path / name).write_text(text)
    verified = subprocess.run(
        [str(SYSTEMD), "verify", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in verified.stderr.splitlines() if "alertdrill" in line]
    assert (verified.returncode, said) == (0, [])


def test_the_workflow_runs_commands_that_there_are(alertdrill: CommandLine) -> None:
    """Its options are those of `alertdrill run`, and what it shows is what a run leaves."""
    workflow = yaml.safe_load((EXAMPLES / "ci" / "github-nightly.yml").read_text())
    steps = workflow["jobs"]["drills"]["steps"]
    (held,) = [step for step in steps if "alertdrill run" in step.get("run", "")]
    shown = alertdrill.run_here("run", "--help").out
    for option in re.findall(r"--[a-z-]+", held["run"]):
        assert f"{option} " in shown, option
    assert AUTHORIZATION in held["env"]
    assert any(step.get("run", "").startswith("cat out/report.md") for step in steps)
    assert "report.md" in REPORTS
