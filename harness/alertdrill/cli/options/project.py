"""What commands read of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.project.drill_checks import check_timers
from alertdrill.project.finding import find_project
from alertdrill.project.project import Project, RunningAlertmanager, Service
from alertdrill.project.reading import read_project
from alertdrill.project.services import PAGES
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile
from alertdrill.runner.project_files import join_drills, list_pack_drills, read_project_rules
from alertdrill.runner.project_known import find_known
from alertdrill.runner.running_services import Running, ask_running
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.server_options import check_url
from alertdrill.systems.drill_files.drills import (
    Defaults,
    Undecided,
    list_undecided,
    locate_all,
    read_drills,
)
from alertdrill.systems.drill_files.listing import list_files

MISSING = (
    "there is no project here or in a folder above: write an alertdrill.toml, or [tool.alertdrill] in "
    "pyproject.toml, as docs/how-to/project.md says, or name one with --project-file"
)


def open_project(named: Path | None) -> Project:
    """Return the project that was named, or else is found from here upwards; raises BadInput."""
    path = find_project(Path()) if named is None else named
    if path is None:
        raise BadInput(MISSING)
    return read_project(path)


def find_project_of(alertmanager_config: Path | None) -> Project | None:
    """Return the project that is found from here upwards, if it names that Alertmanager config."""
    path = find_project(Path()) if alertmanager_config is not None else None
    project = read_project(path) if path is not None else None
    if project is None or project.alertmanager is None or alertmanager_config is None:
        return None
    is_own = is_there(alertmanager_config) and project.alertmanager.samefile(alertmanager_config)
    return project if is_own else None


def find_nobody(project: Project | None, named: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the receivers that notify nobody on purpose, named or else the project's, and where."""
    if named or project is None:
        return named, "--nobody"
    return project.nobody, f"{shorten(project.path)}: nobody"


def use_services(project: Project, prometheus: str | None, alertmanager: str | None) -> Project:
    """Return a project with the servers that options name in place of those that it states.

    What it states of a server at another address, such as its key, is not sent to one that an option names.
    """
    if prometheus is not None:
        url = check_url("--prometheus", prometheus)
        if project.prometheus is None or project.prometheus.url != url:
            project = replace(project, prometheus=Service(url=url, source="--prometheus"))
    if alertmanager is not None:
        url = check_url("--alertmanager", alertmanager)
        known = project.running_alertmanager
        if project.prometheus is None:
            raise BadInput(f"--alertmanager is the Alertmanager of your own Prometheus, and {PAGES}")
        if known is None or known.url != url:
            project = replace(
                project, running_alertmanager=RunningAlertmanager(url=url, source="--alertmanager")
            )
    return project


def read_held_rules(
    project: Project, environ: Mapping[str, str]
) -> tuple[tuple[RuleFile, ...], Running | None]:
    """Return the rules that a run is about, and what runs already, if the project states that.

    Those of somebody's own Prometheus are read of it. Raises BadInput, and CouldNotTell where it cannot be
    asked.
    """
    if project.prometheus is None:
        return read_project_rules(project).files, None
    stated = read_project_rules(project).files if project.rules or project.packs else ()
    running = ask_running(project, stated, environ)
    assert running is not None  # noqa: S101 - there is a Prometheus to ask
    return running.files, running


def make_defaults(project: Project) -> Defaults:
    """Return what holds for the drills of a project."""
    return Defaults(system=project.name, healthy=project.behaviours, known=find_known(project))


def list_project_undecided(project: Project, names: Iterable[str] = ()) -> tuple[Undecided, ...]:
    """Return the drills of a project in which something is left to decide, all of them or those named."""
    found = list_undecided(list_files(map(shorten, project.drills)), make_defaults(project))
    chosen = set(names)
    return tuple(one for one in found if not chosen or one.name in chosen)


def locate_project_drills(project: Project) -> dict[str, str]:
    """Return `file:line` of each finished drill of a project's files, by its name; raises BadInput."""
    defaults = replace(make_defaults(project), leaves_out=lambda _: True)
    return locate_all(list_files(map(shorten, project.drills)), defaults)


def read_project_drills(
    project: Project,
    names: Iterable[str] = (),
    *,
    leaves_undecided: bool = False,
    find_lasts_s: Callable[[str], float | None] = lambda _: None,
) -> tuple[Drill, ...]:
    """Return the drills of a project, all of them or those named.

    `find_lasts_s` says how long one lasts that does not say it itself; None for long enough.
    Raises BadInput, too for one in which something is left to decide, unless these are left out.
    """
    chosen = set(names)
    files = list_files(map(shorten, project.drills))
    defaults = replace(make_defaults(project), find_lasts_s=find_lasts_s)
    # Who names drills is not kept from holding them by others that are not finished.
    drills = read_drills(
        files,
        replace(defaults, leaves_out=lambda name: leaves_undecided or (bool(chosen) and name not in chosen)),
    )
    drills = join_drills(drills, list_pack_drills(project), project)
    known = [drill.name for drill in drills]
    known += [one.name for one in list_undecided(files, defaults)]
    check_timers(project, known)
    for name in chosen.difference(known):
        raise BadInput(f"the project has no drill {name!r}{say_nearest(name, known)}")
    return tuple(drill for drill in drills if not chosen or drill.name in chosen)
