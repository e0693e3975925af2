"""`alertdrill judge`: drills of one's own on a recording, without a stack and without traffic."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.junit import take_junit_option
from alertdrill.cli.options.replay import read_both, take_replay_options, take_tail_option
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.output import open_console
from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import open_folder
from alertdrill.cli.sentences import say
from alertdrill.core.drill import Drill, Placement
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.judging.unfit_rules import say_unfit
from alertdrill.project.explaining import classify, find_unfit
from alertdrill.recording.recording import Recording
from alertdrill.reports import timeline_json
from alertdrill.reports.junit import render as render_junit
from alertdrill.reports.terminal.summary import summary
from alertdrill.rules.files import RuleFile
from alertdrill.rules.leaving_out import leave_out
from alertdrill.rules.loading import demand_loadable
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.runner.held_run import TIMELINE, find_held_run, read_speed
from alertdrill.runner.recorded import check_alerts, check_within, judge_drills
from alertdrill.runner.rulebook import list_expected, name_alerts
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.files import check_target, write_whole
from alertdrill.systems.drill_files.drills import Defaults, locate_all, read_drills
from alertdrill.systems.drill_files.known import Known
from alertdrill.systems.drill_files.listing import list_files

SYSTEM = "own"
"""What drills are of that do not name their system."""


@click.command(
    cls=GroupedCommand,
    groups={
        "Drills": ("drill_paths", "starts"),
        "Rules": ("rule_paths", "interval_s"),
        "Time": ("tail_s",),
        "What is written": ("out", "junit", "as_json"),
    },
    exit_codes={
        0: "every expectation is met, as far as a recording shows it: it has no pages",
        1: "some expectation is not met",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: the rules read series that the recording lacks, the run that it is of could not "
        "tell, or promtool failed",
    },
    examples=(
        Example(
            "alertdrill judge morning.om.gz --drills drills.yml --rules rules.yml",
            "Whether the morning that was recorded did what the drills expect",
        ),
        Example(
            "alertdrill judge morning.om.gz --drills drills/ --rules rules.yml --start outage=25m",
            "The same for a folder of drills, of which one began 25 minutes into the recording",
        ),
    ),
)
@take_replay_options
@click.option(
    "--drills",
    "drill_paths",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Drills in YAML, or a folder with such files. May be repeated.",
)
@click.option(
    "--start",
    "starts",
    multiple=True,
    metavar="[DRILL=]DURATION",
    help="When a drill, or every drill, began in the recording, as 25m; otherwise when the run held it that "
    "the recording is of, or at its beginning.",
)
@take_tail_option
@click.option(
    "--out",
    type=WrittenPath(path_type=Path, file_okay=False),
    help="Also write the reports of a run to this folder: report.html, report.md, timeline.json and others.",
)
@take_junit_option
@click.option("--json", "as_json", is_flag=True, help="Write the timeline with its verdicts as JSON.")
def judge(
    file: Path,
    rule_paths: tuple[Path, ...],
    drill_paths: tuple[Path, ...],
    starts: tuple[str, ...],
    tail_s: float,
    interval_s: float,
    out: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Judge drills of your own on the recording FILE, by rules as they are.

    There is a line for every expectation: of an alert that stayed silent, how near its value came.
    """
    if junit is not None:
        check_target(junit, inputs=(file, *rule_paths, *drill_paths))
    start_s = read_starts(starts)
    recording, files = read_both(file, rule_paths, interval_s)
    until_s = (recording.end_ms - recording.start_ms) / 1000 + tail_s

    drill_files = list_files(drill_paths)
    known = Known(alerts=frozenset(name for one in files for name in name_alerts(one)))
    held = find_held_run(file, read_drills(drill_files, Defaults(system=SYSTEM, known=known)))

    def find_start_s(name: str) -> float:
        own = None if held is None else held.find(name)
        return start_s.get(name, start_s.get(None, 0.0 if own is None else own.start_s))

    def find_lasts_s(name: str) -> float | None:
        # How long a drill lasts that a run held is as it was then.
        return until_s - find_start_s(name) if held is None or held.find(name) is None else None

    drills = read_drills(drill_files, Defaults(system=SYSTEM, find_lasts_s=find_lasts_s, known=known))
    for name in start_s.keys() - {None, *(drill.name for drill in drills)}:
        raise BadInput(f"--start {name}=…: the drills are {', '.join(drill.name for drill in drills)}")
    placements = [Placement(drill=drill, start_s=find_start_s(drill.name)) for drill in drills]
    check_placed(placements, recording, files, tail_s, locate_all(drill_files, Defaults(system=SYSTEM)))
    files = leave_out_unfit(file, files, drills, recording.wall_speed)
    tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(tool, files)
    record = judge_drills(recording, placements, files, tool.promtool, quiet_tail_s=tail_s, held=held)
    if as_json:
        click.echo(timeline_json.render(record), nl=False)
    if junit is not None:
        write_whole(junit, render_junit(record))
    console = open_console(to_stderr=as_json)
    if out is not None:
        with open_folder(out, [file, *rule_paths, *drill_paths]) as reports:
            report(record, out, reports, console, is_kept=False)
    elif not as_json:
        console.print(summary(record))
    sys.exit(record.exit_code)


def check_placed(
    placements: Iterable[Placement],
    recording: Recording,
    files: tuple[RuleFile, ...],
    tail_s: float,
    places: Mapping[str, str],
) -> None:
    """Raise BadInput, with the place in its file, for a drill that a recording and rules cannot show."""
    for one in placements:
        try:
            check_within(one, recording, tail_s)
            check_alerts(one.drill, files)
        except BadInput as error:
            raise BadInput(f"{places[one.drill.name]}: {error}") from error


def leave_out_unfit(
    recording: Path, files: tuple[RuleFile, ...], drills: Iterable[Drill], wall_speed: float = 1.0
) -> tuple[RuleFile, ...]:
    """Return the rules that can be judged on a recording: of a project's run at a speed, not all of them.

    The recording says its `wall_speed`; of older ones the timeline beside them does. Raises CouldNotTell for
    a drill that is about one of the others.
    """
    speed = max(wall_speed, read_speed(recording.with_name(TIMELINE)))
    if speed == 1:
        return files
    unfit = find_unfit((rule, classify(rule, (), files)) for file in files for rule in file.alerts)
    for drill in drills:
        for name in list_expected(drill):
            if name in unfit:
                raise CouldNotTell(f"{drill.name}: {say_unfit(name, unfit[name], speed)}")
    for name, why in unfit.items():
        say(f"left out: {say_unfit(name, why, speed)}", to_stderr=True)
    return leave_out(files, unfit)


def read_starts(starts: Iterable[str]) -> dict[str | None, float]:
    """Return when drills began, by name, None for all others, from `[DRILL=]DURATION`; raises BadInput."""
    start_s: dict[str | None, float] = {}
    for stated in starts:
        named, equals, duration = stated.rpartition("=")
        name = named if equals else None
        if name in start_s:
            raise BadInput(f"--start {stated}: it is stated twice")
        try:
            start_s[name] = parse_duration(duration)
        except ValueError as error:
            raise BadInput(f"--start {stated}: {error}") from error
    return start_s
