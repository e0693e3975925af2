"""Tests of what is said in place of Python's own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.whole_runs import METIS_RULES, ROOT, CommandLine

RECORDING = str(ROOT / "scenarios" / "recordings" / "metis-auth-fires.om.gz")
JUDGE = ("judge", RECORDING, "--rules", str(METIS_RULES), "--drills")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*JUDGE, "binary"), "binary:2: the file is not UTF-8"),
        (("list", "--coverage", "--history", "."), "timeline.json:2: the file is not UTF-8"),
        (("run", "--replay", "."), "made.json:2: the file is not UTF-8"),
        (("run", "--replay", "run.om"), "timeline.json:2: the file is not UTF-8"),
    ],
    ids=["drills", "history", "goldens", "run"],
)
def test_what_is_not_text_is_refused_with_its_line(
    alertdrill: CommandLine, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    """No codec is named, and no byte."""
    for name in ("binary", "timeline.json", "made.json"):
        (tmp_path / name).write_bytes(b"{\n\x89PNG")
    (tmp_path / "run.om").write_text("up 1 0\n# EOF\n")
    finished = alertdrill.run_here(*arguments, folder=tmp_path)
    assert (finished.code, finished.err) == (2, f"alertdrill: {says}\n")


def test_a_path_below_a_file_is_said_by_the_systems_words(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Neither its number nor the path a second time."""
    (tmp_path / "d.yml").write_text("drills: []\n")
    finished = alertdrill.run_here(*JUDGE, "d.yml/x", folder=tmp_path)
    assert (finished.code, finished.err) == (2, "alertdrill: d.yml/x: cannot be read: Not a directory\n")


def test_a_calendar_that_is_none_is_shown_one(alertdrill: CommandLine) -> None:
    """An example, and no pattern of Python's."""
    finished = alertdrill.run_here("run", "--calendar", "foo")
    assert finished.code == 2
    assert "'foo' is no date and time, such as 2026-01-05T21:50" in finished.err
    assert "%" not in finished.err


def test_a_drill_in_a_file_that_begins_with_a_mark_is_read(alertdrill: CommandLine, tmp_path: Path) -> None:
    """As some editors of Windows write it, its line ends too."""
    drill = "drills:\r\n- {name: quiet, why: x, expect: []}\r\n"
    (tmp_path / "d.yml").write_bytes(b"\xef\xbb\xbf" + drill.encode())
    finished = alertdrill.run_here(*JUDGE, "d.yml", folder=tmp_path)
    assert "Traceback" not in finished.err
    assert "UTF-8" not in finished.err
