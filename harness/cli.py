"""The command line: its commands, its signals, and what an error becomes.

Exit codes: 0 every expectation met, 1 some expectation not met, 2 bad input or usage, 3 could not tell.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from harness.commands.dilate import dilate
from harness.commands.export import export_
from harness.commands.interruption import Interrupted
from harness.commands.list import list_
from harness.commands.page import page
from harness.commands.record import record_
from harness.commands.replay import replay_
from harness.commands.rules import rules_
from harness.commands.run import run
from harness.commands.up import up
from harness.errors import AlertdrillError, BadInput, CouldNotTell


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Hold fire drills for Prometheus alerts: from traffic to the pager and back, asserted at every hop."""


for command in (run, up, list_, dilate, record_, replay_, export_, rules_, page):
    cli.add_command(command)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave every `with` block in order; further signals do not disturb that."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


def main() -> None:
    """Run the command line; every error of ours is one sentence on standard error."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"alertdrill: {error.format_message()}", err=True)
        sys.exit(BadInput.exit_code)
    except AlertdrillError as error:
        click.echo(f"alertdrill: {error}", err=True)
        sys.exit(error.exit_code)
    except Interrupted as interrupted:
        click.echo(f"alertdrill: interrupted by {interrupted}; nothing was judged", err=True)
        sys.exit(CouldNotTell.exit_code)
