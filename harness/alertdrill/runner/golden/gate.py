"""Judge drills on recordings: no stack, no traffic, and the rules as they now stand.

Pages cannot be seen, and are unobserved. On a run's own recording the drills stand where the run had them.
Golden recordings are judged each alone, and then laid out one after another, so that the reports of a run
can show them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.parts import PROVIDERS
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Event, Stall, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import CouldNotTell
from alertdrill.judging.could_not_tell import Evidence, weigh
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.needs import PATH, STALE, UNSEEN
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.replay import Replay, ReplayJob, replay_all
from alertdrill.recording.selecting import find_unrecorded, say_unrecorded
from alertdrill.reports import REPLAY, RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.digests import digest_drill
from alertdrill.runner.golden.folder import Kept, find_goldens, place_golden, read_golden
from alertdrill.runner.rulebook import RuleBook, find_reaches_s

SETTLE_S = 60.0
"""A drill that ends within this of the end of a recording is the one that a quiet tail lets go on."""
GAP_S = 60.0
"""Between drills that are laid out one after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A drill, judged on its own recording: all in the recording's time, the drill's placement first."""

    placements: tuple[Placement, ...]
    timeline: Timeline
    verdict: Verdict

    @property
    def own(self) -> Placement:
        """Where the drill stands."""
        return self.placements[0]


def judge_goldens(
    folder: Path,
    drills: Sequence[Drill],
    among: Sequence[Drill],
    book: RuleBook,
    promtool: Path,
    tail_s: float,
    own: Mapping[str, Path] | None = None,
) -> RunRecord:
    """Judge drills each on its own golden recording; `among` are all drills that there are.

    What the folder does not have is looked for in the system's `own`, by its name. A drill whose traffic is
    another one than was recorded is a doubt. Raises CouldNotTell for a drill without a recording and for
    rules that cannot be replayed on it, BadInput for a folder that cannot be read.
    """
    started_at, started_s = datetime.now(UTC), time.monotonic()
    kept = find_goldens(folder, drills, own or {})
    placed = [place_golden(one.golden, drill, among) for one, drill in zip(kept, drills, strict=True)]
    jobs = [
        make_job(read_golden(one.folder, drill), drill, book.choose(drill), tail_s=tail_s)
        for one, drill in zip(kept, drills, strict=True)
    ]
    _check_recorded(jobs)
    replays = replay_all(jobs, promtool)
    rehearsals = [
        rehearse(placements, replay.timeline, tail_s)
        for placements, replay in zip(placed, replays, strict=True)
    ]
    placements, timeline, appended = lay_out(rehearsals)
    return RunRecord(
        placements=placements,
        timeline=timeline,
        verdicts=tuple(rehearsal.verdict for rehearsal in rehearsals),
        rules=_list_alerts(jobs),
        wall_s=time.monotonic() - started_s,
        started_at=started_at,
        doubts=tuple(_list_doubts(kept, drills)),
        notes={"recordings": _say_origins(kept), **_list_notes(replays)},
        appended=appended,
    )


def judge_recording(
    recording: Recording,
    placements: Sequence[Placement],
    drills: Sequence[Drill],
    files: tuple[RuleFile, ...],
    promtool: Path,
    tail_s: float,
    stalls: tuple[Stall, ...] = (),
    *,
    stands_alone: bool = False,
) -> RunRecord:
    """Judge drills on the recording of the run that held them; `placements` are all that it held.

    Where a drill `stands_alone`, it is judged as if no other had been held. What the run's `stalls` may have
    decided cannot be told from its recording either, but for pages, which none has, and for what rules did
    not see, which they see now. Raises CouldNotTell for rules that cannot be replayed on it.
    """
    started_at, started_s = datetime.now(UTC), time.monotonic()
    near = tuple(rule for drill in drills for rule in list_near(drill, files, is_all=True))
    curves = tuple({(rule.source, rule.name): rule for rule in near}.values())
    job = ReplayJob(recording=recording, files=files, tail_s=tail_s, curves=curves)
    _check_recorded([job])
    replay = replay_all([job], promtool)[0]
    recorded_s = (recording.end_ms - recording.start_ms) / 1000
    extended = tuple(_extend(place, recorded_s, tail_s) for place in placements)
    own = {drill.name for drill in drills}
    verdicts = [
        judge(
            place.drill,
            select_for_drill(place, (place,) if stands_alone else extended, replay.timeline),
        )
        for place in extended
        if place.drill.name in own
    ]
    unexpected = find_unexpected(extended, replay.timeline)
    return RunRecord(
        placements=tuple(place for place in extended if place.drill.name in own),
        timeline=replace(replay.timeline, stalls=stalls),
        verdicts=weigh_replayed(
            [*verdicts, unexpected] if unexpected is not None else verdicts, extended, stalls, files
        ),
        rules=_list_alerts([job]),
        wall_s=time.monotonic() - started_s,
        started_at=started_at,
        notes={"recording": recording.name, **_list_notes([replay])},
        pendings=replay.pendings,
        appended=_find_appended(replay.timeline),
    )


def weigh_replayed(
    verdicts: Iterable[Verdict],
    placements: Sequence[Placement],
    stalls: Iterable[Stall],
    files: Sequence[RuleFile],
) -> tuple[Verdict, ...]:
    """Return verdicts on a run's recording with a doubt wherever the run's stalls may have decided.

    Pages, which no recording has, need no part; and what rules did not see in the run they see now.
    """
    evidence = Evidence(
        stalls=tuple(
            stall
            for stall in stalls
            if stall.part == "prometheus"
            or not (stall.part in PATH or stall.part.startswith((UNSEEN, STALE)))
        ),
        reaches_s=find_reaches_s(files),
        providers=PROVIDERS,
    )
    return weigh(verdicts, placements, evidence)


def _check_recorded(jobs: Sequence[ReplayJob]) -> None:
    """Raise CouldNotTell for rules that read what a recording was not asked for, all of them."""
    # Most recordings were asked for the same, and are judged by the same files.
    different = {(job.recording.selectors, *(id(file) for file in job.files)): job for job in jobs}
    missing = {one for job in different.values() for one in find_unrecorded(job.recording, job.files)}
    if missing:
        raise CouldNotTell("; ".join(say_unrecorded(sorted(missing))))


def make_job(
    recording: Recording, drill: Drill, files: tuple[RuleFile, ...], *, tail_s: float = 0.0
) -> ReplayJob:
    """Return the replay of a drill's recording, with the values of the alerts that it expects."""
    curves = list_near(drill, files, is_all=True)
    return ReplayJob(recording=recording, files=files, tail_s=tail_s, curves=curves)


