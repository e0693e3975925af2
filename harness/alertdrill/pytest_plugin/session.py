"""What a session of pytest knows: its projects, and which drills of theirs are selected.

Where there is no project, little is imported: a YAML file that is no drill's is nothing to wait for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.project.finding import find_project
from alertdrill.pytest_plugin.drill_paths import is_drill_file, is_pack_file, states_drills
from alertdrill.pytest_plugin.keys import PROJECT_FILES
from alertdrill.pytest_plugin.settings import Settings, read_settings

if TYPE_CHECKING:
    from alertdrill.pytest_plugin.collecting import DrillFile, ProjectFile
    from alertdrill.pytest_plugin.project_drills import ProjectDrills
    from alertdrill.pytest_plugin.sharing import Share


class DrillSession:
    """The projects that the session's files are of. One that cannot be read is an error of its drills."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._share: Share | None = None
        self._settings: Settings | None = None
        self._found: dict[Path, Path | AlertdrillError | None] = {}
        self._projects: dict[Path, ProjectDrills | AlertdrillError] = {}

    @property
    def share(self) -> Share:
        """The runs of the session."""
        if self._share is None:
            from alertdrill.pytest_plugin.sharing import open_share

            self._share = open_share(self._config)
        return self._share

    @property
    def has_projects(self) -> bool:
        """Whether any file of a project was met."""
        return bool(self._projects)

    def collect(self, path: Path, parent: pytest.Collector) -> DrillFile | ProjectFile | None:
        """Return the collector of a file of drills, or of the project file itself; None for all others."""
        try:
            drills = self._find(path.parent)
        except AlertdrillError as error:
            # Which files its drills are in is not known; those of others are not to suffer.
            if path.name not in PROJECT_FILES and not states_drills(path):
                return None
            from alertdrill.pytest_plugin.collecting import DrillFile

            return DrillFile.from_parent(parent, path=path, drills=error)
        if drills is None:
            return None
        from alertdrill.pytest_plugin.collecting import DrillFile, ProjectFile

        if _is_same(path, drills.project.path):
            return ProjectFile.from_parent(parent, path=path, drills=drills)
        project = drills.project
        if not is_drill_file(path, project.drills) and not is_pack_file(path, project.packs):
            return None
        return DrillFile.from_parent(parent, path=path, drills=drills)

    def find_for_test(self, path: Path) -> ProjectDrills:
        """Return the drills of the project that a test's file is in; raises BadInput."""
        drills = self._find(path.parent)
        if drills is None:
            raise BadInput(
                f"{path.parent}: no alertdrill.toml is in this folder or above it: write one, or name it "
                "with --alertdrill-project FILE"
            )
        return drills

    def add_unexpected(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Put last, for each project, the item that fails for alerts that no drill expects."""
        from alertdrill.pytest_plugin.collecting import ProjectFile, UnexpectedItem

        for drills in self._list_projects(items):
            drills.candidates = tuple(self._list_names(items, drills))
            own = [item for item in items if isinstance(item, UnexpectedItem) and item.drills is drills]
            if own:
                items[:] = [item for item in items if item not in own]
            else:
                collector = ProjectFile.from_parent(session, path=drills.project.path, drills=drills)
                own = list(collector.collect())
                # So that it is counted, as all that is collected.
                report = pytest.CollectReport(
                    nodeid=collector.nodeid, outcome="passed", longrepr=None, result=[*own]
                )
                session.ihook.pytest_collectreport(report=report)
            items += own[:1]

    def select(self, items: Sequence[pytest.Item]) -> None:
        """Note which drills are held: those of the items that are left, and that tests of Python name."""
        for drills in self._list_projects(items):
            drills.selected = tuple(self._list_names(items, drills)) or drills.candidates

    def _list_projects(self, items: Iterable[pytest.Item]) -> list[ProjectDrills]:
        found: dict[int, ProjectDrills] = {}
        for item in items:
            drills = self._find_of(item)
            if drills is not None:
                found[id(drills)] = drills
        return list(found.values())

    def _list_names(self, items: Iterable[pytest.Item], drills: ProjectDrills) -> list[str]:
        from alertdrill.pytest_plugin.collecting import DrillItem

        names: dict[str, None] = {}
        for item in items:
            # Whoever skips a drill does not want its traffic either.
            if self._find_of(item) is drills and item.get_closest_marker("skip") is None:
                own = [item.name] if isinstance(item, DrillItem) else _list_marked(item)
                names |= dict.fromkeys(own)
        return list(names)

    def _find_of(self, item: pytest.Item) -> ProjectDrills | None:
        from alertdrill.pytest_plugin.collecting import Judged

        if isinstance(item, Judged):
            return item.drills
        if any(_list_marked(item)):
            try:
                return self._find(item.path.parent)
            except AlertdrillError:
                return None  # the test itself says so
        return None

    def _find(self, folder: Path) -> ProjectDrills | None:
        """Return the drills of the project of a folder; None without. Raises BadInput."""
        if folder not in self._found:
            try:
                self._found[folder] = self._read_settings().project or find_project(folder)
            except AlertdrillError as error:
                self._found[folder] = error
        path = self._found[folder]
        if path is None:
            return None
        if isinstance(path, AlertdrillError):
            raise path
        if path not in self._projects:
            from alertdrill.project.reading import read_project
            from alertdrill.pytest_plugin.project_drills import ProjectDrills

            try:
                self._projects[path] = ProjectDrills(read_project(path), self._read_settings(), self.share)
            except AlertdrillError as error:
                self._projects[path] = error
        drills = self._projects[path]
        if isinstance(drills, AlertdrillError):
            raise drills
        return drills

    def _read_settings(self) -> Settings:
        if self._settings is None:
            self._settings = read_settings(self._config)
        return self._settings


def _list_marked(item: pytest.Item) -> Iterator[str]:
    """Yield the drills that a test of Python names in its marker."""
    for marker in item.iter_markers("alertdrill"):
        yield from (name for name in marker.args if isinstance(name, str))


def _is_same(path: Path, other: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)
