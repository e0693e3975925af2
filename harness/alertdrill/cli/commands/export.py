"""`alertdrill export`: a recording as a unit test that promtool runs without us."""

from __future__ import annotations

import os
from pathlib import Path

import click

from alertdrill.cli.options.replay import read_both, take_replay_options
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.recording.replay.export import export
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.files import check_target


@click.command(name="export")
@take_replay_options
@click.option(
    "--output",
    "-o",
    "path",
    required=True,
    type=WrittenPath(path_type=Path),
    help="The unit test to write, such as TEST.yml; - is standard output.",
)
def export_(file: Path, rule_paths: tuple[Path, ...], interval_s: float, path: Path) -> None:
    """Write what rules do over the recording FILE as a unit test for promtool.

    `promtool test rules TEST.yml` then holds the rules to it without alertdrill.
    """
    check_target(path, inputs=(file, *rule_paths))
    recording, files = read_both(file, rule_paths, interval_s)
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    for note in export(recording, files, engines, path, default_interval_s=interval_s):
        click.echo(note, err=True)
