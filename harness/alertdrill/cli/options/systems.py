"""The option that names folders of systems, and which of their drills can be held at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from alertdrill.cli.options.given_rules import Choice
from alertdrill.cli.options.read_path import ReadPath
from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.systems import System

UNSERVED = "its metrics are served by no gateway of alertdrill: judge it on a recording with --replay"


def take_systems_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that names folders of systems; the command takes them as `system_folders`."""
    return click.option(
        "--systems",
        "system_folders",
        multiple=True,
        type=ReadPath(file_okay=False),
        metavar="DIR",
        help="Folder of a system of yours, or of several, beside those that are there. May be repeated.",
    )(command)


def find_unserved(drills: Iterable[Drill], choice: Choice, systems: Sequence[System]) -> dict[str, str]:
    """Say, by name, why drills of systems whose metrics nobody serves cannot be held.

    Raises BadInput where they, or their system, were asked for.
    """
    served = {system.name for system in systems if system.is_served}
    unserved = {drill.name: UNSERVED for drill in drills if drill.system not in served}
    if unserved and (choice.names or choice.system is not None):
        raise BadInput(f"{next(iter(unserved))} cannot be held: {UNSERVED}")
    return unserved
