"""Tests of what the folders of `gate --out` and `page --all --out` have where these find nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from support.gated_repository import make_repository

from alertdrill.cli.commands import gate as gate_command
from alertdrill.cli.commands import page as page_command
from alertdrill.cli.ended_early import leave_no_claim
from alertdrill.cli.main import cli
from alertdrill.errors import BadInput, CannotWrite, ComponentFailed

GATE = ("gate", "--recordings", "recordings", "--out", "out")
PAGE = ("page", "--all", "--rules", "rules.yml", "--out", "out")
OLDER = ("gate.md", "junit.xml", "report.html", "notes.txt")


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of older reports, in a repository whose rules changed."""
    repository = make_repository(tmp_path / "repository")
    rules = repository / "rules.yml"
    rules.write_text(rules.read_text().replace("> 100", "> 200"))
    monkeypatch.chdir(repository)
    (repository / "out").mkdir()
    for name in OLDER:
        (repository / "out" / name).write_text("older")
    return repository / "out"


def fail(*_: object, **__: object) -> NoReturn:
    """Fail as promtool or Alertmanager do."""
    raise ComponentFailed("it was ended by SIGKILL")


@pytest.mark.parametrize(
    ("command", "module", "name", "left"),
    [
        (GATE, gate_command, "gate", ["junit.xml", "notes.txt"]),
        (PAGE, page_command, "open_path", ["gate.md", "junit.xml", "notes.txt"]),
    ],
)
def test_what_could_not_be_told_leaves_no_older_report(
    out: Path, monkeypatch: pytest.MonkeyPatch, command: Sequence[str], module: object, name: str,
    left: list[str],
) -> None:  # fmt: skip
    """The gate's junit.xml has the error; what the command does not write stays."""
    monkeypatch.setattr(module, name, fail)
    result = CliRunner().invoke(cli, command)
    assert isinstance(result.exception, ComponentFailed)
    assert sorted(path.name for path in out.iterdir()) == left
    assert ("it was ended by SIGKILL" in (out / "junit.xml").read_text()) == (command is GATE)


@pytest.mark.parametrize("command", [GATE, PAGE])
def test_refused_input_leaves_a_folder_as_it_was(out: Path, command: Sequence[str]) -> None:
    """As `run --out` does: nothing was begun, and what is wrong is said."""
    (out.parent / "rules.yml").write_text("groups: [")
    result = CliRunner().invoke(cli, command)
    assert isinstance(result.exception, BadInput)
    assert {path.name: path.read_text() for path in out.iterdir()} == dict.fromkeys(OLDER, "older")


@pytest.mark.parametrize("command", [GATE, PAGE])
def test_refused_input_makes_no_folder(out: Path, command: Sequence[str]) -> None:
    """An empty one would look as if something had been found."""
    (out.parent / "rules.yml").write_text("groups: [")
    result = CliRunner().invoke(cli, (*command[:-1], "new/out"))
    assert isinstance(result.exception, BadInput)
    assert not (out.parent / "new").exists()


def test_a_report_that_cannot_be_removed_is_said(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 wins, as an older report may be taken for new; why nobody can tell is said first."""
    (out / "report.html").unlink()
    (out / "report.html").mkdir()
    with pytest.raises(CannotWrite, match=r"report\.html"), leave_no_claim(out, ("report.html",)):
        fail()
    assert capsys.readouterr().err == "alertdrill: it was ended by SIGKILL\n"
