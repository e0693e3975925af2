"""The house's systems are strangers' projects: their folders, as packs of a project file, judge alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.whole_runs import ROOT

from alertdrill.core.verdict import Verdict
from alertdrill.project.project import Project
from alertdrill.project.reading import read_project
from alertdrill.runner.golden.gate import judge_goldens
from alertdrill.runner.project_files import list_pack_drills, read_project_rules
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runner.rulebook import RuleBook
from alertdrill.runtime.binaries import Engines
from alertdrill.systems import System, find_own
from alertdrill.systems.catalogue import list_drills, list_rules, override_values

RECORDINGS = ROOT / "scenarios" / "recordings"


def write_house_project(folder: Path, pack: Path, system: System) -> Project:
    """Write the project of somebody whose gateway is the reference gateway, and return it."""
    path = folder / "alertdrill.toml"
    path.write_text(
        f"""\
name = "{system.name}"
packs = [{json.dumps(str(pack))}]

[target]
url = "http://127.0.0.1:8080/{system.name}"

[[scrape]]
job = "{system.job}"
path = "{system.metrics_path}"
targets = ["127.0.0.1:8080"]
"""
    )
    return read_project(path)


def judge_as_house(system: System, promtool: Path) -> list[Verdict]:
    """Return what the gate says of a system."""
    systems = (system,)
    values = override_values((), systems)
    drills = list_drills(values, systems)
    book = RuleBook(own={system.name: list_rules(drills, values, systems)})
    return [*judge_goldens(RECORDINGS, drills, drills, book, promtool, 0.0).verdicts]


def judge_as_project(project: Project, promtool: Path) -> list[Verdict]:
    """Return what a project's drills come out as on recordings."""
    drills, rules = list_pack_drills(project), read_project_rules(project)
    replay = ProjectReplay(RECORDINGS, rules.files, promtool, editions=rules.editions)
    return [*replay.judge(drills, drills).verdicts]


@pytest.mark.parametrize("system", find_own(), ids=lambda system: system.name)
def test_a_house_system_in_a_project_file_has_the_verdicts_of_the_house(
    system: System, engines: Engines, tmp_path: Path
) -> None:
    """Rules of its values, every drill, each finding with its evidence: nothing is special about it."""
    project = write_house_project(tmp_path, system.folder, system)
    found = judge_as_project(project, engines.promtool)
    assert found == judge_as_house(system, engines.promtool)
    assert {verdict.outcome for verdict in found} <= {"met", "unobserved"}
