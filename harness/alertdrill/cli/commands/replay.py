"""`alertdrill replay`: what unmodified rules do over a recording."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from alertdrill.cli.options.replay import read_both, read_duration, take_replay_options
from alertdrill.errors import BadInput
from alertdrill.recording.replay.replay import replay
from alertdrill.reports.timeline_json import render_timeline
from alertdrill.runtime.binaries import find_engines

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
    from alertdrill.cli.events import show  # what draws tables takes long to import
    from alertdrill.cli.output import open_console

    show(timeline, open_console(), find_annotations)
