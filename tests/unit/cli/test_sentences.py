"""Sentences on a terminal, and elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.terminals import open_terminal

from alertdrill.cli.sentences import break_line


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("short", "short"),
        ("    one two three four", "    one two three\n        four"),
        ("a-very-long-name-stays-whole and more", "a-very-long-name-stays-whole\n    and more"),
    ],
)
def test_a_line_is_broken_between_words(line: str, broken: str) -> None:
    """What follows is indented further; what can be copied stays whole."""
    assert break_line(line, 18) == broken


def test_a_terminal_is_not_left_to_break_an_error_anywhere(tmp_path: Path) -> None:
    """Of eighty columns; in a pipe it stays one line."""
    (tmp_path / "alertdrill.toml").write_text('name = "n"\nrules = ["a-file-that-is-not-there.yml"]\n')
    command = [sys.executable, "-m", "alertdrill", "run", "--explain"]
    piped = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert len(piped.stderr.splitlines()) == 1
    ours, theirs = open_terminal()
    environ = {**os.environ, "COLUMNS": "80"}
    with subprocess.Popen(command, cwd=tmp_path, stderr=theirs, stdout=theirs, env=environ) as process:
        os.close(theirs)
        process.wait(timeout=60)
        shown = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    os.close(ours)
    assert max(map(len, shown.splitlines())) <= 80
    assert " ".join(shown.split()) == piped.stderr.strip()
