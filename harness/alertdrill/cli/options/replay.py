"""What `replay` and `export` are given: a recording, and rules that read nothing which it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.files import read_recording
from alertdrill.recording.recording import Recording
from alertdrill.recording.selecting import find_unrecorded, say_unrecorded
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile, read_rules
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.runtime.paths import shorten

MAX_TAIL_S = 7 * 86_400.0
"""The longest quiet tail."""


def read_duration(_context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Return the seconds of an option that is a duration such as `1h`."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadInput(f"{parameter.opts[0]}: {error}") from error


def read_interval(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Return the seconds of an option that is a duration longer than none."""
    seconds = read_duration(context, parameter, text)
    if seconds <= 0:
        raise BadInput(f"{parameter.opts[0]}: rules cannot be evaluated every 0 s")
    return seconds


def read_tail(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Return the seconds of a quiet tail."""
    tail_s = read_duration(context, parameter, text)
    if tail_s > MAX_TAIL_S:
        raise BadInput(f"{parameter.opts[0]}: more than {MAX_TAIL_S / 86_400:g} days cannot be appended")
    return tail_s


take_tail_option = click.option(
    "--quiet-tail",
    "tail_s",
    default="0",
    callback=read_tail,
    metavar="DURATION",
    help="Append a time without traffic, such as 1h: counters stand still, gauges keep their value.",
)
"""Adds the option that lets a recording go on."""


def take_replay_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument FILE and the options that say which rules are evaluated over it, and how often."""
    options = (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option(
            "--rules",
            "rule_paths",
            multiple=True,
            required=True,
            type=click.Path(path_type=Path),
            help="Rule file, or PrometheusRule resource, evaluated as it is. May be repeated.",
        ),
        click.option(
            "--evaluation-interval",
            "interval_s",
            default=f"{EVALUATION_INTERVAL_S:g}s",
            show_default=True,
            callback=read_interval,
            metavar="DURATION",
            help="Prometheus's evaluation_interval: for groups without one, and subqueries without a step.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_both(
    file: Path, rule_paths: tuple[Path, ...], interval_s: float
) -> tuple[Recording, tuple[RuleFile, ...]]:
    """Return a recording and the rules to evaluate over it.

    Raises BadInput for what cannot be read, CouldNotTell for rules that read what was not recorded.
    """
    files = tuple(read_rules(shorten(path), interval_s) for path in rule_paths)
    recording = read_recording(file)
    missing = find_unrecorded(recording, files)
    if missing:
        raise CouldNotTell("\n".join(say_unrecorded(missing)))
    return recording, files
