"""The options that say what a stack is made of, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from alertdrill.cli.options.read_path import ReadPath
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.core.clock import MAX_SPEED
from alertdrill.core.parts import PARTS, SCRAPE_INTERVAL_S
from alertdrill.rules.dilation.files import dilate_duration

PORT_NAMES = tuple(part for part in PARTS if not part.startswith("provider-"))


def read_speed(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Take a speed that a drill can be held at."""
    if value is not None and not 1.0 <= value <= MAX_SPEED:
        raise click.BadParameter(
            f"a drill can be held at 1 to {MAX_SPEED:g} times real time, not at {value:g}"
        )
    if value is not None:
        dilate_duration(SCRAPE_INTERVAL_S, value)
    return value


def _read_ports(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    ports = {}
    for value in values:
        name, _, port = value.partition("=")
        if name not in PORT_NAMES or not port.isdecimal() or not 0 < int(port) < 65536:
            raise click.BadParameter(f"{value!r} is not NAME=PORT; NAME is one of {', '.join(PORT_NAMES)}")
        ports[name] = int(port)
    return ports


take_templates_option = click.option(
    "--templates",
    "templates_folder",
    type=ReadPath(file_okay=False),
    metavar="FOLDER",
    help="Where the template files of the Alertmanager config lie, if not where it says.",
)
"""Adds the option for a config that was written for another machine."""


def take_stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what an embedded stack is made of."""
    options = (
        click.option(
            "--out",
            type=WrittenPath(path_type=Path),
            default=Path("out"),
            show_default=True,
            help="Folder for reports and logs.",
        ),
        click.option(
            "--rules",
            "rule_paths",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Rule file to load instead of the systems' own rules. May be repeated.",
        ),
        click.option(
            "--config",
            "folder",
            type=ReadPath(file_okay=False),
            help="Folder with rules/*.yml and alertmanager.yml, for --rules and --alertmanager-config.",
        ),
        click.option(
            "--alertmanager-config",
            type=click.Path(path_type=Path),
            help="Your alertmanager.yml as it is, instead of the built-in one; the stack's pager stands in "
            "for all its receivers, so nobody else is notified.",
        ),
        take_templates_option,
        click.option(
            "--port",
            "ports",
            multiple=True,
            callback=_read_ports,
            metavar="NAME=PORT",
            help=f"Port of one of {', '.join(PORT_NAMES)}; a free one otherwise. May be repeated.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
