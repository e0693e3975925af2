"""What other repositories take of ours for their CI: each step is run as their CI would run it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.gated_repository import ask_git, make_repository, run_git
from support.whole_runs import ROOT

from alertdrill.cli.main import cli
from alertdrill.runtime.binaries import Engines

BIN = Path(sys.executable).parent


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose last commit made a rule that no drill is met by."""
    folder = make_repository(tmp_path / "repository")
    rules = folder / "rules.yml"
    rules.write_text(rules.read_text().replace("> 100", "> 200"))
    run_git(folder, "commit", "-qam", "second")
    return folder


def read(name: str) -> Any:
    """Return a file of YAML."""
    return yaml.safe_load((ROOT / name).read_text())


def run_step(
    script: str, folder: Path, engines: Engines, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the script of a step, as CI systems do: by bash, which ends with the first command that fails."""
    environ: Mapping[str, str] = {
        **os.environ,
        **{f"ALERTDRILL_{name.upper()}": str(getattr(engines, name)) for name in ("prometheus", "promtool")},
        **{f"ALERTDRILL_{name.upper()}": str(getattr(engines, name)) for name in ("alertmanager", "amtool")},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        **variables,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_action_gates_and_says_it_in_the_summary(
    repository: Path, engines: Engines, tmp_path: Path
) -> None:
    """The job fails with an annotation on the rule's line; its summary has what the rule did."""
    action = read("action.yml")
    (step,) = (step for step in action["runs"]["steps"] if step.get("name") == "Gate")
    (tmp_path / "alertdrill").mkdir()
    (tmp_path / "alertdrill" / "bin").symlink_to(BIN)
    done = run_step(
        step["run"],
        repository,
        engines,
        RUNNER_TEMP=str(tmp_path),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
        BASE="HEAD~1",
        RECORDINGS=action["inputs"]["recordings"]["default"],
        PROJECT_FILE="alertdrill.toml",
    )
    assert done.returncode == 1, done.stderr
    assert "::error file=rules.yml,line=4,title=alertdrill gate::deep is not met: " in done.stdout
    assert "Deep: changed" in (tmp_path / "summary.md").read_text()


def test_the_actions_scripts_have_no_expressions() -> None:
    """What a pull request says is a variable there, and no part of a script."""
    steps = read("action.yml")["runs"]["steps"]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]
    stated = set(read("action.yml")["inputs"])
    named = {word for step in steps for word in str(step).split() if word.startswith("inputs.")}
    assert {word.removeprefix("inputs.") for word in named} == stated


def test_the_gitlab_job_leaves_its_cases(repository: Path, engines: Engines) -> None:
    """Where its artefacts are said to be."""
    job = read("examples/ci/gitlab.yml")["alertdrill-gate"]
    (script,) = (line for line in job["script"] if line.startswith("alertdrill "))
    base = ask_git(repository, "rev-parse", "HEAD~1").strip()
    done = run_step(
        script,
        repository,
        engines,
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        ALERTDRILL_RECORDINGS=job["variables"]["ALERTDRILL_RECORDINGS"],
    )
    assert done.returncode == 1, done.stderr
    assert "deep is not met" in (repository / job["artifacts"]["reports"]["junit"]).read_text()


def test_hooks_of_pre_commit_can_be_called() -> None:
    """Each has what its framework asks for, and a command that there is."""
    for hook in read(".pre-commit-hooks.yaml"):
        assert {"id", "name", "entry", "language"} <= hook.keys()
        program, *arguments = (*shlex.split(hook["entry"]), *hook.get("args", ()))
        assert program == "alertdrill"
        name, command, rest = cli.resolve_command(
            cli.make_context("alertdrill", arguments, resilient_parsing=True), arguments
        )
        assert command is not None, name
        command.make_context(name, rest, resilient_parsing=True)
