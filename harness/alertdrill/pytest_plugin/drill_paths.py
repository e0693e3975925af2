"""Which YAML files have drills of a project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from alertdrill.pytest_plugin.keys import MODULE, PACKAGE, YAML
from alertdrill.runtime.reading import open_regular

READ_BYTES = 1024 * 1024
"""So much of a file is looked at for its drills."""

_DRILLS = re.compile(rb"^[\"']?drills[\"']?\s*:", re.MULTILINE)


def is_drill_file(path: Path, places: Iterable[Path]) -> bool:
    """Say whether a YAML file has drills of a project whose drills are in these files and folders.

    A file in such a folder is one, as it is for `alertdrill run`; further down, one that states drills.
    """
    own = Path(os.path.realpath(path))
    for stated in places:
        place = Path(os.path.realpath(stated))
        if own == place:
            return True
        if own.suffix not in YAML or own.name[0] == ".":
            continue
        if own.parent == place or (own.is_relative_to(place) and states_drills(path)):
            return True
    return False


def is_pack_file(path: Path, packs: Iterable[Path]) -> bool:
    """Say whether a file makes the drills of a pack, which is one of these folders."""
    own = Path(os.path.realpath(path))
    folders = [Path(os.path.realpath(pack)) for pack in packs]
    return any(own in {folder / MODULE, folder.joinpath(*PACKAGE)} for folder in folders)


def states_drills(path: Path) -> bool:
    """Say whether a YAML file has a list of drills at its top."""
    try:
        with open_regular(path) as stream:
            return path.suffix in YAML and _DRILLS.search(stream.read(READ_BYTES)) is not None
    except OSError:
        return False
