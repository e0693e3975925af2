"""Folders for what ends with a command; what a killed one left behind is removed by the next.

Each has a file that its process holds a lock on for as long as it lives: the system lets go of a lock however
a process ends, and gives its number to nobody else meanwhile. Folders of before there were locks are removed
once they are old and no process names them.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "alertdrill-run-"
LIVING = ".living"
"""The file that is locked."""
BEGUN_WITHIN_S = 60.0
"""A folder that is younger may yet get its lock."""
UNLOCKED = re.compile(r"alertdrill-[a-z0-9_]{8}")
"""What folders were called when they had no locks."""
OF_UNLOCKED = ("pager-token", "said-0")
"""The files of which each of them had one: a stack's, and that of what promtool was asked."""
QUIET_S = 3600.0
"""How long nothing was written into one; its Prometheus wrote every second while it lived."""
_UNNAMED = f"{LIVING}.new"
_swept: set[Path] = set()


@contextmanager
def scratch_folder(base: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder for this user alone, in `base` or where the system has such; it is removed.

    Those of processes that are gone are removed first.
    """
    place = base or Path(tempfile.gettempdir())
    if place not in _swept:
        _swept.add(place)
        remove_left_behind(place)
    folder, descriptor = _make_locked(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_left_behind(place: Path) -> None:
    """Remove the folders of this user's that belong to no living process, as far as that can be."""
    for folder in place.glob("alertdrill-*"):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            if UNLOCKED.fullmatch(folder.name):
                if _is_quiet(folder) and not _is_named(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            elif folder.name.startswith(PREFIX):
                if (folder / LIVING).exists():
                    _remove_unless_locked(folder, LIVING)
                elif time.time() - status.st_mtime > BEGUN_WITHIN_S:
                    _remove_unless_locked(folder, _UNNAMED)


def _remove_unless_locked(folder: Path, lock: str) -> None:
    """Remove a folder if nobody else holds this lock of it. Raises OSError.

    Who has not got as far as to name the lock finds this one in its place, and makes another folder.
    """
    descriptor = os.open(folder / lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock == LIVING or not (folder / LIVING).exists():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _is_quiet(folder: Path) -> bool:
    """Whether this is a folder of ours into which nothing was written for long. Raises OSError."""
    if not any((folder / name).is_file() for name in OF_UNLOCKED):
        return False
    latest_s = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    return time.time() - latest_s > QUIET_S


def _is_named(folder: Path) -> bool:
    """Whether a process has this folder in its command line, as every part of a stack has its stack's."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended since
            if os.fsencode(folder) in path.read_bytes():
                return True
    return False


def _make_locked(place: Path) -> tuple[Path, int]:
    """Return a new folder and a descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        with suppress(FileExistsError, FileNotFoundError):  # it took so long that another process removes it
            return folder, _lock_new(folder)


def _lock_new(folder: Path) -> int:
    """Return a descriptor that holds a folder's lock; it is locked before it has its name. Raises OSError."""
    unnamed = folder / _UNNAMED
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        unnamed.rename(folder / LIVING)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
