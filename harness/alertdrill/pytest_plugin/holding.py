"""Holds a project's drills: on its target, or on recordings, which needs no target and takes seconds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Protocol

from rich.console import Console

from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import open_folder
from alertdrill.core.drill import Drill
from alertdrill.core.parts import PROVIDERS
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput
from alertdrill.judging.could_not_tell import Evidence, weigh
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.judge import judge, select_for_drill
from alertdrill.judging.unfit_rules import say_unfit
from alertdrill.project.explaining import classify_all, find_unfit
from alertdrill.project.project import Project
from alertdrill.pytest_plugin.run import Run
from alertdrill.pytest_plugin.settings import Settings
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.runner.project_files import ProjectRules, read_project_rules
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runner.recorded import check_alerts, demand_rule
from alertdrill.runner.rulebook import find_reaches_s
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten


class Holder(Protocol):
    """Makes runs of drills. All methods raise BadInput and CouldNotTell."""

    def find_lasts_s(self, name: str) -> float | None:
        """Return how long a drill lasts that does not say it; None for as long as it needs."""

    def hold(self, drills: Sequence[Drill], among: Sequence[Drill], *, of: str = "") -> Run:
        """Hold drills, and return the run. `among` are all drills of the project.

        The reports of a run that is only `of` one drill have a folder of that name, below the session's.
        """

    def find_doubt(self, record: RunRecord, alert: str) -> str:
        """Say why a run says nothing of an alert; empty if it does. Raises BadInput where no rule has it."""

    def judge_again(self, record: RunRecord, drill: Drill, among: Sequence[Drill]) -> RunRecord:
        """Return how a drill that was held comes out with other expectations."""


def open_holder(project: Project, settings: Settings) -> Holder:
    """Return what holds a project's drills; raises BadInput for one that states too little for it."""
    name = shorten(project.path)
    if not project.rules and not project.packs:
        raise BadInput(f'{name}: states no rules, by which its drills are judged: rules = ["rules.yml"]')
    rules = read_project_rules(project)
    if settings.replay is not None:
        unfit = find_unfit(classify_all(project, rules.files))
        return RecordedHolder(settings.replay, rules, settings.out, (project.path, *project.rules), unfit)
    if project.target is None:
        raise BadInput(
            f"{name}: states no [target] to hold drills on; to judge them on recordings, name these: "
            "--alertdrill-replay DIR, or alertdrill_replay in pytest's settings"
        )
    return LiveHolder(project, rules.files, settings)


class RecordedHolder:
    """Judges drills on recordings; the reports are written to `out`, if it is given."""

    def __init__(
        self,
        path: Path,
        rules: ProjectRules,
        out: Path | None,
        inputs: Sequence[Path],
        unfit: Mapping[str, str],
    ) -> None:
        if not is_there(path):
            raise BadInput(f"{shorten(path)}: is not there, and drills are to be judged on it")
        self._replay = ProjectReplay(
            shorten(path), rules.files, find_promtool(os.environ).promtool, unfit, rules.editions
        )
        self._files = rules.files
        self._out = out
        self._inputs = (path, *inputs)

    def find_lasts_s(self, name: str) -> float | None:
        """Return until when the recording goes."""
        return self._replay.find_lasts_s(name)

    def hold(self, drills: Sequence[Drill], among: Sequence[Drill], *, of: str = "") -> Run:
        """Judge drills on their recordings."""
        if self._out is None:
            return Run(record=self._replay.judge(drills, among))
        out = self._out / of
        with open_folder(out, self._inputs) as folder:
            record = self._replay.judge(drills, among)
            report(record, out, folder, Console(file=StringIO()), is_kept=False)
        return Run(record=record)

    def find_doubt(self, record: RunRecord, alert: str) -> str:  # noqa: ARG002 - the recording knows
        """Say why the recording says nothing of an alert."""
        demand_rule(alert, self._files)
        return self._replay.find_doubt(alert)

    def judge_again(self, record: RunRecord, drill: Drill, among: Sequence[Drill]) -> RunRecord:  # noqa: ARG002 - a live run is judged by it
        """Judge the drill on its recording once more, which sees more than the run was asked for."""
        return self._replay.judge([drill], [drill if one.name == drill.name else one for one in among])


class LiveHolder:
    """Holds drills on the project's target."""

    def __init__(self, project: Project, files: tuple[RuleFile, ...], settings: Settings) -> None:
        self._project = project
        self._files = files
        self._settings = settings

    def find_lasts_s(self, name: str) -> float | None:  # noqa: ARG002 - a recording has an end for each
        """Leave it to the drill."""
        return None

    def hold(self, drills: Sequence[Drill], among: Sequence[Drill], *, of: str = "") -> Run:  # noqa: ARG002 - the run asks for no more
        """Hold drills; what all of the stack needs is imported now, and only now."""
        from alertdrill.pytest_plugin.live import hold_project

        out = (self._settings.out or self._project.out) / of
        record, left_out = hold_project(
            self._project, self._files, drills, speed=self._settings.speed, out=out
        )
        return Run(record=record, left_out=left_out)

    def find_doubt(self, record: RunRecord, alert: str) -> str:
        """Say that an alert was not evaluated at the speed of the run."""
        demand_rule(alert, self._files)
        unfit = find_unfit(classify_all(self._project, self._files))
        speed = record.timeline.speed
        return "" if speed == 1 or alert not in unfit else say_unfit(alert, unfit[alert], speed)

    def judge_again(self, record: RunRecord, drill: Drill, among: Sequence[Drill]) -> RunRecord:  # noqa: ARG002 - all are in the record
        """Judge the drill on what the run saw; what was in doubt of its alerts stays in doubt."""
        check_alerts(drill, self._files)
        before = next((one for one in record.verdicts if one.drill == drill.name), None)
        place = next(one for one in record.placements if one.drill.name == drill.name)
        own = replace(place, drill=replace(drill, lasts_s=place.drill.lasts_s))
        verdict = judge(own.drill, select_for_drill(own, (own,), record.timeline))
        evidence = Evidence(
            stalls=record.timeline.stalls, reaches_s=find_reaches_s(self._files), providers=PROVIDERS
        )
        (verdict,) = weigh([verdict], (own,), evidence)
        placements = tuple(own if one is place else one for one in record.placements)
        verdicts = (_keep_doubts(verdict, before),)
        return replace(record, placements=placements, verdicts=verdicts)


def _keep_doubts(verdict: Verdict, before: Verdict | None) -> Verdict:
    """Return a verdict in which nobody can tell of an alert what nobody could tell before."""
    if before is None or not before.doubts:
        return verdict
    doubts = {finding.alert: finding.doubt for finding in before.findings if finding.doubt}
    return replace(
        verdict,
        doubt=verdict.doubt or before.doubt,
        findings=tuple(
            put_in_doubt(finding, finding.doubt or doubts.get(finding.alert, before.doubt))
            for finding in verdict.findings
        ),
    )
