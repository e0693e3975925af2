"""`alertdrill run` where there is a project: hold its drills on its target."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from alertdrill.cli.commands.run_holding import hold_and_report
from alertdrill.cli.options.project import open_project, read_held_rules, read_project_drills, use_services
from alertdrill.cli.sentences import say
from alertdrill.project.finding import find_project
from alertdrill.project.services import check_wall_time
from alertdrill.reports import RunRecord
from alertdrill.reports.pushing import PushTarget
from alertdrill.rules.loading import demand_loadable
from alertdrill.runner.kept_run import check_kept, keep_run
from alertdrill.runner.metric_types import read_types
from alertdrill.runner.project_run import describe_classes, make_project_order
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.limits import demand_files
from alertdrill.runtime.looking import follow

OWN_OPTIONS = frozenset(
    {
        *("names", "speed", "out", "project_file", "workers", "explained", "prometheus", "alertmanager"),
        *("push", "push_headers", "keep_recordings", "replayed", "tail_s", "is_watched"),
    }
)
"""The options of `alertdrill run` that a project's drills are held with; others ask for the house's."""


def is_about_project(context: click.Context, project_file: Path | None) -> bool:
    """Tell whether a project's drills are asked for: it was named, or is found and no other option is used.

    Raises UsageError for a project that was named beside options that it does not have.
    """
    stated = [
        parameter
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in OWN_OPTIONS
        and context.get_parameter_source(str(parameter.name)) is click.core.ParameterSource.COMMANDLINE
    ]
    if project_file is not None and stated:
        raise click.UsageError(f"{stated[0].opts[0]} is not for the drills of a project (--project-file)")
    is_own = project_file is not None or (not stated and find_project(Path()) is not None)
    if is_own and context.get_parameter_source("tail_s") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "--quiet-tail is not for the drills of a project: alertdrill judge appends one to a recording"
        )
    return is_own


def run_project(
    project_file: Path | None,
    names: Iterable[str],
    speed: float | None,
    workers: int,
    out: Path | None,
    prometheus: str | None,
    alertmanager: str | None,
    target: PushTarget | None,
    keep_recordings: Path | None,
    console: Console,
    *,
    is_watched: bool,
) -> NoReturn:
    """Hold the drills of a project, all of them or those named, report, and exit.

    If all of them are met, the run's recording is kept where `keep_recordings` says.
    """
    project = open_project(project_file)
    project = use_services(project, prometheus, alertmanager)
    if project.prometheus is not None and speed is not None:
        check_wall_time(project.prometheus, speed)
    files, running = read_held_rules(project, os.environ)
    drills = read_project_drills(project, names)
    demand_files()
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(engines, files)
    where = project.out if out is None else out
    made = make_project_order(
        project,
        files,
        drills,
        engines=engines,
        environ=os.environ,
        out=follow(where),
        speed=speed,
        is_named=bool(names),
        running=running,
        types=read_types(project, os.environ),
    )
    for note in made.order.alertmanager.notes:
        click.echo(note, err=True)
    if keep_recordings is not None:
        check_kept(keep_recordings, made.order.drills, read_project_drills(project, leaves_undecided=True))

    def keep(record: RunRecord) -> None:
        if keep_recordings is not None and record.exit_code:
            say(f"{keep_recordings} is left as it was: not every drill of the run is met", to_stderr=True)
        elif keep_recordings is not None:
            console.print(keep_run(keep_recordings, where))

    record = hold_and_report(
        replace(made.order, workers=workers),
        where,
        project.inputs,
        console,
        left_out=made.left_out,
        notes=describe_classes(made.classified),
        keep=keep,
        target=target,
        is_watched=is_watched,
    )
    sys.exit(record.exit_code)
