"""The options of `alertdrill page` alone: which go together, to name one thing to do, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from alertdrill.cli.ended_early import leave_no_claim
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration
from alertdrill.runtime.looking import is_there

P = ParamSpec("P")
R = TypeVar("R")
REPORT = "report.html"

_option = click.option(
    "--out",
    type=WrittenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help=f"With --all: also write {REPORT} to this folder: what became of each alert, what its receivers are "
    "shown, and what of the config none reaches.",
)


def take_out_option(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the option; where it cannot tell, an older report does not stay."""

    @wraps(command)
    def told(*args: P.args, **values: P.kwargs) -> R:
        out = values["out"]
        with leave_no_claim(out if isinstance(out, Path) else None, (REPORT,)):
            return command(*args, **values)

    return _option(told)


def check_label_sets(table: Path, config_path: Path | None, others: Mapping[str, object]) -> None:
    """Raise BadInput for a table of label sets without a config, or beside options that are about alerts.

    `others` are those with their values.
    """
    if "=" in table.name and not is_there(table):
        raise BadInput(f"--labels {table}: there is no such file; a single label is --label {table}")
    for option, value in others.items():
        if value:
            raise BadInput(
                f"--labels proves the label sets of its file, and sends nothing: leave {option} out"
            )
    if config_path is None:
        raise BadInput("--labels proves where a config leads label sets: name it by --alertmanager-config")


def check_questions(is_asked: object, config_path: Path | None, *, watchdog: bool, is_remote: bool) -> None:
    """Raise BadInput where the routing is asked about and there is no config of it."""
    if is_asked and (config_path is None or watchdog or is_remote):
        raise BadInput(
            "--at, --calendar, --inhibitions and --coverage ask about the routing of a config, and send "
            "nothing: name it by --alertmanager-config, with --all, --alert or --labels"
        )


def check_mode(name: str | None, *, all_alerts: bool, watchdog: bool, is_remote: bool) -> None:
    """Raise BadInput unless the options name one thing to do."""
    if all_alerts and watchdog:
        raise BadInput("--all and --watchdog are two different proofs: ask for one")
    if is_remote and (all_alerts or watchdog):
        raise BadInput("--all and --watchdog start an Alertmanager here: leave --alertmanager out")
    if all_alerts and name is not None:
        raise BadInput("--all sends every alert: leave --alert out")
    if name is None and not (all_alerts or watchdog):
        raise BadInput("which alert? --alert NAME, --all or --watchdog; or label sets: --labels FILE")


def check_out(out: Path | None, *, is_sent: bool) -> None:
    """Raise BadInput where the report of what became of all alerts is wanted, and they are not sent."""
    if out is not None and not is_sent:
        raise BadInput("--out is for --all where alerts are sent: its report is of what became of them")


def check_companions(
    headers: Sequence[str],
    receivers: Sequence[str],
    config_path: Path | None,
    templates_folder: Path | None,
    system_folders: Sequence[Path],
    *,
    is_single: bool,
    is_remote: bool,
) -> None:
    """Raise BadInput for options that are about something else than what is to be done."""
    if headers and not is_remote:
        raise BadInput("--header is for the Alertmanager that --alertmanager names: name one")
    if config_path is not None and is_remote:
        raise BadInput(
            "--alertmanager-config is for an Alertmanager that is started here: leave --alertmanager out"
        )
    if system_folders and (is_remote or config_path is not None):
        raise BadInput("--systems says what the built-in Alertmanager config has routes for: leave it out")
    if templates_folder is not None and config_path is None:
        raise BadInput("--templates is for the config that --alertmanager-config names: name one")
    if receivers and not is_single:
        raise BadInput(
            "--receiver is for one alert: --all and --watchdog notify nobody but the built-in pager"
        )


def read_within(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    """Return the wall seconds of a duration such as `2m`, which is not none."""
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise BadInput(f"--within: {error}") from error
    if not seconds:
        raise BadInput("--within: nothing can be sent in no time")
    return seconds
