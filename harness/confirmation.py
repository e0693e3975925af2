"""Let the rules as they are confirm a run: replayed on what it recorded, they must do what was seen live.

Rules that read the same metrics are replayed together on these metrics alone, all parts at once on all cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.agreement import Agreement, Identity, Instant, Window, compare, say_instant
from harness.errors import BadInput, CouldNotTell
from harness.judge import matches
from harness.model import Placement, Timeline
from harness.promql import metric_name, parse, selectors
from harness.recording import Recording
from harness.replay import ReplayJob, replay_all
from harness.reports import say_selector
from harness.rules import RuleFile

MAX_DOUBTS = 5
"""How many differences are said one by one."""
UP = "up"
"""What every target has; rules of two systems that read it have nothing in common."""


def confirm(
    recording: Recording,
    files: Sequence[RuleFile],
    live: Timeline,
    promtool: Path,
    *,
    pending_for_s: Mapping[tuple[Identity, float], float],
    out: Sequence[Window] = (),
) -> Agreement:
    """Return how far the replay of a run's recording is from the run.

    `pending_for_s` and `out` are those of `compare`. Rules that cannot be replayed are not compared, and a
    note says why.
    """
    replays, notes = [], []
    for part in split_files(files):
        job = ReplayJob(recording=choose_series(recording, part), files=part)
        try:
            replays += replay_all([job], promtool)
        except (BadInput, CouldNotTell) as error:
            notes.append(f"not compared with a replay: {error}")
            files = [file for file in files if file not in part]
    alerts = [rule for file in files for rule in file.alerts]
    names = {rule.name for rule in alerts}
    return compare(
        (event for event in live.events if event.receiver is None and event.alert in names),
        (event for replay in replays for event in replay.timeline.events),
        alerts,
        live.until_s,
        pending_for_s=pending_for_s,
        out=out,
        notes=(*notes, *dict.fromkeys(note for replay in replays for note in replay.notes)),
    )


def list_doubts(agreement: Agreement, placements: Sequence[Placement]) -> tuple[str, ...]:
    """Say what a run and its replay disagree about, and in which drill."""
    beyond = agreement.beyond
    said = [_say_doubt(instant, placements) for instant in beyond[:MAX_DOUBTS]]
    if len(beyond) > MAX_DOUBTS:
        said.append(f"run and replay disagree about {len(beyond) - MAX_DOUBTS} more instants")
    return tuple(said)


def split_files(files: Sequence[RuleFile]) -> list[tuple[RuleFile, ...]]:
    """Return rule files in parts that read and record nothing in common but `up`."""
    parts: list[tuple[set[str], list[RuleFile]]] = []
    for file in files:
        names = {name or ".*" for name in list_names(file)} - {UP}
        own = [part for part in parts if part[0] & names or ".*" in part[0] | names]
        joined = (names.union(*(part[0] for part in own)), [*(f for part in own for f in part[1]), file])
        parts = [part for part in parts if part not in own] + [joined]
    return [tuple(file for file in files if file in part) for _, part in parts]


def list_names(file: RuleFile) -> set[str | None]:
    """Return the names of the metrics that a rule file reads and records; None: it is a pattern."""
    rules = [rule for group in file.groups for rule in group.rules]
    read = {metric_name(selector) for rule in rules for selector in selectors(parse(rule.expr))}
    return read | {rule.name for rule in rules}


def choose_series(recording: Recording, files: Sequence[RuleFile]) -> Recording:
    """Return a recording of only the series that rule files may read."""
    names = {name for file in files for name in list_names(file)} | {UP}
    if None in names:
        return recording
    kept = tuple(one for one in recording.series if one.labels["__name__"] in names)
    return replace(recording, series=kept)


def _say_doubt(instant: Instant, placements: Sequence[Placement]) -> str:
    drills = [
        place.drill.name
        for place in placements
        if place.start_s <= instant.at_s < place.end_s
        and any(matches(expected, instant.alert, instant.labels) for expected in place.drill.expects)
    ]
    who = ", ".join(drills) or "beside the drills"
    alert = say_selector(instant.alert, instant.labels)
    return f"{who}: the rules as they are do otherwise on the run's recording: {alert} {say_instant(instant)}"
