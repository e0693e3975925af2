"""Judges one drill on one recording, by rule files: what people call from Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.verdict import Verdict
from alertdrill.recording.files import read_recording
from alertdrill.rules.files import read_rules
from alertdrill.runner.recorded import judge_drills
from alertdrill.runtime.binaries import find_promtool


def judge_recorded(
    drill: Drill,
    recording: Path,
    rules: Sequence[Path],
    *,
    start_s: float = 0.0,
    quiet_tail_s: float = 0.0,
) -> Verdict:
    """Judge a drill on a recording (OpenMetrics on rule time, as `alertdrill record` writes it).

    The rules are evaluated as they are, by promtool, which is fetched if it is not there. The drill's times
    count from `start_s` of the recording, in seconds of rule time; with `quiet_tail_s`, every series goes on
    as it ended for so long. No recording has pages, so an alert that fires and resolves in time is
    `unobserved`, which is neither met nor unmet; a near miss and a blind rule can be met.

    Raises BadInput for files that cannot be read or used, CouldNotTell for rules that cannot be replayed.
    """
    record = judge_drills(
        read_recording(recording),
        [Placement(drill=drill, start_s=start_s)],
        tuple(read_rules(path) for path in rules),
        find_promtool(os.environ).promtool,
        quiet_tail_s=quiet_tail_s,
    )
    (verdict,) = (one for one in record.verdicts if one.drill == drill.name)
    return verdict
