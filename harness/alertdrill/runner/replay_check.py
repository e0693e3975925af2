"""Let the rules as they are confirm a run: replayed on what it recorded, they must do what was seen live.

Rules that read the same metrics are replayed together on these metrics alone, all parts at once on all cores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alertdrill.core.clock import Clock, format_s
from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Event, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.core.wording import say_selector
from alertdrill.errors import BadInput, CannotWrite, CouldNotTell
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.judge import matches
from alertdrill.judging.replay_agreement import Agreement, Instant, Pendings, Window, compare, say_instant
from alertdrill.recording.prometheus import read_gauges, read_pendings
from alertdrill.recording.recorder import record_run
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.inquiry import Activation
from alertdrill.recording.replay.phases import Phase, delay, split_by_phase
from alertdrill.recording.replay.promtool import PromtoolBroke
from alertdrill.recording.replay.replay import Replay, ReplayJob, replay_all
from alertdrill.recording.resets import Reset, find_resets
from alertdrill.rules.files import RuleFile
from alertdrill.runner.faults.outages import list_windows
from alertdrill.runner.held_run import WALL_TIME_MODE
from alertdrill.runner.phase_doubt import doubt_by_phase
from alertdrill.runner.rulebook import choose_series, split_files
from alertdrill.runner.unseen_labels import Pairs, doubt_unseen_labels, list_pairs
from alertdrill.runtime.files import write_own
from alertdrill.runtime.http_client import Api

MAX_ITEMS = 4_000_000
"""Of one part, for promtool: a second or two, and samples are moved by a fraction of a scrape at most."""
MAX_DOUBTS = 5
"""How many differences are said one by one."""
LOG = "promtool.log"
"""What promtool had said before it broke, among the logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What became of recording a run and replaying that: for the run's record, its doubts and its notes."""

    agreement: Agreement | None = None
    doubts: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    unwritten: str = ""
    """Why the recording could not be written, if it could not."""
    seen: Pairs | None = None
    """The labels that anything had which rules read, if there is a recording."""
    recorded: Recording | None = None

    def doubt(
        self,
        verdicts: Iterable[Verdict],
        placements: Sequence[Placement],
        files: Sequence[RuleFile],
        promtool: Path | None,
    ) -> tuple[Verdict, ...]:
        """Return verdicts with a doubt wherever the run, and not a rule of `files`, may have decided."""
        known = self.doubt_blind(verdicts, [rule for file in files for rule in file.alerts])
        known = doubt_unconfirmed(known, placements, self.agreement)
        if self.recorded is None or promtool is None:
            return known
        return doubt_by_phase(known, placements, self.recorded, files, promtool)

    def doubt_blind(self, verdicts: Iterable[Verdict], rules: Sequence[AlertRule]) -> tuple[Verdict, ...]:
        """Return verdicts with a doubt for each blind rule of labels that nothing in the run had."""
        if self.seen is None:
            return tuple(verdicts)
        return tuple(doubt_unseen_labels(verdict, rules, self.seen, "the run") for verdict in verdicts)


def record_and_confirm(
    prometheus: Api,
    files: Sequence[RuleFile],
    clock: Clock,
    live: Timeline,
    placements: Sequence[Placement],
    path: Path,
    promtool: Path | None,
    logs: Path,
    *,
    recorded: Sequence[RuleFile] = (),
) -> Confirmation:
    """Write a run's recording, and say how far its replay is from what was seen live.

    What `recorded` rules read is in the recording, or what `files` read if there are none.

    Where the server cannot be recorded from, as with other servers than Prometheus, there is none: that is a
    note, and no failure. Nor is it if no rule can be replayed, but it is a doubt if promtool breaks: what was
    not compared does not agree.
    """
    try:
        wall_speed = clock.speed if live.mode == WALL_TIME_MODE else 1.0
        recording = record_run(prometheus, recorded or files, clock, live.until_s, path, wall_speed)
    except CannotWrite as error:
        said = str(error).replace(str(path), path.name)
        return Confirmation(notes={"recording": f"there is none: {said}"}, unwritten=said)
    except CouldNotTell as error:
        return Confirmation(notes={"recording": f"there is none: {error}"})
    found = _confirm_recorded(prometheus, recording, files, clock, live, placements, promtool, logs)
    notes = {"recording": f"{path.name}: {len(recording.series)} series", **found.notes}
    return replace(found, notes=notes, seen=list_pairs(recording), recorded=recording)


def _confirm_recorded(
    prometheus: Api,
    recording: Recording,
    files: Sequence[RuleFile],
    clock: Clock,
    live: Timeline,
    placements: Sequence[Placement],
    promtool: Path | None,
    logs: Path,
) -> Confirmation:
    """Say how far the replay of a run's recording is from what was seen live."""
    windows = list_windows(placements, clock.speed)
    doubts = tuple(map(_say_reset, _find_resets(prometheus, recording, windows)))
    if promtool is None:
        said = "the recording is not replayed without promtool"
        return Confirmation(doubts=doubts, notes={"replay": said})
    pendings = read_pendings(prometheus, clock, 0.0, live.until_s)
    try:
        agreement = confirm(
            recording, files, live, promtool, pendings=pendings, out=_list_outages(placements)
        )
    except PromtoolBroke as broke:
        log = logs / LOG
        write_own(log, broke.log)
        doubt = f"the run could not be compared with a replay of its recording: {broke}; its log is {log}"
        return Confirmation(doubts=(*doubts, doubt))
    if agreement.is_void:
        said = "; ".join(agreement.notes) or "there was no rule"
        return Confirmation(doubts=doubts, notes={"replay": said})
    doubts = (*doubts, *list_doubts(agreement, placements))
    return Confirmation(agreement=agreement, doubts=doubts)


