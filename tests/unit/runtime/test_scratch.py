"""Where a stack keeps what ends with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from alertdrill.stacks import scratch
from alertdrill.stacks.scratch import ROOM_BYTES, find_scratch


@pytest.mark.parametrize(("free_bytes", "is_used"), [(ROOM_BYTES, True), (ROOM_BYTES - 1, False)])
def test_memory_is_used_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, is_used: bool
) -> None:
    """Containers often have too little of it."""
    monkeypatch.setattr(scratch.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    assert find_scratch({}, tmp_path) == (tmp_path if is_used else None)
    assert find_scratch({}, tmp_path, room_bytes=free_bytes) == tmp_path
    assert find_scratch({}, tmp_path, room_bytes=free_bytes + 1) is None


def test_a_user_may_choose_another_folder(tmp_path: Path) -> None:
    """TMPDIR says so."""
    assert find_scratch({"TMPDIR": "/elsewhere"}, tmp_path) is None


def test_a_system_without_shared_memory_chooses_itself(tmp_path: Path) -> None:
    """Not every system has it."""
    assert find_scratch({}, tmp_path / "none") is None
