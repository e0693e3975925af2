"""`alertdrill engines`: where prometheus, promtool, alertmanager and amtool are."""

from __future__ import annotations

import os

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.runtime.binaries import find_engines

SERVERS = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "alertmanager": "alertmanager",
    "amtool": "alertmanager",
}
"""The programs, each with the server whose version it has."""


@click.command(
    name="engines",
    cls=GroupedCommand,
    groups={},
    exit_codes={0: "they are there", 2: "bad usage, or one cannot be had; the message says what to install"},
    examples=(
        Example("alertdrill engines", "All four, with their versions and paths"),
        Example("alertdrill engines promtool", "The path alone, so that a shell can run it"),
    ),
)
@click.argument("program", metavar="[PROGRAM]", required=False, type=click.Choice(list(SERVERS)))
def engines_(program: str | None) -> None:
    """Say where prometheus, promtool, alertmanager and amtool are; with PROGRAM, print its path alone.

    What is not on this machine is fetched into a cache first, as a run does.
    """
    found = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    if program is not None:
        click.echo(getattr(found, program))
        return
    for name, server in SERVERS.items():
        click.echo(f"{name:<14}{found.versions[server]:<14}{getattr(found, name)}")
