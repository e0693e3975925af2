"""Holds the drills of a project on its target for pytest, and leaves the reports of a run in a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from alertdrill.cli.options.given_rules import make_note
from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import open_folder
from alertdrill.core.drill import Drill
from alertdrill.project.project import Project
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.runner.live import hold
from alertdrill.runner.metric_types import read_types
from alertdrill.runner.order import RECORDING
from alertdrill.runner.project_run import describe_classes, make_project_order
from alertdrill.runner.running_services import ask_running
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.limits import demand_files
from alertdrill.runtime.looking import follow


def hold_project(
    project: Project,
    files: tuple[RuleFile, ...],
    drills: Sequence[Drill],
    *,
    speed: float | None,
    out: Path,
) -> tuple[RunRecord, Mapping[str, str]]:
    """Return the run, and why drills were left out of it, by name.

    One drill alone is held however slow it makes a run. Raises BadInput and CouldNotTell.
    """
    demand_files()
    running = ask_running(project, files, os.environ)
    made = make_project_order(
        project,
        files if running is None else running.files,
        drills,
        engines=find_engines(os.environ),
        environ=os.environ,
        out=follow(out),
        speed=speed,
        is_named=len(drills) == 1,
        running=running,
        types=read_types(project, os.environ),
    )
    with open_folder(out, project.inputs) as reports:
        order = replace(made.order, recording=reports.new / RECORDING)
        record = hold(order, lambda _: None)
        notes = {**record.notes, **describe_classes(made.classified), **make_note(made.left_out)}
        record = replace(record, notes=notes)
        report(record, out, reports, Console(file=StringIO()), is_kept=True)
    return record, made.left_out
