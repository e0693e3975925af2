"""Run all tests, as `make test` does: those that hold no drills, then those that do.

Of the latter those come first that want the machine's clock, one after another, then the rest, as many at
once as there is room for (support/turnstile.py).

A test that fails beside others is asked once more, alone: a pause of the machine fails a test that waits, and
what is broken fails again. Exits with 0 if nothing failed again, with 1 if something did, and with 2 if
pytest itself could not go on.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (sys.executable, "-m", "pytest", "--quiet")
LIVE = "tests/live"
SPREAD = ("--dist", "loadfile", "--no-loadscope-reorder")
"""Tests of a file may share what they started."""
AGAIN = ("--last-failed", "--last-failed-no-failures", "none", "--maxfail", "1")


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the tests, by the arguments that choose them and say on how many processes they run."""

    name: str
    told: str
    arguments: tuple[str, ...]

    def make_command(self, pytest: Sequence[str], *more: str) -> list[str]:
        """Return the command that runs these tests; what failed is remembered for each part by itself."""
        return [*pytest, "--override-ini", f"cache_dir=.pytest_cache/{self.name}", *more, *self.arguments]


# All wait for servers, so there are more processes than cores.
OTHERS = Part("others", "Tests that hold no drills", (*SPREAD, "--numprocesses", "5", "--ignore", LIVE))
ALONE = Part("alone", "Tests that want the machine's clock", (LIVE, "-m", "alone"))
HELD = Part(
    "held", "All other tests that hold drills", (*SPREAD, "--numprocesses", "8", LIVE, "-m", "not alone")
)


def run_all(pytest: Sequence[str] = PYTEST) -> int:
    """Run all tests, ask again what failed, and return the code to exit with."""
    codes = {}
    for part in (OTHERS, ALONE, HELD):
        say(part.told)
        codes[part] = run(part.make_command(pytest))
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


def say(text: str) -> None:
    """Write a line of our own between those of pytest."""
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_all())
