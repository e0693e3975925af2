"""Run all tests, as `make test` does: those that hold drills, and all others beside them.

A live stack leaves the cores idle most of the time. So the others run beside, at the lowest priority. Of the
live tests those come first that want the machine's clock, one after another, then the rest, as many at once
as there is room for (support/turnstile.py).

A test that fails beside others is asked once more, alone: a pause of the machine fails a test that waits, and
what is broken fails again. Exits with 0 if nothing failed again, with 1 if something did, and with 2 if
pytest itself could not go on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (sys.executable, "-m", "pytest", "--quiet")
LIVE = "tests/live"
SPREAD = ("--dist", "loadfile", "--no-loadscope-reorder")
"""Tests of a file may share what they started."""
AGAIN = ("--last-failed", "--last-failed-no-failures", "none", "--maxfail", "1")
LOWEST = 19
"""The priority that gives way to all others (nice(1))."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the tests, by the arguments that choose them and say on how many processes they run."""

    name: str
    arguments: tuple[str, ...]

    def make_command(self, pytest: Sequence[str], *more: str) -> list[str]:
        """Return the command that runs these tests; what failed is remembered for each part by itself."""
        return [*pytest, "--override-ini", f"cache_dir=.pytest_cache/{self.name}", *more, *self.arguments]


# All wait for servers, so there are more processes than cores.
OTHERS = Part("others", (*SPREAD, "--numprocesses", "3", "--ignore", LIVE))
ALONE = Part("alone", (LIVE, "-m", "alone"))
HELD = Part("held", (*SPREAD, "--numprocesses", "8", LIVE, "-m", "not alone"))


def run_all(pytest: Sequence[str] = PYTEST) -> int:
    """Run all tests, ask again what failed, and return the code to exit with."""
    say("Tests that hold drills, first those that want the machine's clock; all others beside them")
    with run_beside(OTHERS.make_command(pytest)) as others:
        codes = {part: run(part.make_command(pytest)) for part in (ALONE, HELD)}
        codes[OTHERS] = others.wait()
    if not set(codes.values()) <= {0, 1}:
        return 2
    failed = [part for part, code in codes.items() if code == 1]
    return max((ask_again(part, pytest) for part in failed), default=0)


def ask_again(part: Part, pytest: Sequence[str]) -> int:
    """Run the tests of a part that failed once more, one after another, up to the first that fails again."""
    say("Tests failed beside others: each is asked once more, alone")
    return run([*part.make_command(pytest, *AGAIN), "--numprocesses", "0"])


def run(command: Sequence[str]) -> int:
    """Run a command to its end and return its exit code."""
    return subprocess.run(command, cwd=ROOT, check=False).returncode


class Beside:
    """A command that runs beside others; what it says is written when it has ended."""

    def __init__(self, command: Sequence[str], said: IO[str]) -> None:
        self._said = said
        self._process = subprocess.Popen(
            ["nice", "-n", str(LOWEST), *command],  # noqa: S607 - wherever this system has it
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # Linux shares the cores between sessions first, where it groups by them (sched(7), autogroup).
        with suppress(OSError):
            Path(f"/proc/{self._process.pid}/autogroup").write_text(str(LOWEST))
        self._teller = threading.Thread(target=self._tell)
        self._teller.start()

    def wait(self) -> int:
        """Wait until what it said has been written, and return its exit code."""
        self._teller.join()
        return self._process.returncode

    def interrupt(self) -> None:
        """Have it end, as Ctrl-C would, if it has not."""
        with suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGINT)
        self.wait()

    def _tell(self) -> None:
        self._process.wait()
        self._said.seek(0)
        say(f"All other tests\n{self._said.read()}")


@contextmanager
def run_beside(command: Sequence[str]) -> Iterator[Beside]:
    """Run a command beside others, at the lowest priority, at most for the length of a `with` block."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        beside = Beside(command, said)
        try:
            yield beside
        finally:
            beside.interrupt()


def say(text: str) -> None:
    """Write a line of our own between those of pytest."""
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(run_all())
