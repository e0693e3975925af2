"""The rules and drills that a project states: those of its files, and those of its packs.

A pack is a system's folder: rules that are made of its values, and drills that are made of them too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.project.project import Project
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.rules.panels import Dashboard
from alertdrill.runner.rulebook import list_expected, name_alerts
from alertdrill.runtime.looking import follow, is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import System
from alertdrill.systems.catalogue import list_drills, list_system_rules, read_dashboard, read_values
from alertdrill.systems.finding import find_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRules:
    """The rule files of a project.

    Some are `editions` of its packs: one of those concerns only the drills that are about an alert of it.
    """

    files: tuple[RuleFile, ...]
    editions: frozenset[str] = frozenset()
    """By the names of their files."""

    @property
    def standing(self) -> tuple[RuleFile, ...]:
        """The files that concern every drill."""
        return tuple(file for file in self.files if file.name not in self.editions)

    def choose_for(self, drills: Iterable[Drill]) -> tuple[RuleFile, ...]:
        """Return the files that concern any of some drills."""
        expected = {name for drill in drills for name in list_expected(drill)}
        return tuple(
            file for file in self.files if file.name not in self.editions or name_alerts(file) & expected
        )


def read_project_rules(project: Project) -> ProjectRules:
    """Return the rule files of a project and of its packs; raises BadInput for a project without any."""
    if not project.rules and not project.packs:
        raise BadInput(f'{shorten(project.path)}:1: the project states no rules, as in rules = ["rules.yml"]')
    own = tuple(read_rules(shorten(path)) for path in project.rules)
    systems = find_packs(project)
    values = {system.name: read_values(system) for system in systems}
    drills = list_drills(values, systems)
    packed = [file for system in systems for file in list_system_rules(system, values[system.name], drills)]
    editions = {str(shorten(path)) for system in systems for path in system.edition_paths}
    return ProjectRules(files=(*own, *packed), editions=frozenset(editions))


def list_pack_drills(project: Project, path: Path | None = None) -> tuple[Drill, ...]:
    """Return the drills of a project's packs, as drills of the project; raises BadInput.

    With the `path` of a file, those that are made in it.
    """
    systems = [
        system for system in find_packs(project) if path is None or follow(system.drills_path) == follow(path)
    ]
    drills = list_drills({system.name: read_values(system) for system in systems}, systems)
    # What they depend on is how the project scrapes its target.
    return tuple(replace(drill, system=project.name) for drill in drills)


def list_pack_dashboards(project: Project) -> tuple[Dashboard, ...]:
    """Return the dashboards of a project's packs, of those that have one; raises BadInput."""
    shown = [system for system in find_packs(project) if is_there(system.panels_path)]
    return tuple(read_dashboard(system, read_values(system)) for system in shown)


def join_drills(drills: Iterable[Drill], packed: Iterable[Drill], project: Project) -> tuple[Drill, ...]:
    """Return drills of a project's files and those of its packs; raises BadInput for two of one name."""
    joined = {drill.name: drill for drill in drills}
    for drill in packed:
        if drill.name in joined:
            raise BadInput(
                f"{shorten(project.path)}: two drills are named {drill.name!r}: one of drills, one of packs"
            )
        joined[drill.name] = drill
    return tuple(joined.values())


def find_packs(project: Project) -> tuple[System, ...]:
    """Return the packs of a project; raises BadInput for a folder that is none, and two of one name."""
    found: dict[str, System] = {}
    for path in project.packs:
        system = find_pack(shorten(path))
        if system.name in found:
            raise BadInput(f"{shorten(project.path)}: two packs are named {system.name!r}")
        found[system.name] = system
    return tuple(found.values())


def name_systems(project: Project) -> tuple[str, ...]:
    """Return the names by which the reference routing knows a project's alerts: its own, and its packs'."""
    return tuple(dict.fromkeys((project.name, *(system.name for system in find_packs(project)))))
