"""Try what a newcomer does on two machines that are fresh in fact: `.ci/fresh_machines.py`.

They are bare systems: one with the newest Python that Debian has, and one with the oldest that alertdrill
supports. On each an ordinary user with umask 002, in a checkout whose path has a space, runs `make check` and
holds the drills of one system. What they said is in out/fresh. Exits with 0 if all went well.

This needs root and a mirror of Debian. Where they are missing, the machines are skipped, and a line says so;
in CI (the variable) that is a failure.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from bare_system import BareSystem, open_system  # noqa: E402
from engine import install_missing, is_debian, say  # noqa: E402

from alertdrill.errors import MissingEngine  # noqa: E402

SUITES = {"newest": "unstable", "oldest": "bookworm"}
CHECK = "make check"
DRILL = 'make drill ARGS="--system inference{}"'
SLOWER = " --speed 30"
"""A pause of the machine that calibration, being short, did not see is half as long then."""
DOUBTED = re.compile(r'type="ClockDoubted"|too slow to hold drills')
STEP_TIMEOUT_S = 900.0
LAST_LINES = 60
_POLL_S = 0.2


def main() -> int:
    """Try every step on both machines, and return the code to exit with."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    logs = ROOT / "out" / "fresh"
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        try:
            demand_root()
            started_s = time.monotonic()
            systems = {name: opened.enter_context(open_system(suite, ROOT)) for name, suite in SUITES.items()}
        except MissingEngine as error:
            say(f"SKIPPED, not passed: the fresh machines: {error}")
            return 1 if os.environ.get("CI") else 0
        say(f"made the fresh machines in {time.monotonic() - started_s:.0f} s")
        # Each step on both machines at the same time: what checks is busy, what drills mostly waits.
        failed = try_step(CHECK, systems, logs)
        failed += hold_drills(systems, logs)
        return 1 if failed else 0


def demand_root() -> None:
    """Make sure that systems can be made here; raise MissingEngine if they cannot."""
    if os.geteuid() != 0:
        raise MissingEngine("only root can make them")
    if not is_debian():
        raise MissingEngine("they are made by debootstrap, from the mirror of a Debian")
    for program in ("debootstrap", "git"):
        install_missing(program)


def hold_drills(systems: Mapping[str, BareSystem], logs: Path) -> list[str]:
    """Hold the drills on all machines at the same time; return on which they did not go well.

    Whether the machine kept the clock is not what is tried: where it did not, they are held again, alone.
    """
    failed = []
    for name in try_step(DRILL.format(""), systems, logs):
        report = systems[name].checkout / "out/junit.xml"
        if report.exists() and DOUBTED.search(report.read_text()):
            say(f"the {name} machine did not keep the clock: once more, alone and at half the speed")
            failed += try_step(DRILL.format(SLOWER), {name: systems[name]}, logs)
        else:
            failed.append(name)
    return failed


def try_step(step: str, systems: Mapping[str, BareSystem], logs: Path) -> list[str]:
    """Run a command on machines at the same time, say how that went, and return on which it failed."""
    started_s = time.monotonic()
    paths = {name: logs / f"{name}-{step.split()[1]}.log" for name in systems}
    for path in paths.values():
        path.unlink(missing_ok=True)
    codes = run_all({name: (system, ["sh", "-c", step]) for name, system in systems.items()}, paths)
    for name, (code, ended_s) in codes.items():
        say(f"{step} on the {name} machine: exit {code} after {ended_s - started_s:.0f} s")
        show(paths[name], everything=code != 0)
    return [name for name, (code, _) in codes.items() if code]


def run_all(
    commands: Mapping[str, tuple[BareSystem, Sequence[str]]], logs: Mapping[str, Path]
) -> dict[str, tuple[int, float]]:
    """Run commands side by side, and return for each its exit code and when it ended."""
    ended: dict[str, tuple[int, float]] = {}
    deadline_s = time.monotonic() + STEP_TIMEOUT_S
    with ExitStack() as started:
        running: dict[str, subprocess.Popen[bytes]] = {}
        for name, (system, argv) in commands.items():
            running[name] = started.enter_context(system.start(argv, logs[name]))
            started.callback(running[name].kill)
        while len(ended) < len(running) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
            for name, process in running.items():
                if name not in ended and process.poll() is not None:
                    ended[name] = (process.returncode, time.monotonic())
    # What has not ended by now was killed.
    return {name: ended.get(name, (-signal.SIGKILL, deadline_s)) for name in running}


def show(log: Path, *, everything: bool) -> None:
    """Show the end of what a machine said; where all went well, only which tests were skipped there."""
    lines = log.read_text(errors="replace").splitlines()
    for line in lines[-LAST_LINES:] if everything else [line for line in lines if line.startswith("SKIPPED")]:
        say(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
