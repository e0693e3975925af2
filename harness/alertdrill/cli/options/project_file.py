"""The option that names a project file; what is read of it takes longer to import: see `project.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click


def take_project_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that names a project file; the command takes it as `project_file`."""
    return click.option(
        "--project-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The project file; otherwise the nearest alertdrill.toml, or pyproject.toml with "
        "[tool.alertdrill], in this folder or above.",
    )(command)
