"""What tests of whole runs share: the command line as a user starts it, and orders for runs in process."""

from __future__ import annotations

import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import psutil

from harness import cli
from harness.alertmanager.reference import make_reference_config
from harness.catalogue import list_dashboards, list_rules, override_values
from harness.engines import Engines
from harness.errors import ClockDoubted
from harness.model import Drill
from harness.reports import RunRecord
from harness.rules import RuleFile
from harness.run import Held, Order, hold_open
from harness.stacks.embedded import EmbeddedSite
from harness.stacks.scratch import find_scratch
from harness.systems import find_systems

LOG = logging.getLogger(__name__)
"""What pytest shows of a test that fails."""
ROOT = Path(__file__).resolve().parents[1]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What the command line handles."""
TRIES = 3
"""How often a test asks for a verdict where the machine does not keep the clock."""
SLOW_SPEED = 30.0
"""Of all tries but the first: a pause that calibration, being short, did not see is half as long at it."""
METIS_RULES = ROOT / "harness" / "systems" / "metis" / "rules.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def is_clock_doubted(self) -> bool:
        """Whether nobody can tell what became of drills, since the machine did not keep the clock."""
        said = "No verdict can be trusted" in self.out or "too slow to hold drills" in self.err
        return self.code == ClockDoubted.exit_code and said


def run_until_told(run: Callable[[Sequence[str]], Finished], out: Path | None = None) -> Finished:
    """Hold drills, and again into a fresh folder while the clock is doubted; any other end is the end.

    `run` is given the options that make it slower: none the first time.
    """
    finished = run(())
    for _ in range(TRIES - 1):
        if not finished.is_clock_doubted:
            break
        LOG.warning("asked again after:\n%s%s", finished.out, finished.err)
        if out is not None:
            shutil.rmtree(out)
        finished = run(("--speed", f"{SLOW_SPEED:g}"))
    return finished


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """`alertdrill`, with the engines that the tests were given and a temporary folder of its own."""

    environ: Mapping[str, str]
    temporary: Path
    program: tuple[str, ...] = ("-m", "harness")
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
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=timeout_s)
        return Finished(code=process.returncode, out=out, err=err)

    def run_here(self, *arguments: str) -> Finished:
        """Run a command to its end in this process, without starting another Python."""
        written, said = io.StringIO(), io.StringIO()
        handled = {number: signal.getsignal(number) for number in SIGNALS}
        with (
            patch.dict(os.environ, self.environ, clear=True),
            patch.object(tempfile, "tempdir", str(self.temporary)),
            patch.object(sys, "argv", ["alertdrill", *arguments]),
            redirect_stdout(written),
            redirect_stderr(said),
        ):
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                for number, handler in handled.items():
                    signal.signal(number, handler)
        return Finished(code=code, out=written.getvalue(), err=said.getvalue())

    def run_until_told(self, *arguments: str, out: Path, timeout_s: float = 180.0) -> Finished:
        """Run a command that holds drills and reports to `out`; see the function of this name."""
        return run_until_told(
            lambda slower: self.run(*arguments, *slower, "--out", str(out), timeout_s=timeout_s), out
        )

    def list_leftovers(self) -> list[str]:
        """Return the processes and temporary folders that a command has left behind."""
        folders = [path.name for path in self.temporary.iterdir() if path.name.startswith("alertdrill-")]
        marker = f"TMPDIR={self.temporary}"
        return folders + [
            process.name() for process in psutil.process_iter() if _has_in_environ(process, marker)
        ]


def _has_in_environ(process: psutil.Process, marker: str) -> bool:
    try:
        name, _, value = marker.partition("=")
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(name) == value
    except psutil.Error:
        return False


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


def make_order(
    drills: tuple[Drill, ...],
    engines: Engines,
    out: Path,
    speed: float | None = None,
    rules: tuple[RuleFile, ...] = (),
) -> Order:
    """Return the order that `alertdrill run` makes for these drills, or on other rules."""
    values = override_values(())
    (out / "logs").mkdir(parents=True)
    return Order(
        drills=drills,
        rules=rules or list_rules(drills, values),
        dashboards=list_dashboards(drills, values),
        site=EmbeddedSite(engines=engines, ports={}),
        alertmanager=make_reference_config(system.name for system in find_systems()),
        out=out,
        speed=speed,
        promtool=engines.promtool,
    )


@contextmanager
def hold_open_until_told(order: Order) -> Iterator[Held]:
    """Hold drills in this process, and again into a fresh folder while the clock is doubted."""
    for tries_left in reversed(range(TRIES)):
        with hold_open(order, lambda _state: None) as held:
            if not held.record.doubts or not tries_left:
                yield held
                return
        LOG.warning("held again after: %s", held.record.doubts)
        shutil.rmtree(order.out)
        (order.out / "logs").mkdir(parents=True)
        order = replace(order, speed=SLOW_SPEED)


def hold_until_told(order: Order) -> RunRecord:
    """Hold drills as `hold_open_until_told` does, and end the stack."""
    with hold_open_until_told(order) as held:
        return held.record


def run_tool(program: Path, *arguments: str) -> str:
    """Return what promtool or amtool prints; it must succeed."""
    finished = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr
