"""Tests of paths that lead nowhere: whatever command is given one, it is a sentence and exit code 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.whole_runs import METIS_RULES, ROOT, CommandLine

RECORDING = str(ROOT / "scenarios" / "recordings" / "metis-auth-fires.om.gz")
RULES = str(METIS_RULES)
LONG = "a" * 300
LOOP = "loop"
REASONS = {LONG: "File name too long", LOOP: "Too many levels of symbolic links"}
COMMANDS = {
    "judge": ("judge", RECORDING, "--drills", "{}", "--rules", RULES),
    "judge-a-file": ("judge", RECORDING, "--drills", "{}/d.yml", "--rules", RULES),
    "coverage": ("list", "--coverage", "--history", "{}"),
    "systems": ("list", "--systems", "{}"),
    "replay": ("run", "--replay", "{}"),
    "traffic": ("traffic", "{}/night.py", "--host", "http://127.0.0.1:1"),
    "ca": ("traffic", "steady", "--model", "m", "--host", "http://127.0.0.1:1", "--ca", "{}"),
    "init": ("init", "--rules", RULES, "--out", "{}"),
    "init-below": ("init", "--rules", RULES, "--out", "{}/y"),
    "keep": ("run", "metis-auth-fires", "--speed", "60", "--keep-recordings", "{}/k", "--out", "o"),
    "out": ("run", "--replay", str(ROOT / "scenarios" / "recordings"), "metis-auth-fires", "--out", "{}"),
}


@pytest.mark.parametrize("path", [LONG, LOOP], ids=["long", "loop"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_cannot_be_followed_is_bad_input(
    alertdrill: CommandLine, tmp_path: Path, command: str, path: str
) -> None:
    """A name that is too long, or links in a circle, are said in one line that names the path."""
    (tmp_path / LOOP).symlink_to(LOOP)
    finished = alertdrill.run_here(*(word.format(path) for word in COMMANDS[command]), folder=tmp_path)
    assert finished.code == 2, finished.err
    assert path in finished.err
    assert REASONS[path] in finished.err
    assert finished.err.count("\n") == 1


def test_a_path_of_a_project_that_cannot_be_followed_has_its_line(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """It is not said to be missing, and no other name is proposed."""
    (tmp_path / LOOP).symlink_to(LOOP)
    (tmp_path / "p.toml").write_text('name = "a"\nrules = ["loop"]\n')
    finished = alertdrill.run_here("run", "--project-file", "p.toml", "--explain", folder=tmp_path)
    assert finished.code == 2
    assert "p.toml:2: " in finished.err
    assert "loop: cannot be read: Too many levels of symbolic links" in finished.err
    assert "is not there" not in finished.err


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_bad_input(alertdrill: CommandLine, tmp_path: Path) -> None:
    """What this user may not look at is said to be that."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        finished = alertdrill.run_here(
            "judge", RECORDING, "--drills", "closed/in", "--rules", RULES, folder=tmp_path
        )
    finally:
        closed.chmod(0o700)
    assert finished.code == 2
    assert finished.err == "alertdrill: closed/in: cannot be read: Permission denied\n"


def test_a_link_to_nowhere_is_made_a_folder(alertdrill: CommandLine, tmp_path: Path) -> None:
    """As a file is written where its link leads, so is a folder made there."""
    (tmp_path / "link").symlink_to("target")
    finished = alertdrill.run_here("init", "--rules", RULES, "--out", "link", folder=tmp_path)
    assert finished.code == 0, finished.err
    assert (tmp_path / "target" / "alertdrill.toml").is_file()


def test_a_pipe_is_no_folder(alertdrill: CommandLine, tmp_path: Path) -> None:
    """What stands where a folder is to be is said to be none."""
    os.mkfifo(tmp_path / "pipe")
    finished = alertdrill.run_here("init", "--rules", RULES, "--out", "pipe", folder=tmp_path)
    assert finished.code == 2
    assert finished.err == "alertdrill: pipe: cannot be written: it is not a folder\n"
