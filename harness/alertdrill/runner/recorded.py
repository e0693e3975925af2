"""Judges drills of somebody's own on a recording of somebody's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from alertdrill.core.drill import Placement
from alertdrill.errors import BadInput
from alertdrill.recording.recording import Recording
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.gate import judge_recording


def judge_drills(
    recording: Recording,
    placements: Sequence[Placement],
    files: tuple[RuleFile, ...],
    promtool: Path,
    *,
    quiet_tail_s: float = 0.0,
) -> RunRecord:
    """Judge drills where they stand in a recording, by rules as they are.

    Raises BadInput for an alert that no rule has, and for a drill that stands outside the recording,
    CouldNotTell for rules that cannot be replayed.
    """
    lasts_s = (recording.end_ms - recording.start_ms) / 1000
    for place in placements:
        if not 0 <= place.start_s < lasts_s:
            raise BadInput(
                f"{place.drill.name} would start {place.start_s:g} s into a recording of {lasts_s:g} s"
            )
    _check_alerts(placements, files)
    drills = [place.drill for place in placements]
    return judge_recording(recording, placements, drills, files, promtool, quiet_tail_s, shows_values=True)


def _check_alerts(placements: Iterable[Placement], files: Iterable[RuleFile]) -> None:
    known = sorted({rule.name for file in files for rule in file.alerts})
    for place in placements:
        for expected in place.drill.expects:
            if expected.alert in known:
                continue
            near = get_close_matches(expected.alert, known, n=1)
            meant = f"do you mean {near[0]}?" if near else f"they have {', '.join(known) or 'no alert'}"
            raise BadInput(
                f"{place.drill.name} expects {expected.alert}, which is no alert of the rules; {meant}"
            )
