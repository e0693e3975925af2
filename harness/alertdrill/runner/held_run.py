"""Reads what a run was, and what it doubted, from the timeline.json beside its recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Stall
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput
from alertdrill.judging.findings import Identity, identify, put_in_doubt
from alertdrill.runner.golden.folder import MADE
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import decode_text, read_bytes

RECORDING, TIMELINE = "recording.om.gz", "timeline.json"
"""What a run leaves side by side."""
WALL_TIME_MODE = "project"
MAX_BYTES = 64 * 1024 * 1024


def read_speed(path: Path) -> float:
    """Return the speed of a run on a gateway in wall time, from its timeline; 1 of any other, or of none."""
    try:
        document = load_json(read_bytes(path, MAX_BYTES))
        return float(document["speed"]) if document["mode"] == WALL_TIME_MODE else 1.0
    except (OSError, ValueError, LookupError, TypeError):
        return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """A run that held drills: where they were, which parts stalled, and what it could not tell.

    `doubts` are about all of it. `untold` says why of findings, by their drill, alert and labels, and of
    drills in which nothing fired, by their name alone.
    """

    placements: tuple[Placement, ...]
    stalls: tuple[Stall, ...] = ()
    doubts: tuple[str, ...] = ()
    untold: Mapping[tuple[str, str, Identity], str] = field(default_factory=dict)

    def find(self, name: str) -> Placement | None:
        """Return where a drill was, by its name; None if it was not held."""
        return next((place for place in self.placements if place.drill.name == name), None)

    def doubt(self, verdict: Verdict) -> Verdict:
        """Return a verdict on the run's recording that is no surer than the run itself was."""
        of_all = f"the run that was recorded is doubted: {'; '.join(self.doubts)}" if self.doubts else ""

        def say(doubt: str, alert: str, labels: Labels) -> str:
            untold = self.untold.get((verdict.drill, alert, identify(labels)))
            said = f"the run that was recorded could not tell: {untold}" if untold else ""
            return of_all or doubt or said

        return replace(
            verdict,
            doubt=verdict.doubt if verdict.findings else say(verdict.doubt, "", {}),
            findings=tuple(
                put_in_doubt(one, say(one.doubt, one.alert, one.labels)) for one in verdict.findings
            ),
        )


def find_held_run(recording: Path, drills: Sequence[Drill]) -> HeldRun | None:
    """Return the run that a recording is of, by the timeline beside it; None if none is there."""
    timeline = recording.with_name(TIMELINE)
    return read_held_run(timeline, drills) if is_there(timeline) else None


def read_held_run(path: Path, drills: Sequence[Drill]) -> HeldRun:
    """Return what a timeline says of its run and of these drills; raises BadInput.

    Older timelines do not say who stalled, nor what was doubted.
    """
    by_name = {drill.name: drill for drill in drills}
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise BadInput(f"{path}: is larger than {MAX_BYTES // 2**20} MiB")
        document = load_json(decode_text(content, str(path)))
        return HeldRun(
            placements=tuple(
                Placement(drill=by_name[one["drill"]], start_s=float(one["start_s"]))
                for one in document["drills"]
                if one["drill"] in by_name
            ),
            stalls=tuple(
                Stall(part=str(one["part"]), from_s=float(one["from_s"]), until_s=float(one["until_s"]))
                for one in document.get("stalls", ())
            ),
            doubts=tuple(str(one) for one in document.get("doubts", ())),
            untold=dict(_list_untold(document.get("verdicts", ()))),
        )
    except FileNotFoundError as error:
        raise BadInput(_say_missing(path)) from error
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read, and says what the recording beside it is of: {error.strerror}"
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: is not the timeline of a run that held drills: {error}") from error


def _list_untold(verdicts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str, Identity], str]]:
    """Yield why a run could not tell, of each drill and finding of which it could not."""
    for verdict in verdicts:
        name = str(verdict["drill"])
        if verdict.get("doubt"):
            yield (name, "", ()), str(verdict["doubt"])
        for finding in verdict.get("findings", ()):
            if finding.get("doubt"):
                labels = {str(label): str(value) for label, value in finding["labels"].items()}
                yield (name, str(finding["alert"]), identify(labels)), str(finding["doubt"])


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
