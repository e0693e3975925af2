"""Where a stack of local processes keeps what ends with it: in memory, if the system offers that.

Prometheus commits each scrape and each evaluation to its log on disk. Where the disk is busy, that takes half
a second and more, which at speed 60 is half a minute of rule time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder is made there by tempfile, for its user alone
ROOM_BYTES = 1024 * 1024 * 1024
"""What is left for a stack at the least; the run of all drills takes a fiftieth of it."""


def find_scratch(
    environ: Mapping[str, str], memory: Path = SHARED_MEMORY, *, room_bytes: int = ROOM_BYTES
) -> Path | None:
    """Return the folder for temporary files; None for the one that the system chooses.

    That is where `TMPDIR` says so, and where there is no memory to be had, or less of it than `room_bytes`.
    """
    if environ.get("TMPDIR") or not os.access(memory, os.W_OK):
        return None
    return memory if shutil.disk_usage(memory).free >= room_bytes else None
