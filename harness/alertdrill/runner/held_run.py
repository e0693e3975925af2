"""Reads where a run had its drills, and which parts stalled, from the timeline.json beside its recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.timeline import Stall
from alertdrill.errors import BadInput
from alertdrill.runner.golden.folder import MADE
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import decode_text, read_bytes

TIMELINE = "timeline.json"
WALL_TIME_MODE = "project"
MAX_BYTES = 64 * 1024 * 1024


def read_speed(path: Path) -> float:
    """Return the speed of a run on a gateway in wall time, from its timeline; 1 of any other, or of none."""
    try:
        document = load_json(read_bytes(path, MAX_BYTES))
        return float(document["speed"]) if document["mode"] == WALL_TIME_MODE else 1.0
    except (OSError, ValueError, LookupError, TypeError):
        return 1.0


def read_held_run(path: Path, drills: Sequence[Drill]) -> tuple[tuple[Placement, ...], tuple[Stall, ...]]:
    """Return where a run had its drills, and which parts stalled, from its timeline; raises BadInput.

    Older timelines do not say who stalled.
    """
    by_name = {drill.name: drill for drill in drills}
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise BadInput(f"{path}: is larger than {MAX_BYTES // 2**20} MiB")
        document = load_json(decode_text(content, str(path)))
        placements = tuple(
            Placement(drill=by_name[one["drill"]], start_s=float(one["start_s"]))
            for one in document["drills"]
            if one["drill"] in by_name
        )
        stalls = tuple(
            Stall(part=str(one["part"]), from_s=float(one["from_s"]), until_s=float(one["until_s"]))
            for one in document.get("stalls", ())
        )
    except FileNotFoundError as error:
        raise BadInput(_say_missing(path)) from error
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read, and says what the recording beside it is of: {error.strerror}"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise BadInput(f"{path}: is not the timeline of a run that held drills: {error}") from error
    return placements, stalls


def _say_missing(path: Path) -> str:
    """Say what a recording without its timeline lacks, and what to do."""
    said = (
        f"{path}: is not there, and says which drills the recording beside it is of, and when each was held; "
    )
    if is_there(path.with_name(MADE)):
        return (
            f"{said}golden recordings are judged by their folder: alertdrill run --replay {path.parent} DRILL"
        )
    return (
        f"{said}`alertdrill run` writes both side by side. What rules do on a recording alone is shown by "
        "`alertdrill replay FILE --rules RULES`"
    )
