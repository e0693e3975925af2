"""Rules and drills of a project: those of its files, and those of its packs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.packs import write_pack

from alertdrill.core.expectation import BlindRule
from alertdrill.errors import BadInput
from alertdrill.project.project import Project
from alertdrill.project.reading import read_project
from alertdrill.runner.project_files import (
    ProjectRules,
    join_drills,
    list_pack_drills,
    name_systems,
    read_project_rules,
)


def read(folder: Path, *lines: str) -> Project:
    """Return the project whose file has these lines."""
    (folder / "alertdrill.toml").write_text("\n".join(('name = "own"', *lines)))
    return read_project(folder / "alertdrill.toml")


def name_files(rules: ProjectRules) -> list[str]:
    """Return the names of rule files, without their folders."""
    return [Path(file.name).name for file in rules.files]


def test_a_packs_rules_stand_beside_the_projects_own(tmp_path: Path) -> None:
    """They are made of its values; its drills are the project's, and its alerts have their receivers."""
    write_pack(tmp_path, "queues")
    own = tmp_path / "rules.yml"
    own.write_text("groups: [{name: g, rules: [{alert: Own, expr: own > 1}]}]")
    project = read(tmp_path, 'rules = ["rules.yml"]', 'packs = ["queues"]')
    rules = read_project_rules(project)
    assert name_files(rules) == ["rules.yml", "rules.tmpl.yml"]
    assert [rule.expr for file in rules.files for rule in file.alerts] == ["own > 1", "depth > 100"]
    assert [(drill.name, drill.system) for drill in list_pack_drills(project)] == [("queues-deep", "own")]
    assert name_systems(project) == ("own", "queues")


def test_rules_of_a_pack_without_a_drill_are_there(tmp_path: Path) -> None:
    """They page all the same."""
    pack = write_pack(tmp_path, "queues")
    (pack / "drills.py").write_text("def make_drills(values):\n    return ()\n")
    project = read(tmp_path, 'packs = ["queues"]')
    assert name_files(read_project_rules(project)) == ["rules.tmpl.yml"]
    assert list_pack_drills(project) == ()


def test_an_edition_concerns_only_the_drills_that_are_about_it(tmp_path: Path) -> None:
    """Rules as written would fire in all others, too."""
    pack = write_pack(tmp_path, "queues")
    drills = pack / "drills.py"
    text = drills.read_text().replace("import Drill,", "import BlindRule, Drill,")
    text = text.replace("expects=(DEEP,)", 'expects=(DEEP, BlindRule(alert="DeepAsWritten", labels={}))')
    drills.write_text(text)
    project = read(tmp_path, 'packs = ["queues"]')
    rules = read_project_rules(project)
    (drill,) = list_pack_drills(project)
    assert name_files(rules) == ["rules.tmpl.yml", "as_written.yml"]
    assert rules.choose_for([drill]) == rules.files
    other = replace(drill, expects=(BlindRule(alert="Deep", labels={}),))
    assert rules.choose_for([other]) == rules.standing == rules.files[:1]


@pytest.mark.parametrize(
    ("packs", "said"),
    [
        ('["a/queues", "b/queues"]', r"alertdrill\.toml: two packs are named 'queues'$"),
        ('["a/queues", "empty"]', r"empty/values\.yml: is not there, and every system has one$"),
        ('["a/queue"]', r"alertdrill\.toml:2: .*a/queue is not there; do you mean 'queues'\?"),
    ],
)
def test_what_is_no_pack_is_named(tmp_path: Path, packs: str, said: str) -> None:
    """Two of one name, a folder without values, and one that is not there."""
    for name in ("a", "b"):
        write_pack(tmp_path / name, "queues")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput) as caught:
        read_project_rules(read(tmp_path, f"packs = {packs}"))
    assert re.search(said, str(caught.value))


def test_a_drill_of_a_file_and_one_of_a_pack_have_two_names(tmp_path: Path) -> None:
    """Nobody would know which is meant."""
    write_pack(tmp_path, "queues")
    project = read(tmp_path, 'packs = ["queues"]')
    drills = list_pack_drills(project)
    assert join_drills((), drills, project) == drills
    with pytest.raises(BadInput, match="two drills are named 'queues-deep': one of drills, one of packs"):
        join_drills(drills, drills, project)


def test_a_project_without_rules_and_packs_is_refused(tmp_path: Path) -> None:
    """With what to write."""
    with pytest.raises(BadInput, match=re.escape("alertdrill.toml:1: the project states no rules, as in")):
        read_project_rules(read(tmp_path))
