"""`alertdrill replay`: what unmodified rules do over a recording."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.clock import format_s
from harness.commands.output import open_console
from harness.commands.replay_options import read_both, read_duration, take_replay_options
from harness.engines import find_engines
from harness.errors import BadInput
from harness.model import Event, Labels, Timeline
from harness.promql import quote
from harness.replays.replay import replay
from harness.reports.timeline_json import render_timeline

STYLES = {"pending": "yellow", "firing": "red", "resolved": "green"}
MAX_TAIL_S = 7 * 86_400.0


@click.command(name="replay")
@take_replay_options
@click.option(
    "--annotations",
    "has_annotations",
    is_flag=True,
    help="Also the annotations, rendered as Prometheus renders them when the alert begins to fire.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the timeline as JSON.")
@click.option(
    "--quiet-tail",
    "tail_s",
    default="0",
    callback=read_duration,
    metavar="DURATION",
    help="Append a time in which counters stand still and gauges stay as they were, such as 1h.",
)
def replay_(
    file: Path,
    rule_paths: tuple[Path, ...],
    has_annotations: bool,
    as_json: bool,
    tail_s: float,
    interval_s: float,
) -> None:
    """Show what rules, just as they are, do over the recording FILE.

    They are evaluated in virtual time, by promtool. Instants count from the recording's start.
    """
    if tail_s > MAX_TAIL_S:
        raise BadInput(f"--quiet-tail: more than {MAX_TAIL_S / 86_400:g} days cannot be appended")
    recording, files = read_both(file, rule_paths, interval_s)
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    replayed = replay(
        recording,
        files,
        engines.promtool,
        tail_s=tail_s,
        annotations=has_annotations,
        default_interval_s=interval_s,
    )
    find_annotations = replayed.find_annotations if has_annotations else None
    timeline = replace(replayed.timeline, engines={"prometheus": engines.versions["prometheus"]})
    if as_json:
        click.echo(render_timeline(timeline, replayed.notes, find_annotations), nl=False)
        return
    for note in replayed.notes:
        click.echo(note, err=True)
    console = open_console()
    show(timeline, console, find_annotations)


def show(
    timeline: Timeline, console: Console, find_annotations: Callable[[Event], Labels] | None = None
) -> None:
    """Print a timeline's events as a table, and what it spans; the annotations stand under what fires."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("at", justify="right")
    for name in ("", "alert", "labels"):
        table.add_column(name, overflow="fold")
    is_measured = True
    for event in timeline.events:
        if is_measured and timeline.appended_from_s is not None and event.at_s > timeline.appended_from_s:
            table.add_section()
            is_measured = False
        table.add_row(
            format_s(event.at_s),
            Text(event.kind, style=STYLES[event.kind]),
            Text(event.alert),
            Text(write_labels(event.labels)),
        )
        if find_annotations is not None and event.kind == "firing":
            for name, text in sorted(find_annotations(event).items()):
                table.add_row("", "", "", Text(f"{name}: {text}", style="dim"))
    if timeline.events:
        console.print(table)
    said = "nothing was pending or fired" if not timeline.events else f"{len(timeline.events)} events"
    appended = timeline.appended_from_s
    tail = "" if appended is None else f", of which the quiet tail from {format_s(appended)} on was appended"
    console.print(f"{said} in {format_s(timeline.until_s)} of rule time{tail}", highlight=False, markup=False)


def write_labels(labels: Labels) -> str:
    """Return labels as `name="value"`, in order."""
    return " ".join(f"{name}={quote(value)}" for name, value in sorted(labels.items()))
