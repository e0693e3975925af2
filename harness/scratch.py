"""Folders for what ends with a command; what a killed one left behind is removed by the next.

Each has a file that its process holds a lock on for as long as it lives: the system lets go of a lock however
a process ends, and gives its number to nobody else meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import shutil
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
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    descriptor = _lock_new(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_left_behind(place: Path) -> None:
    """Remove the folders of this user's that belong to no living process, as far as that can be."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if folder.is_symlink() or not folder.is_dir() or status.st_uid != os.geteuid():
                continue
            if not (folder / LIVING).exists():
                if time.time() - status.st_mtime > BEGUN_WITHIN_S:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            descriptor = os.open(folder / LIVING, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


def _lock_new(folder: Path) -> int:
    """Return a descriptor that holds a folder's lock; it is locked before it has its name."""
    unnamed = folder / f"{LIVING}.new"
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    unnamed.rename(folder / LIVING)
    return descriptor
