"""The drills of one project in a session: where they are written, which are selected, and their run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.project.project import Project
from alertdrill.pytest_plugin.drill_paths import is_pack_file
from alertdrill.pytest_plugin.holding import Holder, open_holder
from alertdrill.pytest_plugin.run import Run
from alertdrill.pytest_plugin.settings import Settings
from alertdrill.pytest_plugin.sharing import Share
from alertdrill.reports import RunRecord
from alertdrill.rules.fields import say_nearest
from alertdrill.runner.project_files import join_drills, list_pack_drills
from alertdrill.runner.project_known import find_known
from alertdrill.runtime.paths import shorten
from alertdrill.systems.drill_files.drills import Defaults, locate_drills
from alertdrill.systems.drill_files.known import Known
from alertdrill.systems.drill_files.listing import list_files


class ProjectDrills:
    """A project's drills. The `selected` share one run, which is held when the first verdict is wanted.

    `candidates` are those that markers and names select, and of which a repetition of what failed may
    leave none.
    """

    def __init__(self, project: Project, settings: Settings, share: Share) -> None:
        self.project = project
        self.candidates: tuple[str, ...] = ()
        self.selected: tuple[str, ...] = ()
        self.settings = settings
        self.share = share
        self._collected: dict[Path, None] = {}
        self._where: dict[str, str] = {}
        self._holder: Holder | None = None
        self._known: dict[str, Drill] | None = None
        self._broken: list[AlertdrillError] = []
        self._made: list[Drill] = []

    @property
    def holder(self) -> Holder:
        """What holds them; raises BadInput for a project that states too little."""
        if self._holder is None:
            self._holder = open_holder(self.project, self.settings)
        return self._holder

    @cached_property
    def _defaults(self) -> Defaults:
        """What holds where a drill does not say it; what nobody can read names no drill's mistake."""
        try:
            known = find_known(self.project)
        except AlertdrillError:
            known = Known()  # whoever holds them says it
        return Defaults(system=self.project.name, healthy=self.project.behaviours, known=known)

    def read_file(self, path: Path) -> Sequence[tuple[Drill, int]]:
        """Return the drills of a file, with their lines; raises BadInput, also for two of one name."""
        name = shorten(path)
        is_packed = is_pack_file(path, self.project.packs)
        located: Sequence[tuple[Drill, int]]
        if is_packed:
            located = [(drill, 1) for drill in list_pack_drills(self.project, path)]
        else:
            located = locate_drills(name, self._defaults)
        seen: dict[str, str] = {}
        for drill, line in located:
            where, other = f"{name}:{line}", self._where.get(drill.name, seen.get(drill.name))
            if other is not None and (other != where or drill.name in seen):
                raise BadInput(f"{where}: there are two drills named {drill.name!r}: another at {other}")
            seen[drill.name] = where
        self._where |= seen
        if not is_packed:
            self._collected[path] = None
        return located

    def find(self, name: str) -> Drill:
        """Return a drill by its name; raises BadInput."""
        known = self._read_all()
        if name in known:
            return known[name]
        if self._broken:
            raise self._broken[0]
        meant = say_nearest(name, sorted(known)) or f"; it has {', '.join(sorted(known)) or 'none'}"
        raise BadInput(f"{shorten(self.project.path)}: the project has no drill {name!r}{meant}")

    def hold_selected(self) -> Run:
        """Return the run of all selected drills; without any, of all. Raises BadInput and CouldNotTell."""
        return self._hold(self.selected or tuple(self._read_all()))

    def hold_alone(self, name: str) -> Run:
        """Return the run of one drill that is not selected; it is held once in a session."""
        return self._hold((name,), of=name)

    def hold_drill(self, drill: Drill) -> Run:
        """Return the run of a drill that was made in Python; an equal one is not held again."""
        if drill not in self._made:
            self._made.append(drill)
        return self.share.hold_once(
            self.project.path,
            (drill.name,),
            lambda: self.holder.hold([drill], self._list_all(), of=drill.name),
            only_here=f"drill {self._made.index(drill)}",
        )

    def find_doubt(self, record: RunRecord, alert: str) -> str:
        """Say why a run says nothing of an alert; empty if it does."""
        return self.holder.find_doubt(record, alert)

    def find_stranger(self, alert: str, receiver: str) -> BadInput | None:
        """Return what is wrong with a receiver that a test names and the project's routing does not have."""
        known = self._defaults.known.receivers
        if known is None or receiver in known:
            return None
        near = say_nearest(receiver, sorted(known)) or f"; there are: {', '.join(sorted(known))}"
        what = f"the test expects {alert} to page {receiver}, which is no receiver of the Alertmanager config"
        return BadInput(f"{what}{near}")

    def judge_again(self, record: RunRecord, drill: Drill) -> RunRecord:
        """Return how a drill that a run held comes out with other expectations than it then had."""
        return self.holder.judge_again(record, drill, self._list_all())

    def _hold(self, names: tuple[str, ...], *, of: str = "") -> Run:
        def hold() -> Run:
            known = self._read_all()
            # What a marker names and is no drill, the test itself says.
            return self.holder.hold([known[name] for name in names if name in known], self._list_all(), of=of)

        return self.share.hold_once(self.project.path, names, hold)

    def _list_all(self) -> list[Drill]:
        return list(self._read_all().values())

    def _read_all(self) -> dict[str, Drill]:
        """Return all drills of the project's files that can be read, as long as recordings make them.

        Raises BadInput for two of one name, of which nobody knows which is meant.
        """
        if self._known is None:
            files: dict[Path, None] = {}
            for place in self.project.drills:
                try:
                    files |= dict.fromkeys(list_files([place]))
                except AlertdrillError as error:
                    self._broken.append(error)
            paths = {os.path.realpath(path): path for path in (*files, *self._collected)}
            self._known = self._add_packed(self._read_each(paths.values()))
        return self._known

    def _add_packed(self, known: dict[str, Drill]) -> dict[str, Drill]:
        try:
            packed = list_pack_drills(self.project)
        except AlertdrillError as error:
            self._broken.append(error)
            return known
        return {drill.name: drill for drill in join_drills(known.values(), packed, self.project)}

    def _read_each(self, paths: Iterable[Path]) -> dict[str, Drill]:
        known: dict[str, Drill] = {}
        seen: dict[str, str] = {}
        for path in paths:
            try:
                located = locate_drills(
                    shorten(path),
                    replace(self._defaults, find_lasts_s=self.holder.find_lasts_s),
                )
            except AlertdrillError as error:
                self._broken.append(error)
                continue
            for drill, line in located:
                where = f"{shorten(path)}:{line}"
                if drill.name in known:
                    raise BadInput(
                        f"{where}: there are two drills named {drill.name!r}: another at {seen[drill.name]}"
                    )
                known[drill.name], seen[drill.name] = drill, where
        return known