def _find_resets(prometheus: Api, recording: Recording, out: Sequence[Window]) -> Iterator[Reset]:
    """Yield the first reset of each job; what may be gauges is asked only where something fell."""
    if any(find_resets(recording, out)):
        yield from find_resets(recording, out, read_gauges(prometheus))


def _say_reset(reset: Reset) -> str:
    return (
        f"{reset.metric} of the job {reset.job} began anew at {format_s(reset.at_s)}: what it counts for was "
        "started again, and no drill did that"
    )


def _list_outages(placements: Sequence[Placement]) -> list[Window]:
    """Return when Prometheus was out."""
    return [
        (place.start_s + outage.at_s, place.start_s + outage.at_s + outage.for_s)
        for place in placements
        for outage in place.drill.outages
        if outage.part == "prometheus"
    ]


def confirm(
    recording: Recording,
    files: Sequence[RuleFile],
    live: Timeline,
    promtool: Path,
    *,
    pendings: Pendings,
    out: Sequence[Window] = (),
) -> Agreement:
    """Return how far the replay of a run's recording is from the run.

    `pendings` are those of the run, and `out` is as in `compare`. Rules that cannot be replayed are not
    compared, and a note says why. Raises PromtoolBroke when nobody can tell, because promtool was killed.
    """
    phases = [
        (phase, choose_series(recording, phase.files))
        for part in split_files(files)
        for phase in split_by_phase(part, live.events)
    ]
    replays, notes = _replay(phases, promtool)
    names = {name for phase, _ in replays for name in phase.alerts}
    found = compare(
        (event for event in live.events if event.receiver is None and event.alert in names),
        (event for phase, replay in replays for event in _list_events(phase, replay)),
        [rule for file in files for rule in file.alerts if rule.name in names],
        live.until_s,
        pendings={**pendings, **{key: s for phase, one in replays for key, s in _list_pendings(phase, one)}},
        out=out,
        notes=(*notes, *dict.fromkeys(note for _, replay in replays for note in replay.notes)),
    )
    return replace(found, is_void=not replays)


def _replay(
    phases: Sequence[tuple[Phase, Recording]], promtool: Path
) -> tuple[list[tuple[Phase, Replay]], list[str]]:
    """Replay all phases at once, or one by one without those that cannot be replayed, each with a note."""
    jobs = [
        ReplayJob(recording=delay(recording, phase.delay_ms), files=phase.files, max_items=MAX_ITEMS)
        for phase, recording in phases
    ]
    try:
        return list(zip((phase for phase, _ in phases), replay_all(jobs, promtool), strict=True)), []
    except PromtoolBroke:
        raise
    except (BadInput, CouldNotTell) as error:
        if len(jobs) == 1:
            return [], [f"not compared with a replay: {error}"]
    alone = [_replay([one], promtool) for one in phases]
    return [one for replays, _ in alone for one in replays], [note for _, notes in alone for note in notes]


def _list_events(phase: Phase, replayed: Replay) -> Iterator[Event]:
    """Yield what the alerts of a phase did, at the instants of the run."""
    for event in replayed.timeline.events:
        if event.alert in phase.alerts:
            yield replace(event, at_s=_move_back(event.at_s, phase))


def _list_pendings(phase: Phase, replayed: Replay) -> Iterator[tuple[Activation, float]]:
    """Yield how long the activations of a phase were pending, by their instants in the run."""
    for (alert, labels, at_s), lasted_s in replayed.pendings.items():
        if alert in phase.alerts:
            yield (alert, labels, _move_back(at_s, phase)), lasted_s


def _move_back(at_s: float, phase: Phase) -> float:
    return round(at_s * 1000 - phase.delay_ms) / 1000


def list_doubts(agreement: Agreement, placements: Sequence[Placement]) -> tuple[str, ...]:
    """Say what a run and its replay disagree about, and in which drill."""
    beyond = agreement.beyond
    said = [_say_doubt(instant, placements) for instant in beyond[:MAX_DOUBTS]]
    if len(beyond) > MAX_DOUBTS:
        said.append(f"run and replay disagree about {len(beyond) - MAX_DOUBTS} more instants")
    return tuple(said)


def doubt_unconfirmed(
    verdicts: Iterable[Verdict], placements: Sequence[Placement], agreement: Agreement | None
) -> tuple[Verdict, ...]:
    """Return the verdicts with a doubt where something unmet hangs on a moment that the replay does not have.

    An evaluation that comes as samples are scraped does without the newest, and the replay has them.
    """
    if agreement is None:
        return tuple(verdicts)
    by_name = {place.drill.name: place for place in placements}
    doubted = []
    for verdict in verdicts:
        place = by_name.get(verdict.drill)
        findings = [
            finding
            if finding.expectation is None or not finding.is_unmet or place is None
            else put_in_doubt(finding, _find_unconfirmed(finding.expectation, place, agreement))
            for finding in verdict.findings
        ]
        doubted.append(replace(verdict, findings=tuple(findings)))
    return tuple(doubted)


def _find_unconfirmed(expected: Expected, place: Placement, agreement: Agreement) -> str:
    for instant in agreement.unconfirmed:
        if place.start_s <= instant.at_s < place.end_s and matches(expected, instant.alert, instant.labels):
            alert = say_selector(instant.alert, instant.labels)
            at = format_s(instant.at_s - place.start_s)
            return f"{alert} was {instant.kind} at {at} for a moment that the run's recording does not have"
    return ""


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
