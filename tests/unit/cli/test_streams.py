"""Tests of standard output and standard error that take nothing: a sentence and exit 2, or a quiet end."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest
from support.patience import PATIENCE_S
from support.whole_runs import METIS_RULES, ROOT

from alertdrill.cli.streams import open_output
from alertdrill.errors import CannotWrite, ReaderLeft

PYTHON = shlex.quote(sys.executable)
DILATE = f"{PYTHON} -m alertdrill dilate {shlex.quote(str(METIS_RULES))} --speed 60"
HELP = f"{PYTHON} -m alertdrill --help"
REFUSED = f"{PYTHON} -m alertdrill dilate absent.yml --speed 60"


def run_shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, which exits as the first command of its pipe does."""
    return subprocess.run(
        ["/bin/bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("command", [DILATE, HELP], ids=["dilate", "help"])
@pytest.mark.parametrize(
    ("redirect", "code", "says"),
    [
        ("> /dev/full", 2, "alertdrill: standard output: cannot be written: No space left on device\n"),
        (">&-", 2, "alertdrill: standard output is closed, and there is something to print\n"),
        ("| true; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_an_output_that_takes_nothing(command: str, redirect: str, code: int, says: str) -> None:
    """What was not printed is never exit 0 or 1, and no traceback."""
    done = run_shell(f"{command} {redirect}")
    assert (done.returncode, done.stderr) == (code, says)


@pytest.mark.parametrize("redirect", ["2> /dev/full", "2>&-", "<&- 2>&-"])
def test_who_cannot_be_told_is_told_by_the_exit_code(redirect: str) -> None:
    """Without standard error there is nobody to tell, and the exit code is what it would be."""
    assert run_shell(f"{REFUSED} {redirect}").returncode == 2
    done = run_shell(f"{DILATE} {redirect}")
    assert (done.returncode, done.stdout[:9]) == (0, "# Metis's")


def test_what_does_not_print_needs_no_output() -> None:
    """No file that the command opens comes into the place of a closed standard output."""
    done = run_shell(f"{REFUSED} >&-")
    assert done.returncode == 2
    assert "absent.yml" in done.stderr


def test_a_name_that_is_no_text_is_printed_all_the_same() -> None:
    """A file may be called anything: what cannot be encoded is escaped, and no traceback."""
    reading, writing = os.pipe()
    with open_output(writing) as output:
        output.write("a\udcff is written")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == rb"a\udcff is written"


def test_an_output_that_failed_takes_the_rest() -> None:
    """So the command ends in good order: the error comes once."""
    with open_output(os.open("/dev/full", os.O_WRONLY)) as output:
        output.write("text")
        with pytest.raises(CannotWrite):
            output.flush()
        output.write("more")
        output.flush()
    reading, writing = os.pipe()
    os.close(reading)
    with open_output(writing) as output:
        output.write("text")
        with pytest.raises(ReaderLeft):
            output.flush()


def test_an_output_that_does_not_wait_is_waited_for() -> None:
    """Whoever else has the pipe may have set it so."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "x" * 100_000
    with subprocess.Popen(["/bin/cat"], stdin=reading, stdout=subprocess.PIPE, text=True) as cat:
        os.close(reading)
        with open_output(writing) as output:
            output.write(text)
        os.close(writing)
        assert cat.communicate(timeout=PATIENCE_S)[0] == text
