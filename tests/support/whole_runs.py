"""What tests of whole runs share: the command line as a user starts it, and runs that are held again."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from alertdrill.cli.main import call
from alertdrill.errors import ClockDoubted
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.scratch import find_scratch
from support.timeline_schema import check_reported
from support.turnstile import open_turnstile

LOG = logging.getLogger(__name__)
"""What pytest shows of a test that fails."""
ROOT = Path(__file__).resolve().parents[2]
SLOW_SPEED = 30.0
"""Of a run that is held again: a pause that calibration, being short, did not see is half as long at it."""
_PROGRESS = re.compile(r"\d of wall time left: ")
METIS_RULES = ROOT / "harness" / "alertdrill" / "systems" / "metis" / "rules.yml"


class HeldAgain(UserWarning):
    """The machine did not keep the clock: a test held its drills a second time, with nothing beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What was printed but progress and met drills; what is not met comes last, as a cut log has it."""
        kept: dict[str, list[str]] = {"✓": [], "": [], "✗": [], "?": []}
        of = ""
        for line in (self.out + self.err).splitlines():
            if not (of and line.startswith(" ")):
                of = line[:1] if line[:1] in kept else ""
            if not _PROGRESS.search(line):
                kept[of].append(line)
        return "\n".join((*kept[""], *kept["?"], *kept["✗"]))

    @property
    def is_clock_doubted(self) -> bool:
        """Whether nobody can tell what became of drills, since the machine, or a part, stood still."""
        untold = "No verdict can be trusted" in self.out or "drills could not be judged" in self.out
        said = untold or "too slow to hold drills" in self.err
        return self.code == ClockDoubted.exit_code and said


def run_until_told(run: Callable[[Sequence[str]], Finished], out: Path | None = None) -> Finished:
    """Hold drills, and once more, alone and into a fresh folder, if the clock was doubted.

    `run` is given the options that make it slower: none the first time.
    """
    finished = run(())
    if not finished.is_clock_doubted:
        return finished
    change_held_again(finished.said)
    if out is not None:
        shutil.rmtree(out)
    with open_turnstile().alone():
        return run(("--speed", f"{SLOW_SPEED:g}"))


def change_held_again(why: str) -> None:
    """Let pytest's summary have it that drills are held again, and its report of a failure why."""
    warnings.warn("the machine did not keep the clock", HeldAgain, stacklevel=2)
    LOG.warning("held again after:\n%s", why)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """`alertdrill`, with the engines that the tests were given and a temporary folder of its own."""

    environ: Mapping[str, str]
    temporary: Path
    program: tuple[str, ...] = ("-m", "alertdrill")
    """What Python runs."""

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command; it is killed if the block leaves it running."""
        process = subprocess.Popen(
            [sys.executable, *self.program, *arguments],
            cwd=ROOT,
            env={**self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *arguments: str, timeout_s: float = 180.0) -> Finished:
        """Run a command to its end."""
        began_s = time.time()
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=timeout_s)
        _check_timeline(arguments, ROOT, began_s)
        return Finished(code=process.returncode, out=out, err=err)

    def run_here(self, *arguments: str, folder: Path = ROOT) -> Finished:
        """Run a command to its end in this process, which has imported everything already, in a folder."""
        out, err = StringIO(), StringIO()
        code: int | str | None = None
        began_s = time.time()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(folder)
            patch.setattr(tempfile, "tempdir", None)  # which remembers what TMPDIR was
            for name in os.environ.keys() - self.environ.keys():
                patch.delenv(name)
            for name, value in self.environ.items():
                patch.setenv(name, value)
            try:
                call(arguments)
            except SystemExit as end:
                code = end.code
        assert not isinstance(code, str), code
        _check_timeline(arguments, folder, began_s)
        return Finished(code=code or 0, out=out.getvalue(), err=err.getvalue())

    def run_until_told(self, *arguments: str, out: Path, timeout_s: float = 180.0) -> Finished:
        """Run a command that holds drills and reports to `out`; see the function of this name."""
        return run_until_told(
            lambda slower: self.run(*arguments, *slower, "--out", str(out), timeout_s=timeout_s), out
        )

    def list_leftovers(self) -> list[str]:
        """Return the processes and temporary folders that a command has left behind."""
        folders = [path.name for path in self.temporary.iterdir() if path.name.startswith("alertdrill-")]
        return folders + list(_list_started_with(f"TMPDIR={self.temporary}"))


def _check_timeline(arguments: Sequence[str], folder: Path, began_s: float) -> None:
    """Hold what a command reports to the published schema, which knows each key."""
    if "--out" in arguments[:-1]:
        check_reported(folder / arguments[list(arguments).index("--out") + 1], began_s)


def _list_started_with(variable: str) -> Iterator[str]:
    """Yield the names of the processes that were started with a variable; those that have ended have none.

    Read without psutil, which asks three times as much of each of the processes of the machine.
    """
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "comm").read_text().strip()
        except OSError:
            continue  # it has ended, or is somebody else's


@contextmanager
def open_command_line(engines: Engines) -> Iterator[CommandLine]:
    """Yield the command line with these engines and a temporary folder, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="test-", dir=find_scratch(os.environ)) as folder:
        environ = {
            **os.environ,
            "TMPDIR": folder,
            "ALERTDRILL_PROMETHEUS": str(engines.prometheus),
            "ALERTDRILL_PROMTOOL": str(engines.promtool),
            "ALERTDRILL_ALERTMANAGER": str(engines.alertmanager),
            "ALERTDRILL_AMTOOL": str(engines.amtool),
        }
        yield CommandLine(environ=environ, temporary=Path(folder))


def run_tool(program: Path, *arguments: str) -> str:
    """Return what promtool or amtool prints; it must succeed."""
    finished = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr
