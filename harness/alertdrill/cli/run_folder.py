"""The folder that a run reports to: it has the old run or the new one, never parts of both.

Reports are written in a folder beside, and come into their places together, at the end; until then the old
ones are there. Logs are written where they stay, since one looks at them while a run lasts; those of the old
run are set aside, and come back if the run ends without reports. Whatever no run of ours wrote stays.

    OUT/.alertdrill-lock      who writes here
    OUT/.alertdrill-run/new   the reports of this run; renamed to `done` once no old report is there any more
    OUT/.alertdrill-run/old   what the last run left; its logs are in `aside`, which is `logs` once it has all

A run that is killed leaves `.alertdrill-run`, and the next one goes on from there: forward if there is
`done`, back otherwise.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from alertdrill.cli.interruption import defer_signals
from alertdrill.core.parts import PARTS, PEER
from alertdrill.errors import CannotWrite
from alertdrill.runner.traffic import MAX_WORKERS
from alertdrill.runtime.files import (
    Locked,
    hold_lock,
    make_folder,
    naming,
    open_own,
    sync_folder,
    write_whole,
)
from alertdrill.runtime.looking import follow

REPORTS = ("timeline.json", "junit.xml", "report.html", "report.md", "metrics.prom", "recording.om.gz")
LOGS = (
    *(f"{part}.log" for part in (*PARTS, PEER, "locust", "prepare", "compose", "promtool")),
    *(f"locust-worker-{number}.log" for number in range(1, MAX_WORKERS + 1)),
    "traffic.json",
    "traffic-plan.json",
)
"""The files that a run writes; the next one removes exactly these, and the logs of a project's providers."""
PROVIDER_LOGS = "provider-*.log"
HISTORY = "history"
LOCK = ".alertdrill-lock"
WORK = ".alertdrill-run"
PROBE_BYTES = 256 * 1024
"""Less than this, and no run could be reported."""

CANNOT = "cannot be written to"

_Move = tuple[Path, Path]


class RunFolder:
    """A folder for reports and logs, while its lock is held. `new` is where the reports are written first."""

    def __init__(self, out: Path, place: Path) -> None:
        self.new = place / WORK / "new"
        self._out = out
        self._place = place
        self._work = place / WORK
        self._logs = place / "logs"

    def write(self, name: str, text: str) -> None:
        """Write a report, which `publish` puts into its place. Raises CannotWrite."""
        with self._naming():
            write_whole(self.new / name, text)

    def publish(self) -> None:
        """Let the reports, and the logs that are there, take the place of the last run. Raises CannotWrite.

        If that fails, the last run's are there as before.
        """
        done = self._work / "done"
        moves: list[_Move] = [
            *((self._place / name, self._work / "old" / name) for name in REPORTS),
            (self.new, done),
            *((done / name, self._place / name) for name in REPORTS),
        ]
        with self._naming(), defer_signals():
            _move_all(moves)
            shutil.rmtree(self._work, ignore_errors=True)
            sync_folder(self._place)

    def take(self) -> None:
        """Make room for a run: end what a killed one began, and set its logs aside. Raises CannotWrite."""
        with self._naming():
            self.restore()
            _check_ours(self._out, self._place)
            self.new.mkdir(parents=True)
            aside = self._work / "old" / "aside"
            aside.mkdir(parents=True)
            with open_own(self.new / "probe") as probe:
                probe.write(bytes(PROBE_BYTES))
            (self.new / "probe").unlink()
            self._logs.mkdir(exist_ok=True)
            _move_all((self._logs / name, aside / name) for name in name_logs(self._logs))
            aside.rename(aside.with_name("logs"))

    def restore(self) -> None:
        """Bring a run to its end that was not published, or only half: see the top of this file."""
        if not self._work.exists():
            return
        done, old = self._work / "done", self._work / "old"
        if done.exists():
            _move_all((done / name, self._place / name) for name in REPORTS)
        elif old.exists():
            if (old / "logs").exists():
                for name in name_logs(self._logs):
                    (self._logs / name).unlink(missing_ok=True)
            self._logs.mkdir(exist_ok=True)
            for folder in (old / "aside", old / "logs"):
                _move_all((folder / name, self._logs / name) for name in name_logs(folder))
            _move_all((old / name, self._place / name) for name in REPORTS)
            with suppress(OSError):  # if there is anything in it, it stays
                self._logs.rmdir()
        shutil.rmtree(self._work)

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Name the folder as its user does; which file in it was meant is of no use to anybody."""
        try:
            with naming(str(self._out), CANNOT):
                yield
        except CannotWrite as error:
            said = str(error).replace(str(self.new), str(self._out))
            raise CannotWrite(said) from error


@contextmanager
def open_folder(out: Path, inputs: Iterable[Path] = ()) -> Iterator[RunFolder]:
    """Yield the folder for reports and logs; the last run's come back unless new ones are published.

    Raises CannotWrite where it cannot be written, where another run is at it, where what a run would replace
    is not a run's, and where it is one of the `inputs`.
    """
    with ExitStack() as resources:
        make_folder(out, CANNOT)
        with naming(str(out), CANNOT):
            place = follow(out)
            try:
                resources.enter_context(hold_lock(place / LOCK))
            except Locked as locked:
                raise CannotWrite(
                    f"{out}: another run, process {locked}, writes here: await its end, or name another --out"
                ) from locked
        _check_inputs(place, inputs)
        folder = RunFolder(out, place)
        try:
            folder.take()
            yield folder
        finally:
            with suppress(OSError):  # the next run tries again
                folder.restore()


def name_logs(folder: Path) -> list[str]:
    """Return the names of all logs that a run may have written to a folder; a project names its providers."""
    return sorted({*LOGS, *(path.name for path in folder.glob(PROVIDER_LOGS))})


def _move_all(moves: Iterable[_Move]) -> None:
    """Rename what is there; if one cannot be, all that were are named as before. Raises OSError."""
    moved: list[_Move] = []
    try:
        for old, new in moves:
            if old.exists():
                old.rename(new)
                moved.append((old, new))
    except OSError:
        for old, new in reversed(moved):
            with suppress(OSError):
                new.rename(old)
        raise


def _check_ours(out: Path, place: Path) -> None:
    """Raise CannotWrite unless everything that a run would replace is of the kind that a run writes."""
    for name in (*REPORTS, *(f"logs/{name}" for name in name_logs(place / "logs"))):
        kind = _find_kind(place / name)
        if kind is not None and not stat.S_ISREG(kind):
            raise CannotWrite(f"{out / name}: is not a file that a run wrote: move it, or name another --out")
    kind = _find_kind(place / "logs")
    if kind is not None and not stat.S_ISDIR(kind):
        raise CannotWrite(f"{out / 'logs'}: is not a folder that a run made: move it, or name another --out")
    for name in ("logs", HISTORY):
        path = place / name
        if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
            raise CannotWrite(f"{out / name}: is not a folder that can be written to")


def _check_inputs(place: Path, inputs: Iterable[Path]) -> None:
    written = {follow(place / name) for name in (*REPORTS, *(f"logs/{name}" for name in LOGS))}
    for path in inputs:
        if follow(path) in written:
            raise CannotWrite(f"{path}: is read, and would be replaced: name another --out")


def _find_kind(path: Path) -> int | None:
    """Return a file's kind and mode, links not followed; None if there is none."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None
