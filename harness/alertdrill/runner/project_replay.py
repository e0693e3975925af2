"""Judges the drills of a project on recordings of somebody's own.

There are three kinds of recordings: a folder with one for each drill, named DRILL.om.gz; that of a run, with
its timeline.json beside it, or the folder of both; and one of any hours, in which every drill starts at the
beginning. A drill that cannot be judged has a verdict that says why, so that one missing file leaves all
others their verdicts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.judging.unfit_rules import say_unfit
from alertdrill.recording.files import read_recording
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.inquiry import Activation
from alertdrill.recording.replay.replay import Replay, ReplayJob, replay_all
from alertdrill.recording.selecting import find_unrecorded, say_unrecorded
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.rules.leaving_out import leave_out
from alertdrill.runner.golden.folder import MADE, Manifest, find_path, place_golden, read_manifest
from alertdrill.runner.golden.gate import Rehearsal, judge_recording, lay_out, list_near, rehearse
from alertdrill.runner.held_run import RECORDING, TIMELINE, HeldRun, find_held_run, read_held_run, read_speed
from alertdrill.runner.project_files import ProjectRules
from alertdrill.runner.recorded import (
    check_alerts,
    check_within,
    doubt_record,
    doubt_recorded,
    judge_drills,
)
from alertdrill.runner.rulebook import list_expected
from alertdrill.runtime.looking import is_file, is_folder, is_there


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A drill where it stands in a recording, first among its placements, and the rules that judge it.

    `held` is the run that the recording is of, if it is of one.
    """

    placements: tuple[Placement, ...]
    recording: Recording
    files: tuple[RuleFile, ...]
    held: HeldRun | None = None


