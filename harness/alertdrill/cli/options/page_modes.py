"""Which options of `alertdrill page` go together: they name one thing to do, and say only what that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.runtime.looking import is_there


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
            "--at, --inhibitions and --coverage ask about the routing of a config, and send nothing: name it "
            "by --alertmanager-config, with --all, --alert or --labels"
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


def check_calendar(year: int | None, table: Path | None, *, watchdog: bool, is_remote: bool) -> None:
    """Raise BadInput for a year of something else than the alerts' routes in a config."""
    if year is not None and (watchdog or is_remote or table is not None):
        raise BadInput(
            "--calendar is about routes of a config: leave --alertmanager, --watchdog and --labels out"
        )


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
