"""`alertdrill export`: a recording as a unit test that promtool runs without us."""

from __future__ import annotations

import os
from pathlib import Path

import click

from harness.engines import find_engines
from harness.export import export
from harness.recorder import read_recording
from harness.rules import read_rules


@click.command(name="export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Rule file, or PrometheusRule resource. May be repeated.",
)
@click.option(
    "--output",
    "-o",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The unit test to write, such as TEST.yml.",
)
def export_(file: Path, rule_paths: tuple[Path, ...], path: Path) -> None:
    """Write what rules do over the recording FILE as a unit test for promtool.

    `promtool test rules TEST.yml` then holds the rules to it without alertdrill.
    """
    files = [read_rules(rules) for rules in rule_paths]
    recording = read_recording(file)
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    for note in export(recording, files, engines, path):
        click.echo(note, err=True)
