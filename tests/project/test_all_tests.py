"""How `make test` runs the tests in parts, at the same time, and what its exit code says."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from all_tests import ALONE, HELD, OTHERS, run_all, run_beside
from support.patience import PATIENCE_S

SCRIPT = """
import os, pathlib, sys
told = pathlib.Path({folder!r})
[part] = (one.split("/")[1] for one in sys.argv if one.startswith("cache_dir="))
again = "--last-failed" in sys.argv
name = part + (".again" if again else "")
print("ran", name)
(told / name).write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
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


def test_all_others_give_way_and_are_heard(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Tests that hold no drills have the lowest priority; what they say is written, whole, as they end."""
    run_with(tmp_path)
    assert int((tmp_path / OTHERS.name).read_text()) == 19
    assert int((tmp_path / HELD.name).read_text()) == os.getpriority(os.PRIO_PROCESS, 0)
    assert "== All other tests\nran others\n" in capfd.readouterr().out


def test_an_interruption_reaches_all_others() -> None:
    """What runs beside does not go on when whoever waits for it has been interrupted."""
    interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), run_beside(["sleep", str(PATIENCE_S)]) as beside:
        raise interrupt
    assert beside.wait() == -signal.SIGINT


def test_each_test_is_in_one_part() -> None:
    """Live tests are in one of two parts, by one mark, and all others in the third."""
    assert OTHERS.arguments[-2:] == ("--ignore", "tests/live")
    assert [("tests/live" in part.arguments, part.arguments[-1]) for part in (ALONE, HELD)] == [
        (True, "alone"),
        (True, "not alone"),
    ]
