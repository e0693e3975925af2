"""`alertdrill run`: hold drills and report."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from alertdrill.cli.commands.run_holding import hold_and_report
from alertdrill.cli.commands.run_project import is_about_project, run_project
from alertdrill.cli.commands.run_project_replay import replay_project
from alertdrill.cli.commands.run_replay import (
    check_goldens,
    keep_goldens,
    make_book,
    refuse_stack_options,
    replay_drills,
)
from alertdrill.cli.explaining import explain
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.given_rules import Choice, find_unheld, say_left_out
from alertdrill.cli.options.orders import find_config, list_inputs, make_order, read_rule_files
from alertdrill.cli.options.project_file import take_project_option
from alertdrill.cli.options.push import make_push, take_push_options
from alertdrill.cli.options.quantities import Instant
from alertdrill.cli.options.read_path import ReadPath
from alertdrill.cli.options.replay import MAX_TAIL_S
from alertdrill.cli.options.sites import find_obstacles, find_promtool, find_site, find_slowest
from alertdrill.cli.options.stack import read_speed, take_stack_options
from alertdrill.cli.options.store import make_store, take_store_options
from alertdrill.cli.options.systems import find_unserved, take_systems_option
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.output import open_console
from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import open_folder
from alertdrill.errors import BadInput
from alertdrill.reports import RunRecord
from alertdrill.rules.loading import demand_loadable
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.runner.traffic import MAX_WORKERS
from alertdrill.runtime.looking import follow, is_file
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_dashboards, list_drills, list_rules, override_values


def _read_tail(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float:
    """Take a duration of at most a week, in whole evaluations or not."""
    if value is None:
        return 0.0
    try:
        tail_s = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if tail_s > MAX_TAIL_S:
        raise click.BadParameter(f"{value} is longer than a week")
    return tail_s


@click.command(
    cls=GroupedCommand,
    groups={
        "Which drills": ("system", "system_folders", "project_file"),
        "On which stack": ("stack", "project", "speed", "workers", "ports"),
        "Rules and values": ("rule_paths", "settings", "folder"),
        "Alertmanager and paging": (
            *("alertmanager_config", "templates_folder", "alertmanager", "alertmanagers", "calendar"),
        ),
        "A store of samples": ("prometheus", "headers", "tenant", "remote_write"),
        "What is written": ("out", "keep_recordings", "push", "push_headers"),
        "Replay instead of a stack": ("replayed", "tail_s"),
        "To watch it": ("is_watched",),
        "Before a run": ("explained",),
    },
    exit_codes={
        0: "every expectation is met",
        1: "some expectation is not met",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: a part died or stalled, or the machine was too slow to trust the clock",
    },
    examples=(
        Example("alertdrill run", "Hold every drill on a local stack"),
        Example(
            "alertdrill run --rules my-rules.yml --alertmanager-config alertmanager.yml",
            "Hold the drills of the alerts in your rules, routed by your Alertmanager config",
        ),
        Example(
            "alertdrill run --replay scenarios/recordings --rules my-rules.yml",
            "Judge your rules on recordings, in seconds, without a stack",
        ),
    ),
)
@click.argument("names", nargs=-1, metavar="[DRILL]...")
@click.option("--system", help="Only the drills of this system; see alertdrill list.")
@click.option(
    "--stack",
    type=click.Choice(["embedded", "compose"]),
    default="embedded",
    show_default=True,
    help="Local processes, or containers. Containers that run already are used and left running.",
)
@click.option(
    "--project",
    metavar="NAME",
    help="Docker compose's project name; COMPOSE_PROJECT_NAME or 'alertdrill' otherwise.",
)
@click.option(
    "--speed",
    type=float,
    envvar="ALERTDRILL_SPEED",
    callback=read_speed,
    help="How many seconds of rule time pass in a second of wall time, or ALERTDRILL_SPEED; found by "
    "calibration otherwise.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SYSTEM.NAME=VALUE",
    help="Set a value, as in metis.llmErrorRate.threshold=0.02; rules and drills follow. May be repeated.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, MAX_WORKERS),
    default=0,
    show_default=True,
    help="How many Locust workers share the traffic; with 0, one process sends it all.",
)
@click.option(
    "--alertmanager",
    metavar="URL",
    help="The Alertmanager of the Prometheus that --prometheus names, for a project's drills; nothing is "
    "written to it.",
)
@click.option(
    "--alertmanagers",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="How many Alertmanagers run; two form a cluster.",
)
@click.option(
    "--calendar",
    type=Instant(),
    metavar="YYYY-MM-DDTHH:MM",
    help="The date and time (UTC) that Alertmanager's time intervals see when the run begins; "
    "what a drill needs, or now, otherwise.",
)
@click.option(
    "--replay",
    "replayed",
    type=ReadPath(),
    metavar="FILE|FOLDER",
    help="Judge drills on the recording of a run, or on a folder of recordings, without a stack; a project's "
    "drills, where there is a project.",
)
@click.option(
    "--quiet-tail",
    "tail_s",
    callback=_read_tail,
    metavar="DURATION",
    help="With --replay: append a time without traffic, as 1h.",
)
@click.option(
    "--keep-recordings",
    type=WrittenPath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="If every drill is met, cut the run's recording into golden recordings, a file for each drill; a "
    "project's is kept whole.",
)
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Say what a speed makes of each rule of the project, and how fast each drill can be held; nothing "
    "is started or sent.",
)
@click.option(
    "--ui",
    "is_watched",
    is_flag=True,
    help="Serve the report while the run goes on, to a browser on this machine; the address is printed.",
)
@take_project_option
@take_systems_option
@take_stack_options
@take_store_options
@take_push_options
@click.pass_context
def run(
    context: click.Context,
    names: tuple[str, ...],
    system: str | None,
    stack: str,
    project: str | None,
    speed: float | None,
    settings: tuple[str, ...],
    workers: int,
    alertmanager: str | None,
    alertmanagers: int,
    calendar: datetime | None,
    replayed: Path | None,
    tail_s: float,
    keep_recordings: Path | None,
    explained: bool,
    is_watched: bool,
    project_file: Path | None,
    system_folders: tuple[Path, ...],
    out: Path,
    rule_paths: tuple[Path, ...],
    folder: Path | None,
    alertmanager_config: Path | None,
    templates_folder: Path | None,
    ports: dict[str, int],
    prometheus: str | None,
    headers: tuple[str, ...],
    tenant: str | None,
    remote_write: str | None,
    push: str | None,
    push_headers: tuple[str, ...],
) -> None:
    """Hold drills, all of them or those named, and write the reports to OUT.

    With your own rule files (--rules, --config), only the drills of alerts in these files are held.
    """
    if explained:
        explain(project_file, names, speed, prometheus)
        return
    console = open_console()
    target = make_push(push, push_headers, os.environ)
    if is_about_project(context, project_file):
        own_out = None if _is_default(context, "out") else out
        if replayed is not None:
            replay_project(context, project_file, names, replayed, own_out, console)
        services = prometheus, alertmanager
        run_project(
            *(project_file, names, speed, workers, own_out, *services, target, keep_recordings, console),
            is_watched=is_watched,
        )
    if alertmanager is not None:
        raise click.UsageError("--alertmanager is for the drills of a project (--project-file)")
    systems = find_systems(system_folders)
    if replayed is not None:
        refuse_stack_options(context)
        shipped = override_values((), systems)
        # Drills are those that were recorded, whatever the rules say now.
        record = replay_drills(
            replayed,
            Choice(names=names, system=system, among=list_drills(shipped, systems), systems=systems),
            override_values(settings, systems) if settings else shipped,
            read_rule_files(rule_paths, folder),
            tail_s,
        )
        _leave(record, out / "replay" if _is_default(context, "out") else out, replayed, console)
    if tail_s:
        raise BadInput("--quiet-tail says how to replay, so it wants --replay")
    store, stored = make_store(prometheus, headers, tenant, remote_write)
    values = override_values(settings, systems)
    choice = Choice(names=names, system=system, among=list_drills(values, systems), systems=systems)
    drills = choice.drills
    unserved = find_unserved(drills, choice, systems)
    drills = tuple(drill for drill in drills if drill.name not in unserved)
    book = make_book(choice.among, values, read_rule_files(rule_paths, folder), systems)
    unheld = {**unserved, **find_unheld(drills, choice, book)}
    drills = tuple(drill for drill in drills if drill.name not in unheld)
    site = find_site(stack, project, ports, stored, alertmanagers)
    obstacles = {**unheld, **find_obstacles(drills, names, site, speed)}
    drills = tuple(drill for drill in drills if drill.name not in obstacles)
    if not drills:
        raise BadInput(f"no drill can be held: {'; '.join(say_left_out(obstacles))}")
    speed = speed or find_slowest(drills)
    if isinstance(site, EmbeddedSite):
        demand_loadable(site.engines, book.given)
    rules = book.complete(drills) if book.given else list_rules(drills, values, systems)
    config = find_config(alertmanager_config, folder)
    order = make_order(drills, out, rules, config, templates_folder, site, speed, systems)
    dashboards = list_dashboards(drills, values, systems)
    order = replace(
        order,
        dashboards=dashboards,
        store=store,
        workers=workers,
        calendar=calendar and calendar.replace(tzinfo=UTC),
        promtool=find_promtool(site),
    )
    if keep_recordings is not None:
        check_goldens(keep_recordings, drills)
    inputs = list_inputs(rule_paths, folder, alertmanager_config)

    def keep(record: RunRecord) -> None:
        if keep_recordings is not None and not record.exit_code:
            console.print(keep_goldens(keep_recordings, out, record, order))

    record = hold_and_report(
        *(order, out, inputs, console),
        left_out=obstacles,
        keep=keep,
        target=target,
        is_watched=is_watched,
    )
    sys.exit(record.exit_code)


def _leave(record: RunRecord, out: Path, replayed: Path, console: Console) -> NoReturn:
    """Report a replay to OUT, and exit. No drill was held, so no history has it."""
    if is_file(replayed) and follow(replayed).parent == follow(out):
        raise BadInput(f"{out}: the recording is of the run that left its reports here; name another --out")
    with open_folder(out, [replayed]) as reports:
        report(record, out, reports, console, is_kept=False)
    sys.exit(record.exit_code)


def _is_default(context: click.Context, parameter: str) -> bool:
    return context.get_parameter_source(parameter) is click.core.ParameterSource.DEFAULT
