"""Finds the project file: in a folder, or upwards from it."""

from __future__ import annotations

import os
from pathlib import Path

from alertdrill.project.files import FILE_NAME, MAX_BYTES, PYPROJECT, read_document
from alertdrill.runtime.reading import read_bytes

ROOT_MARK = ".git"
"""What the uppermost folder of a repository has; nothing above it is looked at."""


def find_project(start: Path) -> Path | None:
    """Return the project file of a folder, or of the nearest one above it that has one; None without.

    An alertdrill.toml wins over a pyproject.toml beside it. A pyproject.toml without [tool.alertdrill] is
    passed over, but BadInput is raised for one that may have it and cannot be read.
    """
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - a folder keeps the name that it was given
    for one in (folder, *folder.parents):
        own, shared = one / FILE_NAME, one / PYPROJECT
        if os.path.lexists(own):
            return own
        if os.path.isfile(shared) and _has_table(shared):  # noqa: PTH113 - no error where one may not look
            return shared
        if os.path.lexists(one / ROOT_MARK):
            break
    return None


def _has_table(path: Path) -> bool:
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError:
        return False
    # Other mistakes in it are for other tools to tell.
    return b"alertdrill" in content and read_document(path) is not None
