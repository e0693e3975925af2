"""Looks at paths that a user names: whether something is there, and what it is.

A path that leads into a folder which is closed to this user, through links in a circle, or by a name that is
too long is neither there nor absent, and what `pathlib` makes of it differs between versions of Python. Here
it is BadInput, in the system's own words.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from alertdrill.errors import BadInput


def find_kind(path: Path) -> int | None:
    """Return the mode of what a path leads to, None where nothing is there; raises BadInput."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no path has a NUL in it
        return None
    except OSError as error:
        raise _say_closed(path, error) from error


def is_there(path: Path) -> bool:
    """Whether a path leads to something; raises BadInput where that cannot be known."""
    return find_kind(path) is not None


def is_file(path: Path) -> bool:
    """Whether a path leads to a regular file; raises BadInput where that cannot be known."""
    return stat.S_ISREG(find_kind(path) or 0)


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; raises BadInput where that cannot be known."""
    return stat.S_ISDIR(find_kind(path) or 0)


def list_folder(path: Path) -> list[Path]:
    """Return what a folder has, sorted by name; raises BadInput where it cannot be listed."""
    try:
        return sorted(path.iterdir())
    except OSError as error:
        raise _say_closed(path, error) from error


def follow(path: Path) -> Path:
    """Return a path as absolute, its links followed as far as they lead anywhere."""
    return Path(os.path.realpath(path))


def _say_closed(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{path}: cannot be read: {error.strerror}")
