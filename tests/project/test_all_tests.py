"""How `make test` runs the tests in parts, and what its exit code says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from all_tests import ALONE, HELD, OTHERS, run_all

SCRIPT = """
import pathlib, sys
told = pathlib.Path({folder!r})
[part] = (one.split("/")[1] for one in sys.argv if one.startswith("cache_dir="))
again = "--last-failed" in sys.argv
name = part + (".again" if again else "")
(told / name).touch()
sys.exit({codes!r}.get(name, 0))
"""


def run_with(folder: Path, **codes: int) -> int:
    """Run all tests by a pytest that only ends with a code, by part, `PART_again` when asked again."""
    script = folder / "fake_pytest.py"
    by_name = {name.replace("_", "."): code for name, code in codes.items()}
    script.write_text(SCRIPT.format(folder=str(folder), codes=by_name))
    return run_all([sys.executable, str(script)])


@pytest.mark.parametrize(
    ("codes", "exit_code", "again"),
    [
        ({}, 0, []),
        ({"others": 1}, 0, ["others.again"]),
        ({"alone": 1, "held": 1}, 0, ["alone.again", "held.again"]),
        ({"held": 1, "held_again": 1, "others": 1}, 1, ["held.again", "others.again"]),
        ({"others": 4, "held": 1}, 2, []),
        ({"alone": 2}, 2, []),
    ],
)
def test_what_failed_beside_others_is_asked_once_more(
    tmp_path: Path, codes: dict[str, int], exit_code: int, again: list[str]
) -> None:
    """All parts are run whatever one came to; what fails again fails them all."""
    assert run_with(tmp_path, **codes) == exit_code
    ran = {path.name for path in tmp_path.iterdir()} - {"fake_pytest.py"}
    assert ran == {"alone", "held", "others", *again}


def test_each_test_is_in_one_part() -> None:
    """Live tests are in one of two parts, by one mark, and all others in the third."""
    assert OTHERS.arguments[-2:] == ("--ignore", "tests/live")
    assert [("tests/live" in part.arguments, part.arguments[-1]) for part in (ALONE, HELD)] == [
        (True, "alone"),
        (True, "not alone"),
    ]
