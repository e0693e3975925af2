"""The option that names a project file, and what is read of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from alertdrill.cli.commands.judge import list_files
from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.project.finding import find_project
from alertdrill.project.project import Project
from alertdrill.project.reading import read_project
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.runtime.paths import shorten
from alertdrill.systems.drill_files.drills import Defaults, read_drills

MISSING = (
    "there is no project here or in a folder above: write an alertdrill.toml, or [tool.alertdrill] in "
    "pyproject.toml, as docs/how-to/project.md says, or name one with --project-file"
)


def take_project_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that names a project file; the command takes it as `project_file`."""
    return click.option(
        "--project-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The project file; otherwise the nearest alertdrill.toml, or pyproject.toml with "
        "[tool.alertdrill], in this folder or above.",
    )(command)


def open_project(named: Path | None) -> Project:
    """Return the project that was named, or else is found from here upwards; raises BadInput."""
    path = find_project(Path()) if named is None else named
    if path is None:
        raise BadInput(MISSING)
    return read_project(path)


def read_project_rules(project: Project) -> tuple[RuleFile, ...]:
    """Return the rule files of a project; raises BadInput for a project without any."""
    if not project.rules:
        raise BadInput(f'{shorten(project.path)}:1: the project states no rules, as in rules = ["rules.yml"]')
    return tuple(read_rules(shorten(path)) for path in project.rules)


def read_project_drills(project: Project, names: Iterable[str] = ()) -> tuple[Drill, ...]:
    """Return the drills of a project, all of them or those named; raises BadInput."""
    drills = read_drills(
        list_files(map(shorten, project.drills)), Defaults(system=project.name, healthy=project.behaviours)
    )
    chosen = set(names)
    known = [drill.name for drill in drills]
    for name in chosen.difference(known):
        raise BadInput(f"the project has no drill {name!r}{say_nearest(name, known)}")
    return tuple(drill for drill in drills if not chosen or drill.name in chosen)
