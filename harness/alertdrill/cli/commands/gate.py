"""`alertdrill gate`: what a change of rules or routes did, and whether its drills show that it is right."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from alertdrill.cli.commands.gate_subjects import open_house, open_own
from alertdrill.cli.ended_early import leave_no_claim
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.project_file import take_project_option
from alertdrill.cli.options.recordings import take_recordings_option
from alertdrill.cli.options.trials import open_memory
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.output import open_console
from alertdrill.errors import CouldNotTell
from alertdrill.gating.gate import Gated, decide, gate
from alertdrill.gating.github import render_annotations
from alertdrill.gating.html import render_html
from alertdrill.gating.junit import render_junit
from alertdrill.gating.markdown import render_markdown
from alertdrill.gating.sarif import render_sarif
from alertdrill.gating.terminal import GateSummary
from alertdrill.gating.wording import list_doubts
from alertdrill.project.finding import find_project
from alertdrill.runtime.binaries import find_engines, find_promtool
from alertdrill.runtime.files import make_folder, write_all
from alertdrill.runtime.git import find_commit

WRITTEN = ("gate.md", "junit.xml", "report.html")


@click.command(
    "gate",
    cls=GroupedCommand,
    groups={
        "What is compared": ("base", "recordings"),
        "What is written": ("format_", "out"),
        "Projects": ("project_file",),
    },
    exit_codes={
        0: "nothing was touched, or what was is as its drills expect",
        1: "a drill of a touched alert is not met, or it has no drill that fires it, or none that comes near",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: a recording is missing or stale, or promtool failed",
    },
    examples=(
        Example("alertdrill gate", "What did I change since the last commit?"),
        Example(
            "alertdrill gate --base origin/main --out out/gate",
            "In CI, with what it writes",
        ),
        Example(
            "alertdrill gate --base origin/main --format github --recordings recordings/",
            "In the folder of a project, with annotations on the rules' own lines",
        ),
    ),
)
@click.option(
    "--base",
    default="HEAD",
    show_default=True,
    metavar="REF",
    help="The commit that is compared with what is on disk; it is read, and not checked out.",
)
@take_recordings_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github adds an annotation on the line of each rule with which something is wrong; sarif is for "
    "code scanning, and has standard output alone.",
)
@click.option(
    "--out",
    type=WrittenPath(path_type=Path, file_okay=False),
    help=f"Also write {WRITTEN[0]}, for a pull request, {WRITTEN[1]}, and {WRITTEN[2]} to this folder.",
)
@take_project_option
def gate_(
    base: str, recordings: Path | None, format_: str, out: Path | None, project_file: Path | None
) -> None:
    """Show what a change of rules did: each touched alert before and after, on the drills' recordings.

    Changed is what means something else: neither a comment nor the layout is a change.
    """
    now = datetime.now(tz=UTC)
    with leave_no_claim(out, WRITTEN, junit=WRITTEN[1]):
        is_own = project_file is not None or find_project(Path()) is not None
        commit = find_commit(base, Path() if project_file is None else project_file.parent)
        open_subjects = open_own if is_own else open_house
        tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
        engines = partial(find_engines, os.environ, say=lambda text: click.echo(text, err=True))
        subjects = open_subjects(commit, project_file, recordings, tool.promtool, engines)
        memory = open_memory(tool, os.environ)
        gated = tuple(gate(subject, tool.promtool, memory, now.date()) for subject in subjects)
    name = f"{base} ({commit.digest[:12]})"
    open_console(to_stderr=format_ == "sarif").print(GateSummary(gated, name))
    if format_ == "github":
        click.echo(render_annotations(gated), nl=False)
    elif format_ == "sarif":
        click.echo(render_sarif(gated), nl=False)
    if out is not None:
        make_folder(out, "cannot be written to")
        texts = (render_markdown(gated, name), render_junit(gated, name), render_html(gated, name, now))
        write_all({out / file: text for file, text in zip(WRITTEN, texts, strict=True)})
    _end(gated)


def _end(gated: Sequence[Gated]) -> None:
    outcome = decide(gated)
    if outcome == "could not tell":
        raise CouldNotTell(next(said for one in gated for said in list_doubts(one)))
    sys.exit(1 if outcome == "unmet" else 0)
