"""The command line: its commands, its signals, and what an error becomes.

Exit codes: 0 every expectation met, 1 some expectation not met, 2 bad input or usage, and what cannot be
written, 3 could not tell, 141 whoever read the output left (what shells have for SIGPIPE).
"""

from __future__ import annotations

import errno
import os
import platform
import signal
import sys
from collections.abc import Sequence

import click

from alertdrill.cli.beginning import SIGNALS, end_on_signals
from alertdrill.cli.complaining import complain
from alertdrill.cli.help import Example
from alertdrill.cli.interruption import Interrupted, leave_on_signals
from alertdrill.cli.lazy_commands import LazyGroup, ListedCommand
from alertdrill.cli.streams import take_over_streams
from alertdrill.errors import AlertdrillError, BadInput, ReaderLeft
from alertdrill.runtime.limits import naming_limits, say_cause

COMMANDS = (
    ListedCommand(
        "init",
        "alertdrill.cli.commands.init:init",
        "Write a project file, and a drill for each alert with a near miss beside it.",
    ),
    ListedCommand(
        "run",
        "alertdrill.cli.commands.run:run",
        "Hold drills, all of them or those named, and write the reports to OUT.",
        judges=True,
    ),
    ListedCommand(
        "up",
        "alertdrill.cli.commands.up:up",
        "Start the stack that drills are held on, and keep it running until Ctrl-C.",
    ),
    ListedCommand(
        "list",
        "alertdrill.cli.commands.list:list_",
        "List the drills and the alerts, and which covers which: of the project, where there is one.",
    ),
    ListedCommand(
        "dilate",
        "alertdrill.cli.commands.dilate:dilate",
        "Write the rule file RULES as it must be when everything runs SPEED times faster.",
    ),
    ListedCommand(
        "record",
        "alertdrill.cli.commands.record:record_",
        "Record the series that rules or selectors ask for, and `up`, as OpenMetrics on rule time.",
    ),
    ListedCommand(
        "replay",
        "alertdrill.cli.commands.replay:replay_",
        "Show what rules, just as they are, do over the recording FILE.",
        judges=True,
    ),
    ListedCommand(
        "judge",
        "alertdrill.cli.commands.judge:judge",
        "Judge drills of your own on the recording FILE, by rules as they are.",
        judges=True,
    ),
    ListedCommand(
        "lint",
        "alertdrill.cli.commands.lint:lint",
        "Say what is wrong with RULES that can be known without traffic.",
        judges=True,
    ),
    ListedCommand(
        "mutate",
        "alertdrill.cli.commands.mutate:mutate",
        "Make rules wrong in small ways, and say which of these the drills would notice.",
        judges=True,
    ),
    ListedCommand(
        "gate",
        "alertdrill.cli.commands.gate:gate_",
        "Show what a change of rules did: each touched alert before and after, on the drills' recordings.",
        judges=True,
    ),
    ListedCommand(
        "export",
        "alertdrill.cli.commands.export:export_",
        "Write what rules do over the recording FILE as a unit test for promtool.",
    ),
    ListedCommand(
        "rules",
        "alertdrill.cli.commands.rules:rules_",
        "Write SYSTEM's alert rules with the values that are set.",
    ),
    ListedCommand(
        "page",
        "alertdrill.cli.commands.page:page",
        "Send a synthetic alert through an Alertmanager, and follow it to delivery and back.",
        judges=True,
    ),
    ListedCommand(
        "traffic",
        "alertdrill.cli.commands.traffic:traffic",
        "Send the calls of SCENARIO by hand at any gateway that speaks OpenAI's API.",
    ),
    ListedCommand(
        "stub",
        "alertdrill.cli.commands.stub:stub",
        "Start a stub provider that speaks DIALECT, and keep it running until Ctrl-C.",
    ),
    ListedCommand(
        "engines",
        "alertdrill.cli.commands.engines:engines_",
        "Say where prometheus, promtool, alertmanager and amtool are; with PROGRAM, print its path alone.",
    ),
)
"""Every command, with the first sentence of its help."""
CLOSED = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
"""What the system says of a path that cannot be followed, where nobody had looked at it before."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: a disk, a quota or a limit of files' size."""


def _show_version(context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:
    """Print name, version and Python, and end; nothing else is looked at."""
    if not is_asked or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # other commands do not need it

    try:
        number = version("alertdrill")
    except PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"alertdrill {number}, Python {platform.python_version()}")
    context.exit()


@click.group(
    cls=LazyGroup,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    exit_codes={
        0: "every expectation is met",
        1: "some expectation is not met",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell",
        141: "whoever read the output stopped reading",
    },
    examples=(
        Example("alertdrill list", "Which drills are there?"),
        Example("alertdrill run", "Hold them all on a local stack"),
        Example("alertdrill run --help", "What can be chosen?"),
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version, and Python's, and exit.",
)
def cli() -> None:
    """Hold fire drills for Prometheus alerts: from traffic to the pager and back, asserted at every hop."""
    leave_on_signals()  # the command is imported by now


def main() -> None:
    """Run the command line; a signal ends it in good order."""
    end_on_signals()
    take_over_streams()
    try:
        call(sys.argv[1:])
    finally:
        for number in SIGNALS:  # it has come to its end, and its exit code stands
            signal.signal(number, signal.SIG_IGN)


def call(arguments: Sequence[str]) -> None:
    """Call a command; every error of ours is one sentence on standard error, and ends with its exit code."""
    try:
        with naming_limits():
            cli(list(arguments), standalone_mode=False)
            sys.stdout.flush()
    except click.ClickException as error:
        said = error.format_message()
        if isinstance(error, click.MissingParameter):  # lists what there is to choose from, a line each
            said = " ".join(said.split())
        complain(f"alertdrill: {said}")
        sys.exit(BadInput.exit_code)
    except ReaderLeft as left:
        sys.exit(left.exit_code)
    except AlertdrillError as error:
        complain(f"alertdrill: {error}")
        sys.exit(error.exit_code)
    except Interrupted as interrupted:
        usual = "" if interrupted.left is not None else f"; {_say_left(arguments)}"
        complain(f"alertdrill: {interrupted}{usual}")
        sys.exit(interrupted.exit_code)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and _is_here_gone():
            click.echo("alertdrill: the current folder is gone: change into one that is there", err=True)
            sys.exit(BadInput.exit_code)
        if error.filename and error.errno in CLOSED:
            click.echo(f"alertdrill: {error.filename}: cannot be used: {error.strerror}", err=True)
            sys.exit(BadInput.exit_code)
        if error.errno not in FULL:
            raise
        where = f": {error.filename}" if error.filename else ""
        complain(f"alertdrill: there is no more room to write{where}: {say_cause(error)}")
        sys.exit(BadInput.exit_code)


def _say_left(arguments: Sequence[str]) -> str:
    """Return what a command leaves that was interrupted, and says nothing itself."""
    name = next((word for word in arguments if not word.startswith("-")), "")
    judges = any(command.name == name and command.judges for command in COMMANDS)
    return "nothing was judged" if judges else "nothing was written"


def _is_here_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - whether it raises is all that is asked
    except FileNotFoundError:
        return True
    return False