def rehearse(placements: tuple[Placement, ...], timeline: Timeline, tail_s: float = 0.0) -> Rehearsal:
    """Judge the first of some placements on a timeline that begins before it and ends after it.

    What fires while it is held and concerns neither it nor those beside it is a finding of its own.
    """
    own = _extend(placements[0], placements[0].end_s, tail_s)
    extended = (own, *placements[1:])
    held = replace(
        timeline, events=tuple(event for event in timeline.events if own.start_s <= event.at_s < own.end_s)
    )
    verdict = judge(own.drill, select_for_drill(own, extended, held))
    if own.drill.expects:
        unexpected = find_unexpected(extended, held)
        more = () if unexpected is None else unexpected.findings
        since_start = (
            replace(one, observed={kind: at_s - own.start_s for kind, at_s in one.observed.items()})
            for one in more
        )
        verdict = replace(verdict, findings=(*verdict.findings, *since_start))
    return Rehearsal(placements=extended, timeline=held, verdict=verdict)


def lay_out(
    rehearsals: Sequence[Rehearsal],
) -> tuple[tuple[Placement, ...], Timeline, tuple[tuple[float, float], ...]]:
    """Return rehearsals one after another: where the drills then stand, one timeline, and what is appended.

    What concerns only a drill beside the rehearsed one is left out.
    """
    placements, events, curves = [], [], []
    appended: list[tuple[float, float]] = []
    now_s = 0.0
    for rehearsal in rehearsals:
        own = rehearsal.own
        placements.append(replace(own, start_s=now_s))
        mine = select_for_drill(own, rehearsal.placements, rehearsal.timeline)
        events += [_move(event, now_s) for event in _list_own(rehearsal, mine)]
        curves += [
            replace(curve, points=tuple((at_s + now_s, value) for at_s, value in curve.points))
            for curve in mine.curves
            if any(curve.alert == expected.alert for expected in own.drill.expects)
        ]
        for from_s, to_s in _find_appended(rehearsal.timeline):
            appended.append((from_s - own.start_s + now_s, min(to_s, own.end_s) - own.start_s + now_s))
        now_s += own.drill.lasts_s + GAP_S
    engines = rehearsals[0].timeline.engines if rehearsals else {}
    timeline = Timeline(
        mode=REPLAY,
        speed=1.0,
        until_s=now_s,
        observed=frozenset({"pending", "firing", "resolved"}),
        events=tuple(sorted(events, key=lambda event: event.at_s)),
        curves=tuple(curves),
        engines=engines,
        appended_from_s=appended[0][0] if len(rehearsals) == 1 and appended else None,
    )
    return tuple(placements), timeline, tuple(appended)


