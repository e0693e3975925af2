"""A stranger's project, and what is held of it."""

from __future__ import annotations

import pytest
from support.both_generations import name_engines
from support.stranger import Stranger

from alertdrill.core.drill import Drill
from alertdrill.reports import RunRecord
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runtime.binaries import Engines


@pytest.fixture
def stranger(pytester: pytest.Pytester, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    """Return a project with three drills, and no recording yet."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    name_engines(engines, monkeypatch)
    return Stranger(pytester)


@pytest.fixture
def recorded(stranger: Stranger) -> Stranger:
    """Return the project with a recording of each of its drills."""
    stranger.record()
    return stranger


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the names of the drills of each run, as they are held."""
    runs: list[list[str]] = []
    judge = ProjectReplay.judge

    def note(self: ProjectReplay, drills: list[Drill], among: list[Drill]) -> RunRecord:
        runs.append([drill.name for drill in drills])
        return judge(self, drills, among)

    monkeypatch.setattr(ProjectReplay, "judge", note)
    return runs
