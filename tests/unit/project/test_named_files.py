"""Patterns in a project file, which stand for the files that they match."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.project_files import write_project

from alertdrill.errors import BadInput
from alertdrill.project.project import Project
from alertdrill.project.reading import read_project

MINIMAL = '[target]\nurl = "https://gateway.example"\n[[scrape]]\njob = "g"\n'


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str) -> Project:
    """Return the project of a text in the current folder."""
    return read_project(write_project(Path(), text))


def test_a_pattern_stands_for_the_files_that_it_matches(tmp_path: Path) -> None:
    """In order of their names, each once."""
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    for name in ("b.yml", "a.yml", "notes.txt", "deep/c.yml"):
        (tmp_path / "rules" / name).touch()
    found = read(MINIMAL.replace("[target]", 'rules = ["rules/b.yml", "rules/*.yml"]\n[target]', 1)).rules
    assert found == (tmp_path / "rules" / "b.yml", tmp_path / "rules" / "a.yml")
    deep = read(MINIMAL.replace("[target]", 'rules = ["rules/**/*.yml"]\n[target]', 1)).rules
    assert [path.name for path in deep] == ["a.yml", "b.yml", "c.yml"]


def test_a_pattern_that_matches_nothing_is_a_mistake() -> None:
    """With its line."""
    with pytest.raises(BadInput) as raised:
        read('\nrules = [\n  "rules.yml",\n  "ruls/*.yml",\n]\n' + MINIMAL)
    assert str(raised.value) == (
        "alertdrill.toml:4: rules of the project has the pattern 'ruls/*.yml', which matches no file"
    )


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    """It is there, so it is meant."""
    (tmp_path / "rules[1].yml").touch()
    project = read(MINIMAL.replace("[target]", 'rules = ["rules[1].yml"]\n[target]', 1))
    assert project.rules == (tmp_path / "rules[1].yml",)
