"""Tests of looking at paths that a user names."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.runtime.looking import find_kind, follow, is_file, is_folder, is_there, list_folder

LONG = "a" * 300


def close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system look at nothing, as in a folder that is closed to this user."""

    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", refuse)


def test_what_is_there_is_told_apart(tmp_path: Path) -> None:
    """A file, a folder and nothing are three things; a link is what it leads to."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert is_file(tmp_path / "file")
    assert is_file(tmp_path / "link")
    assert is_folder(tmp_path)
    assert not is_folder(tmp_path / "file")
    for absent in ("absent", "dangling", "file/below", "nul\0"):
        assert not is_there(tmp_path / absent)
        assert not is_file(tmp_path / absent)


@pytest.mark.parametrize("ask", [find_kind, is_there, is_file, is_folder, list_folder])
@pytest.mark.parametrize(
    ("name", "why"), [(LONG, "File name too long"), ("loop/d.yml", "Too many levels of symbolic links")]
)
def test_what_cannot_be_followed_is_bad_input(tmp_path: Path, ask: object, name: str, why: str) -> None:
    """A name that is too long, and links in a circle, are said as the system says them."""
    assert callable(ask)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadInput, match=f"{name}: cannot be read: {why}"):
        ask(tmp_path / name)


def test_a_closed_folder_is_not_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether something is in a folder that this user may not enter."""
    close(monkeypatch)
    with pytest.raises(BadInput, match="closed/in: cannot be read: Permission denied"):
        is_there(Path("closed/in"))


def test_links_in_a_circle_are_followed_nowhere(tmp_path: Path) -> None:
    """Making a path absolute asks for nothing to be there, and never fails."""
    (tmp_path / "loop").symlink_to("loop")
    assert follow(tmp_path / "loop" / "y").name == "y"
