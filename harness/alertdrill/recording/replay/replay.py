"""Replay: the exact timeline of unmodified rules over a recording, through promtool.

promtool's rule tester evaluates the rules in virtual time. What they did is read from the series `ALERTS`
that each evaluation writes, asked for in masks of many evaluations (see `activity`), so that a day is a
hundred questions.
A group is evaluated at its own interval: see `stages`. Many replays are held at once, on all cores.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Curve, Event, Timeline
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.activity import MASK_SIZES
from alertdrill.recording.replay.answers import Answers, Complaint
from alertdrill.recording.replay.grid import MAX_ITEMS, append_tail
from alertdrill.recording.replay.inquiry import Activation, Inquiry, identify, make_inquiry
from alertdrill.recording.replay.library import Library, check_length, drop_written
from alertdrill.recording.replay.plan import Plan, make_plan
from alertdrill.recording.replay.promtool import TookTooLong, Trial, run_trials
from alertdrill.recording.replay.slowness import name_slow_rule
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile
from alertdrill.rules.heartbeats import find_heartbeats
from alertdrill.rules.inhibitors import find_inhibitors


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayJob:
    """A recording and the rules to replay on it, with a quiet tail of `tail_s` appended.

    `curves` are the alerts whose values are wanted too; with `annotations`, those of each alert that fires.
    Where the exact grid would be more than `max_items`, a coarser one will do (see `grid`).
    """

    recording: Recording
    files: Sequence[RuleFile]
    tail_s: float = 0.0
    curves: Sequence[AlertRule] = ()
    annotations: bool = False
    max_items: int = MAX_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What rules did over a recording; `notes` are sentences on what is not exactly as recorded.

    `pendings` says of each activation that never fired how long it was seen to be pending, in seconds.
    """

    timeline: Timeline
    annotations: Mapping[Activation, Labels] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pendings: Mapping[Activation, float] = field(default_factory=dict)

    def find_annotations(self, event: Event) -> Labels:
        """Return the annotations of an alert as they were rendered when it began to fire."""
        return self.annotations[identify(event)]


def replay(
    recording: Recording,
    files: Sequence[RuleFile],
    promtool: Path,
    *,
    tail_s: float = 0.0,
    curves: Sequence[AlertRule] = (),
    annotations: bool = False,
    default_interval_s: float = EVALUATION_INTERVAL_S,
) -> Replay:
    """Return what the rules of `files` do over a recording, at instants that count from its start.

    `default_interval_s` is the evaluation interval that the files were read with. Raises BadInput for rules
    that cannot be replayed or that this promtool does not take, and CouldNotTell for a recording that is
    empty or too large, or where a rule cannot be evaluated on it.
    """
    job = ReplayJob(recording=recording, files=files, tail_s=tail_s, curves=curves, annotations=annotations)
    return replay_all([job], promtool, default_interval_s=default_interval_s)[0]


def replay_all(
    jobs: Sequence[ReplayJob], promtool: Path, *, default_interval_s: float = EVALUATION_INTERVAL_S
) -> list[Replay]:
    """Return what `replay` does, for many at once."""
    plans: dict[tuple[tuple[int, ...], int], Plan] = {}
    tellers: dict[int, Generator[Trial, Answers, Replay]] = {}
    for number, job in enumerate(jobs):
        key = tuple(map(id, job.files)), job.recording.start_ms
        if key not in plans:
            plans[key] = make_plan(job.files, job.recording.start_ms, default_interval_s)
        tellers[number] = _change(job, plans[key], default_interval_s)
    replays: dict[int, Replay] = {}
    answers: dict[int, Answers | None] = dict.fromkeys(tellers)
    slow: TookTooLong | None = None
    while tellers:
        trials: dict[int, Trial] = {}
        for number, teller in list(tellers.items()):
            try:
                # None begins it.
                trials[number] = teller.throw(slow) if slow else teller.send(answers[number])  # type: ignore[arg-type]
            except StopIteration as stop:
                replays[number] = stop.value
                del tellers[number]
        numbers = list(trials)
        try:
            said = run_trials(promtool, list(trials.values()))
        except Complaint as complaint:
            tellers[numbers[complaint.trial]].throw(complaint)
            raise
        except TookTooLong as too_long:
            if len(numbers) > 1:
                raise
            slow = too_long
            continue
        slow = None
        answers = dict(zip(numbers, said, strict=True))
    return [replays[number] for number in range(len(jobs))]


def _change(job: ReplayJob, plan: Plan, default_interval_s: float) -> Generator[Trial, Answers, Replay]:
    """Yield the trials that a replay is made of, are sent the answers, and return the replay."""
    recording = append_tail(job.recording, job.tail_s)
    notes: list[str] = []
    series = drop_written(recording, plan, notes)
    check_length(recording, plan, series)
    library = Library(series)
    events: list[Event] = []
    curves: list[Curve] = []
    annotations: dict[Activation, Labels] = {}
    pendings: dict[Activation, float] = {}
    grids = []
    for planned in plan.stages:
        read = library.find(planned.stage.reads)
        for mask_size in MASK_SIZES:
            inquiry = make_inquiry(
                planned, plan, recording, read, job.curves, default_interval_s, mask_size, job.max_items
            )
            answers = yield from _ask(inquiry, inquiry.trial)
            if not inquiry.is_too_much(answers):
                break
        grids.append(inquiry.trial.grid)
        activities = inquiry.list_activities(answers)
        found = inquiry.list_events(activities)
        events += found
        pendings |= inquiry.list_pendings(activities)
        curves += inquiry.list_curves(answers)
        library.add(inquiry.list_handed_on(answers, activities))
        firing = [event for event in found if event.kind == "firing"]
        if job.annotations and firing:
            rendered = yield from _ask(inquiry, inquiry.ask_annotations(firing))
            annotations |= inquiry.list_annotations(rendered, firing)
    coarsest = max(grids, key=lambda grid: grid.moved_ms, default=None)
    if coarsest is not None and coarsest.moved_ms:
        notes.append(f"{recording.name}: {coarsest.describe()}")
    return Replay(
        timeline=Timeline(
            mode="replay",
            speed=1.0,
            until_s=(recording.end_ms - recording.start_ms) / 1000,
            observed=frozenset({"pending", "firing", "resolved"}),
            events=tuple(sorted(events, key=_place_event)),
            curves=tuple(curves),
            heartbeats=find_heartbeats(rule for file in job.files for rule in file.alerts),
            inhibitors=find_inhibitors(rule for file in job.files for rule in file.alerts),
            appended_from_s=(job.recording.end_ms - recording.start_ms) / 1000 if job.tail_s > 0 else None,
        ),
        annotations=annotations,
        notes=tuple(notes),
        pendings=pendings,
    )


def _place_event(event: Event) -> tuple[float, str, list[tuple[str, str]], bool]:
    """Return what events are ordered by: of what one alert did at one evaluation, the firing comes last."""
    return event.at_s, event.alert, sorted(event.labels.items()), event.kind != "pending"


def _ask(inquiry: Inquiry, trial: Trial) -> Generator[Trial, Answers, Answers]:
    """Yield a trial of a stage and return what is answered; a complaint is said of its rule."""
    try:
        return (yield from name_slow_rule(inquiry, trial))
    except Complaint as complaint:
        raise inquiry.explain(complaint) from complaint
