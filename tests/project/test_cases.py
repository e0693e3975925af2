"""Runs the cases below tests/cases: what the command line does, each told by one readable file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.case_files import Case, is_as_told, read_case
from support.whole_runs import ROOT, CommandLine

from alertdrill.cli.main import COMMANDS

FOLDER = Path(__file__).parents[1] / "cases"
CASES = {path.stem: read_case(path, ROOT) for path in sorted(FOLDER.glob("*.txt"))}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_command_does_what_the_case_tells(alertdrill: CommandLine, tmp_path: Path, case: Case) -> None:
    """Exit code, standard output, standard error and files are as they are written there."""
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    finished = alertdrill.run_here(*case.command, folder=tmp_path)
    for name, text in (("stderr", finished.err), ("stdout", finished.out)):
        shown = text.replace(str(ROOT), "$CHECKOUT")
        assert is_as_told(case.printed[name], shown), f"{name}:\n{shown}"
    assert finished.code == case.code
    for name, told in case.written.items():
        assert is_as_told(told, (tmp_path / name).read_text(encoding="utf-8")), name
    assert alertdrill.list_leftovers() == []


def test_a_case_is_named_for_its_command() -> None:
    """`replay-….txt` is about `alertdrill replay`; what a newcomer looks for stands together."""
    names = {str(listed.name) for listed in COMMANDS}
    assert {name.split("-")[0] for name in CASES} <= names
    assert all(name.split("-")[0] == case.command[0] for name, case in CASES.items())


@pytest.mark.parametrize(
    ("told", "text", "expected"),
    [
        ("a\nb\n", "a \nb\n\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("...\n", "", True),
        ("a\n...\n", "a\n", True),
        ("", "", True),
        ("", "a\n", False),
        ("a\n", "", False),
        ("a\n...\nd\n", "a\nb\n", False),
        ("a ... d\n", "a b c d\n", True),
        ("a ... d\n", "a\nb d\n", False),
        ("a.b\n", "acb\n", False),
        ("a\nb\n", "b\na\n", False),
    ],
)
def test_a_text_is_compared_line_by_line(told: str, text: str, expected: bool) -> None:
    """Only three points stand for something else than themselves."""
    assert is_as_told(told, text) is expected


def test_a_file_that_is_no_case_is_refused(tmp_path: Path) -> None:
    """One without an exit code would hold nothing."""
    (tmp_path / "run-x.txt").write_text("It runs.\n\n$ alertdrill run\n\n-- stdout --\n")
    with pytest.raises(ValueError, match=r"run-x.txt: wants a sentence"):
        read_case(tmp_path / "run-x.txt", ROOT)


def test_a_checkout_may_have_a_blank_in_its_path(tmp_path: Path) -> None:
    """It stays one word of the command."""
    path = tmp_path / "a.txt"
    path.write_text("It lists.\n\n$ alertdrill run --replay $CHECKOUT/recordings\nexits with 0\n")
    case = read_case(path, Path("/home/a b"))
    assert case.command == ("run", "--replay", "/home/a b/recordings")
