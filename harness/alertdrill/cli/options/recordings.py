"""The option that names the drills' recordings, and which folder is meant without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from alertdrill.cli.options.read_path import ReadPath
from alertdrill.errors import BadInput
from alertdrill.places import ROOT
from alertdrill.runner.golden.folder import FOLDER
from alertdrill.runtime.looking import is_folder


def take_recordings_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that names recordings; the command takes it as `recordings`."""
    return click.option(
        "--recordings",
        type=ReadPath(),
        metavar="FOLDER|FILE",
        help="Golden recordings of the drills; without it, those of this checkout. For a project, what "
        "pytest's --alertdrill-replay takes.",
    )(command)


def choose_goldens(named: Path | None) -> Path:
    """Return the folder of golden recordings, named or of this checkout; raises BadInput without one."""
    folder = ROOT / FOLDER if named is None else named
    if named is None and not is_folder(folder):
        raise BadInput("golden recordings are in a checkout only: name a folder with --recordings")
    return folder