class ProjectReplay:
    """Recordings, and rules as they are, that drills are judged by; each recording is read once.

    `unfit` says of alerts, by name, why they are right at speed 1 only: on a run's recording, they are judged
    if that was its speed. Files among `editions`, by name, judge only the drills that are about them.
    """

    def __init__(
        self,
        path: Path,
        files: tuple[RuleFile, ...],
        promtool: Path,
        unfit: Mapping[str, str] = MappingProxyType({}),
        editions: frozenset[str] = frozenset(),
    ) -> None:
        self.path = _find_recording(path)
        self._rules = ProjectRules(files=files, editions=editions)
        self._files = files
        self._promtool = promtool
        self._unfit = unfit
        self._read: dict[Path, Recording] = {}

    def find_lasts_s(self, name: str) -> float | None:
        """Return how long a drill of that name lasts that does not say it: to the end of its recording.

        None where the run that held it says so, and where there is no recording.
        """
        if is_folder(self.path):
            path = find_path(self.path, name)
            try:
                recording, made = self._load(path), self._read_made()
            except (BadInput, CouldNotTell):
                return None  # it is said of the drill as it is judged
            start_s = made.drills[name].start_s if name in made.drills else 0.0
        elif self._find_timeline() is not None:
            return None
        else:
            recording, start_s = self._load(self.path), 0.0
        return max(0.0, (recording.end_ms - recording.start_ms) / 1000 - start_s)

    def judge(self, drills: Sequence[Drill], among: Sequence[Drill]) -> RunRecord:
        """Judge drills; `among` are all of the project, whose alerts are nothing unexpected.

        Raises BadInput and CouldNotTell for what concerns all of them.
        """
        if is_folder(self.path):
            return self._judge_each(drills, among)
        timeline = self._find_timeline()
        if timeline is not None:
            return self._judge_run(timeline, drills, among)
        return self._judge_hours(drills, among)

    def place(
        self, drills: Sequence[Drill], among: Sequence[Drill]
    ) -> tuple[tuple[Placed, ...], dict[str, str]]:
        """Return where drills stand in recordings, and, by name, why some cannot be judged there.

        Raises BadInput and CouldNotTell for what concerns all of them.
        """
        placed, refused = [], {}
        find = self._place_each(among) if is_folder(self.path) else self._place_all(drills, among)
        for drill in drills:
            try:
                placed.append(find(drill))
            except (BadInput, CouldNotTell) as error:
                refused[drill.name] = str(error)
        return tuple(placed), refused

    def _place_each(self, among: Sequence[Drill]) -> Callable[[Drill], Placed]:
        made = self._read_made()

        def place(drill: Drill) -> Placed:
            places, job = self._make_job(drill, among, made)
            return Placed(placements=places, recording=job.recording, files=tuple(job.files))

        return place

    def _place_all(self, drills: Sequence[Drill], among: Sequence[Drill]) -> Callable[[Drill], Placed]:
        """Place drills in the one recording of all, of a run or of any hours."""
        recording = self._load(self.path)
        known = tuple({drill.name: drill for drill in (*among, *drills)}.values())
        run = find_held_run(self.path, known)
        held = [Placement(drill=drill, start_s=0.0) for drill in known] if run is None else run.placements
        speed = self._find_speed(recording)
        files = self._choose(speed, drills)
        self._check_recorded(recording, files)

        def place(drill: Drill) -> Placed:
            own = next((one for one in held if one.drill.name == drill.name), None)
            if own is None:
                raise BadInput(f"{self.path}: the run that this is of did not hold {drill.name}")
            if why := self._find_first_doubt(drill, speed) or self._refuse(drill, own, recording):
                raise CouldNotTell(why)
            others = (one for one in held if one is not own)
            return Placed(placements=(own, *others), recording=recording, files=files, held=run)

        return place

    def find_doubt(self, alert: str) -> str:
        """Say why an alert cannot be judged on a run's recording; empty if it can, or there is no run."""
        read = self._read.values() if is_folder(self.path) else [self._load(self.path)]
        return self._doubt(alert, max((self._find_speed(one) for one in read), default=1.0))

    def _doubt(self, alert: str, speed: float) -> str:
        return "" if speed == 1 or alert not in self._unfit else say_unfit(alert, self._unfit[alert], speed)

    def _find_first_doubt(self, drill: Drill, speed: float) -> str:
        return next((said for name in list_expected(drill) if (said := self._doubt(name, speed))), "")

    def _find_speed(self, recording: Recording) -> float:
        """Return the speed of a run on a gateway in wall time, 1 of any other.

        Older recordings do not say it, but the timeline beside them does.
        """
        timeline = None if is_folder(self.path) else self._find_timeline()
        return recording.wall_speed if timeline is None else max(recording.wall_speed, read_speed(timeline))

    def _choose(self, speed: float, drills: Iterable[Drill]) -> tuple[RuleFile, ...]:
        """Return the rules that concern drills and can be judged on what was recorded at a speed."""
        files = self._rules.choose_for(drills)
        return files if speed == 1 else leave_out(files, self._unfit)

    def _judge_run(self, timeline: Path, drills: Sequence[Drill], among: Sequence[Drill]) -> RunRecord:
        known = {drill.name: drill for drill in (*among, *drills)}
        run = read_held_run(timeline, tuple(known.values()))
        held = {place.drill.name: place for place in run.placements}
        refused = {
            drill.name: f"{self.path}: the run that this is of did not hold {drill.name}"
            for drill in drills
            if drill.name not in held
        }
        recording = self._load(self.path)
        speed = self._find_speed(recording)
        files = self._choose(speed, [place.drill for place in run.placements])
        self._check_recorded(recording, files)
        left = []
        for drill in drills:
            if drill.name not in refused:
                if why := self._refuse(drill) or self._find_first_doubt(drill, speed):
                    refused[drill.name] = why
                else:
                    left.append(drill)
        record = judge_recording(recording, run.placements, left, files, self._promtool, 0.0, run.stalls)
        record = doubt_record(record, run.placements, recording, files, run)
        return _add_refused(record, refused)

    def _judge_hours(self, drills: Sequence[Drill], among: Sequence[Drill]) -> RunRecord:
        recording = self._load(self.path)
        names = {drill.name for drill in drills}
        speed = self._find_speed(recording)
        files = self._choose(speed, drills)
        self._check_recorded(recording, files)
        left, refused = [], {}
        beside = [Placement(drill=drill, start_s=0.0) for drill in among if drill.name not in names]
        for place in (Placement(drill=drill, start_s=0.0) for drill in drills):
            why = self._refuse(place.drill, place, recording) or self._find_first_doubt(place.drill, speed)
            if why:
                refused[place.drill.name] = why
                beside.append(place)
            else:
                left.append(place)
        record = judge_drills(recording, left, files, self._promtool, beside=beside)
        return _add_refused(record, refused)

    def _judge_each(self, drills: Sequence[Drill], among: Sequence[Drill]) -> RunRecord:
        """Judge drills each on its own recording: what fires there unexpectedly is a finding of its drill."""
        started_at, started_s = datetime.now(UTC), time.monotonic()
        made, refused = self._read_made(), {}
        jobs: dict[str, tuple[tuple[Placement, ...], ReplayJob]] = {}
        for drill in drills:
            try:
                jobs[drill.name] = self._make_job(drill, among, made)
            except (BadInput, CouldNotTell) as error:
                refused[drill.name] = str(error)
        replays = replay_all([job for _, job in jobs.values()], self._promtool)
        rehearsals = [
            self._rehearse(places, job, replayed)
            for (places, job), replayed in zip(jobs.values(), replays, strict=True)
        ]
        placements, timeline, appended = lay_out(rehearsals)
        rules = {rule.source: rule for file in self._files for rule in file.alerts}
        record = RunRecord(
            placements=placements,
            timeline=timeline,
            verdicts=tuple(rehearsal.verdict for rehearsal in rehearsals),
            rules=tuple(rules.values()),
            wall_s=time.monotonic() - started_s,
            started_at=started_at,
            notes={"recordings": str(self.path)},
            appended=appended,
            pendings=_join_pendings(rehearsals, replays, placements),
        )
        return _add_refused(record, refused)

    def _make_job(
        self, drill: Drill, among: Sequence[Drill], made: Manifest
    ) -> tuple[tuple[Placement, ...], ReplayJob]:
        path = find_path(self.path, drill.name)
        if not is_file(path):
            lone = _hint_at_run(self.path, (drill, *among))
            raise BadInput(f"{path}: is not there, and {drill.name} is judged on it{lone}")
        recording = self._load(path)
        places: tuple[Placement, ...] = (Placement(drill=drill, start_s=0.0),)
        if drill.name in made.drills:
            places = place_golden(made.drills[drill.name], drill, among)
        check_within(places[0], recording)
        check_alerts(drill, self._files)
        speed = self._find_speed(recording)
        if why := self._find_first_doubt(drill, speed):
            raise CouldNotTell(why)
        files = self._choose(speed, [drill])
        self._check_recorded(recording, files)
        curves = list_near(drill, files, is_all=True)
        return places, ReplayJob(recording=recording, files=files, tail_s=0.0, curves=curves)

    def _rehearse(self, places: tuple[Placement, ...], job: ReplayJob, replayed: Replay) -> Rehearsal:
        rehearsal = rehearse(places, replayed.timeline)
        verdict = doubt_recorded(
            rehearsal.verdict,
            rehearsal.own,
            replayed.timeline,
            job.recording,
            job.files,
            replayed.pendings,
        )
        return replace(rehearsal, verdict=verdict)

    def _refuse(
        self, drill: Drill, place: Placement | None = None, recording: Recording | None = None
    ) -> str:
        """Return why a drill cannot be judged where it stands in a recording; empty if it can."""
        try:
            check_alerts(drill, self._files)
            if place is not None and recording is not None:
                check_within(place, recording)
        except BadInput as error:
            return str(error)
        return ""

    def _check_recorded(self, recording: Recording, files: Sequence[RuleFile]) -> None:
        missing = find_unrecorded(recording, files)
        if missing:
            raise CouldNotTell("\n".join(say_unrecorded(missing, recording.name)))

    def _load(self, path: Path) -> Recording:
        if path not in self._read:
            self._read[path] = read_recording(path)
        return self._read[path]

    def _read_made(self) -> Manifest:
        return read_manifest(self.path) if is_there(self.path / MADE) else Manifest()

    def _find_timeline(self) -> Path | None:
        path = self.path.with_name(TIMELINE)
        return path if is_there(path) else None


def _find_recording(path: Path) -> Path:
    """Return the recording in a folder that has that of a run, with its timeline; any other path as it is."""
    if not is_folder(path) or not is_there(path / TIMELINE):
        return path
    found = sorted(path.glob("*.om.gz"))
    if path / RECORDING in found:
        return path / RECORDING
    return found[0] if len(found) == 1 else path


def _hint_at_run(folder: Path, drills: Iterable[Drill]) -> str:
    """Say so where a folder has but one recording, of none of the drills: it may be a run's, half of it."""
    own = {find_path(folder, drill.name) for drill in drills}
    found = sorted(folder.glob("*.om.gz"))
    if len(found) != 1 or found[0] in own or is_there(folder / TIMELINE):
        return ""
    return f"; if {found[0].name} is of a run, the run's {TIMELINE} belongs beside it"


def _join_pendings(
    rehearsals: Iterable[Rehearsal], replays: Iterable[Replay], placements: Iterable[Placement]
) -> dict[Activation, float]:
    """Return how long alerts were pending that never fired, with drills where they are laid out."""
    return {
        (alert, labels, at_s - rehearsal.own.start_s + place.start_s): lasted_s
        for rehearsal, replayed, place in zip(rehearsals, replays, placements, strict=True)
        for (alert, labels, at_s), lasted_s in replayed.pendings.items()
    }


def _add_refused(record: RunRecord, refused: dict[str, str]) -> RunRecord:
    verdicts = (Verdict(drill=name, findings=(), doubt=why) for name, why in refused.items())
    return replace(record, verdicts=(*record.verdicts, *verdicts))
