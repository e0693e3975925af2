"""Keeps the recording of a project's run where the gate and pytest look for it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.held_run import RECORDING, TIMELINE, find_held_run
from alertdrill.runtime.files import check_target, make_folder, open_batch
from alertdrill.runtime.looking import is_there

KEPT = (RECORDING, TIMELINE)


def check_kept(folder: Path, drills: Sequence[Drill], among: Sequence[Drill]) -> None:
    """Raise BadInput for a folder whose recording is of drills of the project that a run would not hold."""
    held = find_held_run(folder / RECORDING, among)
    names = {drill.name for drill in drills}
    lost = [place.drill.name for place in held.placements if place.drill.name not in names] if held else []
    if lost:
        raise BadInput(
            f"{folder}: the recording that is kept there is of {', '.join(lost)}, too, which this run would "
            "not hold: hold all drills together, or name another folder with --keep-recordings"
        )
    make_folder(folder, "cannot be written to")
    for name in KEPT:
        check_target(folder / name)


def keep_run(folder: Path, out: Path) -> str:
    """Copy a run's recording and its timeline from where it left them, and say so; raises CannotWrite."""
    if not is_there(out / RECORDING):
        raise CouldNotTell(f"{out}: the run left no recording that could be kept; its report says why")
    with open_batch() as batch:
        for name in KEPT:
            with (out / name).open("rb") as source, batch.open(folder / name) as target:
                shutil.copyfileobj(source, target)
    size = sum((folder / name).stat().st_size for name in KEPT)
    return f"The run's recording is kept in {folder}, which now has {size / 1024:.0f} KiB of it"
