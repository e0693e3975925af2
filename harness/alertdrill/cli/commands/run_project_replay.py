"""`alertdrill run --replay` where there is a project: judge its drills on its recordings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from alertdrill.cli.commands.run_replay import refuse_stack_options
from alertdrill.cli.options.project import open_project, read_project_drills
from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import open_folder
from alertdrill.errors import BadInput
from alertdrill.project.explaining import classify_all, find_unfit
from alertdrill.rules.loading import demand_loadable
from alertdrill.runner.project_files import read_project_rules
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.looking import follow, is_file
from alertdrill.runtime.paths import shorten


def replay_project(
    context: click.Context,
    project_file: Path | None,
    names: Iterable[str],
    replayed: Path,
    out: Path | None,
    console: Console,
) -> NoReturn:
    """Judge the drills of a project, all of them or those named, on recordings; report, and exit.

    It is what pytest does with --alertdrill-replay. No drill is held, so no history has it.
    """
    refuse_stack_options(context)
    project = open_project(project_file)
    rules = read_project_rules(project)
    tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(tool, rules.files)
    unfit = find_unfit(classify_all(project, rules.files))
    replay = ProjectReplay(shorten(replayed), rules.files, tool.promtool, unfit, rules.editions)
    drills = read_project_drills(project, names, find_lasts_s=replay.find_lasts_s)
    among = read_project_drills(project, leaves_undecided=True, find_lasts_s=replay.find_lasts_s)
    where = project.out / "replay" if out is None else out
    if is_file(replay.path) and follow(replay.path).parent == follow(where):
        raise BadInput(f"{where}: the recording is of the run that left its reports here; name another --out")
    with open_folder(where, [*project.inputs, replay.path]) as reports:
        record = replay.judge(drills, among)
        report(record, where, reports, console, is_kept=False)
    sys.exit(record.exit_code)
