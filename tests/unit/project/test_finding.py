"""Where a project file is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.project.finding import find_project

OURS = "[tool.alertdrill]\n"


@pytest.fixture
def below(tmp_path: Path) -> Path:
    """Return a folder two levels below `tmp_path`, which is the uppermost of its repository."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    return folder


def test_the_nearest_file_upwards_is_taken(tmp_path: Path, below: Path) -> None:
    """As other tools find theirs."""
    (tmp_path / "alertdrill.toml").touch()
    assert find_project(below) == tmp_path / "alertdrill.toml"
    (tmp_path / "a" / "pyproject.toml").write_text(OURS)
    assert find_project(below) == tmp_path / "a" / "pyproject.toml"
    (below / "alertdrill.toml").touch()
    assert find_project(below) == below / "alertdrill.toml"


def test_a_file_of_its_own_wins_over_a_table(tmp_path: Path, below: Path) -> None:
    """In the same folder."""
    (tmp_path / "pyproject.toml").write_text(OURS)
    (tmp_path / "alertdrill.toml").touch()
    assert find_project(below) == tmp_path / "alertdrill.toml"


@pytest.mark.parametrize("text", ["[tool.ruff]\n", "broken = \n", "# alertdrill\n"])
def test_a_pyproject_without_the_table_is_passed_over(tmp_path: Path, below: Path, text: str) -> None:
    """A broken one, too: that is for other tools to tell."""
    (tmp_path / "alertdrill.toml").touch()
    (below / "pyproject.toml").write_text(text)
    assert find_project(below) == tmp_path / "alertdrill.toml"


def test_a_broken_pyproject_that_may_have_the_table_is_said(below: Path) -> None:
    """Nothing else is taken in its place."""
    (below / "pyproject.toml").write_text("[tool.alertdrill]\nname = \n")
    with pytest.raises(BadInput, match=r"pyproject\.toml:2: the file is not TOML"):
        find_project(below)


@pytest.mark.parametrize("is_file", [False, True])
def test_nothing_above_a_repository_is_looked_at(tmp_path: Path, is_file: bool) -> None:
    """Its uppermost folder has .git, which is a file in a worktree."""
    (tmp_path / "alertdrill.toml").touch()
    repository = tmp_path / "repository"
    (repository / "drills").mkdir(parents=True)
    mark = repository / ".git"
    mark.touch() if is_file else mark.mkdir()
    assert find_project(repository / "drills") is None
    (repository / "alertdrill.toml").touch()
    assert find_project(repository / "drills") == repository / "alertdrill.toml"


def test_a_folder_may_be_named_from_here(
    tmp_path: Path, below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found is absolute."""
    (tmp_path / "alertdrill.toml").touch()
    monkeypatch.chdir(below)
    assert find_project(Path()) == tmp_path / "alertdrill.toml"
