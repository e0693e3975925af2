"""Tests of `alertdrill up` before a stack stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.whole_runs import CommandLine


def make_folder(secrets: Path) -> str:
    """Let a folder be where the file of secrets goes."""
    (secrets / "stack.env").mkdir(parents=True)
    return "Is a directory"


def make_file(secrets: Path) -> str:
    """Let a file be where the folder of secrets goes."""
    secrets.parent.mkdir()
    secrets.touch()
    return "Not a directory"


@pytest.mark.parametrize("make", [make_folder, make_file])
def test_secrets_that_have_no_place_are_said_before_a_stack_is_started(
    alertdrill: CommandLine, tmp_path: Path, make: Callable[[Path], str]
) -> None:
    """The file that cannot be written, and why, exit 2; the folder is as it was."""
    out = tmp_path / "out"
    why = make(out / "secrets")
    before = sorted(out.rglob("*"))
    finished = alertdrill.run_here("up", "--out", str(out))
    assert finished.code == 2
    assert finished.err == f"alertdrill: {out}/secrets/stack.env: cannot be written: {why}\n"
    assert sorted(out.rglob("*")) == before
