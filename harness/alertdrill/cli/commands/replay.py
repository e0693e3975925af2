"""`alertdrill replay`: what unmodified rules do over a recording."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.junit import take_junit_option
from alertdrill.cli.options.replay import read_both, take_replay_options, take_tail_option
from alertdrill.recording.replay.replay import replay
from alertdrill.reports.junit_cases import render_cases
from alertdrill.reports.timeline_json import render_timeline
from alertdrill.rules.loading import demand_loadable
from alertdrill.runner.silent_alerts import list_cases, list_compared, list_silent
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.files import check_target, write_whole


@click.command(
    name="replay",
    cls=GroupedCommand,
    groups={
        "Rules": ("rule_paths", "interval_s"),
        "Time": ("tail_s",),
        "What is printed": ("has_annotations", "junit", "as_json"),
    },
    exit_codes={
        0: "the rules were evaluated, whether or not an alert fired",
        2: "bad input or usage",
        3: "could not tell: the rules read series that the recording lacks, or promtool failed",
    },
    examples=(
        Example(
            "alertdrill replay morning.om.gz --rules rules.yml",
            "When each alert was pending, fired and resolved",
        ),
        Example(
            "alertdrill replay morning.om.gz --rules rules.yml --quiet-tail 1h",
            "The same, and what would resolve in an hour without traffic",
        ),
        Example("alertdrill replay morning.om.gz --rules rules.yml --json", "The same for programs"),
    ),
)
@take_replay_options
@click.option(
    "--annotations",
    "has_annotations",
    is_flag=True,
    help="Print the annotations too, as Prometheus renders them when the alert begins to fire.",
)
@take_junit_option
@click.option("--json", "as_json", is_flag=True, help="Write the timeline as JSON.")
@take_tail_option
def replay_(
    file: Path,
    rule_paths: tuple[Path, ...],
    has_annotations: bool,
    junit: Path | None,
    as_json: bool,
    tail_s: float,
    interval_s: float,
) -> None:
    """Show what rules, just as they are, do over the recording FILE.

    promtool evaluates them in virtual time, so hours take seconds. Instants count from the recording's start.
    """
    if junit is not None:
        check_target(junit, inputs=(file, *rule_paths))
    recording, files = read_both(file, rule_paths, interval_s)
    tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(tool, files)
    replayed = replay(
        recording,
        files,
        tool.promtool,
        tail_s=tail_s,
        curves=list_compared(files),
        annotations=has_annotations,
        default_interval_s=interval_s,
    )
    find_annotations = replayed.find_annotations if has_annotations else None
    timeline = replace(replayed.timeline, engines={"prometheus": tool.versions["prometheus"]})
    silent = tuple(list_silent(files, timeline))
    if junit is not None:
        write_whole(junit, render_cases([*list_cases(timeline, silent)]))
    if as_json:
        near = [
            {"alert": one.alert, "reached": one.reached, "said": one.said}
            | ({"source": one.source} if one.doubled else {})
            for one in silent
        ]
        click.echo(render_timeline(timeline, replayed.notes, find_annotations, silent=near), nl=False)
        return
    for note in replayed.notes:
        click.echo(note, err=True)
    from alertdrill.cli.events import show  # what draws tables takes long to import
    from alertdrill.cli.output import open_console

    show(timeline, open_console(), find_annotations, silent)
