"""`alertdrill export`: a recording as a unit test that promtool runs without us."""

from __future__ import annotations

import os
from pathlib import Path

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.replay import read_both, take_replay_options
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.recording.replay.export import export
from alertdrill.rules.loading import demand_loadable
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.files import check_target


@click.command(
    name="export",
    cls=GroupedCommand,
    groups={"Rules": ("rule_paths", "interval_s"), "What is written": ("path",)},
    exit_codes={
        0: "the unit test is written, and promtool passes it",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: the rules read series that the recording lacks, or promtool failed",
    },
    examples=(
        Example(
            "alertdrill export morning.om.gz --rules rules.yml -o morning.test.yml",
            "Keep what the rules do today as a test that needs promtool alone",
        ),
        Example(
            "alertdrill export morning.om.gz --rules rules.yml --evaluation-interval 30s -o morning.test.yml",
            "The same for a Prometheus that evaluates every 30 s",
        ),
    ),
)
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
    tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(tool, files)
    for note in export(recording, files, tool, path, default_interval_s=interval_s):
        click.echo(note, err=True)