def _list_own(rehearsal: Rehearsal, mine: Timeline) -> Iterator[Event]:
    """Yield what the drill's own alerts did, and the unexpected ones, from the drill's start."""
    yield from mine.events
    start_s = rehearsal.own.start_s
    unexpected = {
        (finding.alert, tuple(sorted(finding.labels.items())))
        for finding in rehearsal.verdict.findings
        if finding.expectation is None
    }
    for event in rehearsal.timeline.events:
        moved = _move(event, -start_s)
        if (event.alert, tuple(sorted(event.labels.items()))) in unexpected and moved not in mine.events:
            yield moved


def _move(event: Event, by_s: float) -> Event:
    return replace(event, at_s=event.at_s + by_s)


def _extend(placement: Placement, recorded_s: float, tail_s: float) -> Placement:
    """Return a drill that lasts through the quiet tail, if it is one that the recording ends with."""
    if not tail_s or placement.end_s < recorded_s - SETTLE_S:
        return placement
    return replace(placement, drill=replace(placement.drill, lasts_s=placement.drill.lasts_s + tail_s))


def _find_appended(timeline: Timeline) -> tuple[tuple[float, float], ...]:
    if timeline.appended_from_s is None:
        return ()
    return ((timeline.appended_from_s, timeline.until_s),)


def list_near(drill: Drill, files: Sequence[RuleFile], *, is_all: bool = False) -> tuple[AlertRule, ...]:
    """Return the rules whose value a drill's expectations ask for, or of all alerts that it expects."""
    near = {one.alert for one in drill.expects if is_all or find_kind(one).asks_for_value}
    return tuple(rule for file in files for rule in file.alerts if rule.name in near)


def _list_alerts(jobs: Sequence[ReplayJob]) -> tuple[AlertRule, ...]:
    """Return every alert of some replays once."""
    rules = {rule.source: rule for job in jobs for file in job.files for rule in file.alerts}
    return tuple(rules.values())


def _list_doubts(kept: Sequence[Kept], drills: Sequence[Drill]) -> Iterator[str]:
    for one, drill in zip(kept, drills, strict=True):
        if one.golden.does not in ("", digest_drill(drill)):
            yield f"{drill.name} sends other traffic than was recorded; `make record` renews the recording"


def _say_origins(kept: Sequence[Kept]) -> str:
    """Say which folders recordings are from, and of which runs."""
    said: dict[Path, set[str]] = {}
    for one in kept:
        origin = one.made.runs.get(one.golden.run)
        runs = said.setdefault(one.folder, set())
        runs |= {f"{origin.made_at} at commit {origin.commit}"} if origin is not None else set()
    return "; ".join(
        f"{folder}, of {', '.join(sorted(runs))}" if runs else str(folder) for folder, runs in said.items()
    )


def _list_notes(replays: Sequence[Replay]) -> dict[str, str]:
    """Return what the replays say of themselves, each sentence once."""
    said = dict.fromkeys(note for replay in replays for note in replay.notes)
    return {"replay": " ".join(said)} if said else {}
