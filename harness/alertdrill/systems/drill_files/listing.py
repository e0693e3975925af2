"""Finds the files that drills are in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.runtime.looking import is_folder, list_folder

ENDINGS = (".yml", ".yaml")
"""Of the files of a folder that have drills."""


def list_files(paths: Iterable[Path]) -> list[Path]:
    """Return files of drills, those of a folder by name; raises BadInput for a folder without one."""
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if is_folder(path):
            inside = [one for one in list_folder(path) if one.suffix in ENDINGS and one.name[0] != "."]
        if not inside:
            raise BadInput(
                f"{path}: has no drills: there is no file in it that ends in {' or '.join(ENDINGS)}"
            )
        found += inside
    return found
