"""`alertdrill export`: a recording as a unit test that promtool runs without us."""

from __future__ import annotations

import os
from pathlib import Path

import click

from harness.commands.replay_options import read_both, take_replay_options
from harness.commands.written_path import WrittenPath
from harness.engines import find_engines
from harness.files import check_target
from harness.replays.export import export


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
