"""A run that is held once for a session, whichever of pytest-xdist's workers asks for it first.

Workers are processes, and pytest-xdist deals out their tests as it likes. So who needs the run first holds it
while it has a lock; the others wait for the lock, and find the run in a folder that all of them share.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from alertdrill.errors import AlertdrillError, BadInput, CouldNotTell
from alertdrill.pytest_plugin.run import Run
from alertdrill.pytest_plugin.workers import ENDING, find_folder
from alertdrill.runtime.files import Locked, hold_lock, open_whole

POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRun:
    """A run, or why there is none. `project` is the path of the project file."""

    project: str
    run: Run | None = None
    why: str = ""
    exit_code: int = 0

    def take(self) -> Run:
        """Return the run; raises BadInput or CouldNotTell if there is none."""
        if self.run is None:
            raise (BadInput if self.exit_code == BadInput.exit_code else CouldNotTell)(self.why)
        return self.run


class Share:
    """The runs of a session, by project and drills."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._runs: dict[str, SharedRun] = {}
        self._is_occupied = False

    def hold_once(
        self, project: Path, drills: tuple[str, ...], hold: Callable[[], Run], *, only_here: str = ""
    ) -> Run:
        """Return the run of these drills; it is held if nobody has. Raises BadInput and CouldNotTell.

        Two runs are never held at the same time. What is `only_here` is known by that to this process alone.
        """
        parts = (str(project), only_here and f"{os.getpid()} {only_here}", *sorted(drills))
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        if key not in self._runs:
            if self._is_occupied:
                raise BadInput(
                    "a run cannot be held while alertdrill_stack stands, for both use the gateway: use them "
                    "in tests of different modules"
                )
            with self._lock():
                self._runs[key] = self._load(key) or self._hold(key, project, hold)
        return self._runs[key].take()

    @contextmanager
    def occupy(self) -> Iterator[None]:
        """Let nobody hold a run meanwhile: others wait, and a test of this process is told so."""
        with self._lock():
            self._is_occupied = True
            try:
                yield
            finally:
                self._is_occupied = False

    def list_runs(self) -> list[SharedRun]:
        """Return all runs of the session."""
        if self._folder is None:
            return list(self._runs.values())
        paths = sorted(self._folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime)
        return [_read(path) for path in paths]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        if self._folder is None:
            yield
            return
        with ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(hold_lock(self._folder / "lock"))
                    break
                except Locked:
                    time.sleep(POLL_S)
            yield

    def _hold(self, key: str, project: Path, hold: Callable[[], Run]) -> SharedRun:
        """Hold drills, once: also what broke is not tried again for each of them."""
        run = SharedRun(project=str(project), exit_code=CouldNotTell.exit_code)
        try:
            run = replace(run, run=hold(), exit_code=0)
        except AlertdrillError as error:
            run = replace(run, why=str(error), exit_code=error.exit_code)
        except Exception as error:
            # A mistake of ours: the first test shows where.
            self._runs[key] = replace(run, why=f"the run broke: {type(error).__name__}: {error}")
            self._save(key, self._runs[key])
            raise
        self._save(key, run)
        return run

    def _load(self, key: str) -> SharedRun | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}{ENDING}"
        return _read(path) if path.exists() else None

    def _save(self, key: str, run: SharedRun) -> None:
        if self._folder is None:
            return
        with open_whole(self._folder / f"{key}{ENDING}") as stream:
            stream.write(pickle.dumps(run))


def open_share(config: pytest.Config) -> Share:
    """Return what this process shares with others: nothing, if it is alone."""
    return Share(find_folder(config))


def _read(path: Path) -> SharedRun:
    run: SharedRun = pickle.loads(path.read_bytes())  # noqa: S301 - this user's own, in a folder of 0700
    return run
