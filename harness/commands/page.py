"""`alertdrill page`: one synthetic alert, or every alert of a file, through an Alertmanager and back."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness.catalogue import shorten
from harness.engines import Engines, find_engines
from harness.errors import BadInput, CouldNotTell
from harness.page.build import build_alerts, guess_external_url
from harness.page.choice import choose_rule, read_labels
from harness.page.journey import find_outcome
from harness.page.remote import Plan, Remote
from harness.page.report import show_alert, show_hops, write_alert, write_hops
from harness.page.synthetic import SyntheticAlert
from harness.rules import RuleFile, read_rules
from harness.server_options import check_url, read_headers

LOG_COLUMNS = 220
HEADER_OPTION = "--header"
EXIT_CODES = {"delivered": 0, "not delivered": 1, "could not tell": CouldNotTell.exit_code}


@click.command()
@click.option("--alertmanager", metavar="URL", help="The Alertmanager that the alert is sent to.")
@click.option(
    HEADER_OPTION,
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="Header for it; NAME=@FILE keeps a secret in a file. May be repeated.",
)
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Rule file that the alert is in. May be repeated.",
)
@click.option("--alert", "name", metavar="NAME", help="The alert to send.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="Label of the series that the rule would have found; also chooses among rules of one name.",
)
@click.option(
    "--receiver",
    "receivers",
    multiple=True,
    metavar="NAME",
    help="Receiver that may be told; needed unless Alertmanager is on this machine. May be repeated.",
)
@click.option("--external-url", metavar="URL", help="Prometheus's own address, for the alert's link to it.")
@click.option("--dry-run", is_flag=True, help="Show alert, route and receivers, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def page(
    alertmanager: str | None,
    headers: tuple[str, ...],
    rule_paths: tuple[Path, ...],
    name: str | None,
    labels: tuple[str, ...],
    receivers: tuple[str, ...],
    external_url: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send a synthetic alert through an Alertmanager, and follow it to delivery and back."""
    if name is None or alertmanager is None:
        raise BadInput(
            "name the alert to send by --rules FILE and --alert NAME, and where by --alertmanager URL"
        )
    url = check_url("--alertmanager", alertmanager, HEADER_OPTION)
    secret, _ = read_headers(HEADER_OPTION, headers)
    engines = _find_engines()
    (alert,) = _build(rule_paths, name, labels, external_url, engines)
    remote = Remote(url, secret, engines.amtool)
    _send(remote, remote.plan(alert, receivers), dry_run=dry_run, as_json=as_json)


def _find_engines() -> Engines:
    return find_engines(os.environ, say=_say)


def _build(
    paths: tuple[Path, ...],
    name: str | None,
    labels: tuple[str, ...],
    external_url: str | None,
    engines: Engines,
) -> tuple[SyntheticAlert, ...]:
    """Return the alert of that name, or every alert of the files."""
    if not paths:
        raise BadInput("--rules FILE says where the alerts are")
    files: list[RuleFile] = [read_rules(shorten(path)) for path in paths]
    given = read_labels(labels)
    rules = (
        [rule for file in files for rule in file.alerts]
        if name is None
        else [choose_rule(files, name, given)]
    )
    own_url = guess_external_url() if external_url is None else check_url("--external-url", external_url)
    return build_alerts(rules, given, engines=engines, external_url=own_url)


def _send(remote: Remote, plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    """Show what is to be sent, send it unless that is all that was asked for, and exit accordingly."""
    console = _open_console()
    document: dict[str, Any] = write_alert(plan.alert, plan.destination)
    if not as_json:
        console.print(show_alert(plan.alert, plan.destination))
    if plan.objections:
        raise BadInput(f"nothing is sent: {'; '.join(plan.objections)}")
    hops = remote.check(plan) if dry_run else remote.send(plan, _say)
    if as_json:
        click.echo(json.dumps(document | write_hops(hops), indent=2))
    elif hops:
        console.print(show_hops(hops))
    sys.exit(EXIT_CODES[find_outcome(hops)])


def _open_console() -> Console:
    # In a log each line stays a line, however long.
    return Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)


def _say(text: str) -> None:
    click.echo(text, err=True)
