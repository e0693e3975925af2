"""What a killed command left behind is removed by the next one, and nothing else is."""

from __future__ import annotations

import ast
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sources import walk_files_naming

from alertdrill.runtime import scratch
from alertdrill.runtime.scratch import PREFIX, remove_left_behind, scratch_folder

ROOT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys, time
from pathlib import Path
from alertdrill.runtime.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "token").write_text("secret")
    print(folder, flush=True)
    time.sleep(600)
"""
Starting = Callable[[], tuple["subprocess.Popen[str]", Path]]


@pytest.fixture
def starting(tmp_path: Path) -> Starting:
    """Return what starts a process that keeps a folder."""

    def start() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    return start


def test_the_next_removes_what_a_killed_one_left(starting: Starting, tmp_path: Path) -> None:
    """With its tokens; that of a process that lives, even one that stands still, stays."""
    (killed, left), (living, kept) = starting(), starting()
    with killed, living:
        killed.kill()
        killed.wait()
        living.send_signal(signal.SIGSTOP)
        assert (left / "token").exists()
        try:
            with scratch_folder(tmp_path) as own:
                assert not left.exists()
                assert (kept / "token").exists()
                remove_left_behind(tmp_path)
                assert own.exists()
        finally:
            living.kill()
    assert not own.exists()
    remove_left_behind(tmp_path)
    assert not kept.exists()


def test_only_what_is_ours_and_old_enough_is_removed(tmp_path: Path) -> None:
    """Other folders stay, and one that was made just now, and what a link leads to."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    old = time.time() - 2 * scratch.BEGUN_WITHIN_S
    for name in ("alertdrill-notes", f"{PREFIX}new", f"{PREFIX}old"):
        (tmp_path / name).mkdir()
        if not name.endswith("new"):
            os.utime(tmp_path / name, (old, old))
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").write_text("")
    remove_left_behind(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "elsewhere",
        "alertdrill-notes",
        f"{PREFIX}new",
        f"{PREFIX}link",
        f"{PREFIX}file",
    }


def make_unlocked(place: Path, name: str, age_s: float) -> Path:
    """Make a folder as there were before there were locks, which was last written to so long ago."""
    folder = place / name
    (folder / "prometheus").mkdir(parents=True)
    (folder / "pager-token").write_text("secret")
    written_s = time.time() - age_s
    for path in (folder / "pager-token", folder / "prometheus", folder):
        os.utime(path, (written_s, written_s))
    return folder


def test_a_folder_without_a_lock_is_removed_once_nobody_can_be_at_it(tmp_path: Path) -> None:
    """It is old, nothing was written into it for long, and no process names it."""
    old_s = 2 * scratch.QUIET_S
    left = make_unlocked(tmp_path, "alertdrill-ab12_xyz", old_s)
    young = make_unlocked(tmp_path, "alertdrill-young_01", scratch.QUIET_S / 2)
    used = make_unlocked(tmp_path, "alertdrill-written_", old_s)
    (used / "prometheus" / "wal").write_text("")
    other = make_unlocked(tmp_path, "alertdrill-my_notes", old_s)
    (other / "pager-token").unlink()
    os.utime(other, (0, 0))
    named = make_unlocked(tmp_path, "alertdrill-named_01", old_s)
    waits = [sys.executable, "-c", "print(flush=True); input()", f"--config={named}/prometheus.yml"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # as it begins, a process has no command line for a moment
        remove_left_behind(tmp_path)
        assert [folder.exists() for folder in (left, young, used, other, named)] == [False, *[True] * 4]
        process.communicate(b"\n")
    remove_left_behind(tmp_path)
    assert not named.exists()


def test_who_is_slow_to_lock_its_folder_gets_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process took it for left behind: before its lock was made, and before that had its name."""
    stalls = [0, 1]
    open_, flock = os.open, fcntl.flock

    def sweep() -> None:
        (folder,) = tmp_path.iterdir()
        os.utime(folder, (0, 0))
        remove_left_behind(tmp_path)
        assert not folder.exists()

    def stall_first(*arguments: Any, **named: Any) -> int:
        if 0 in stalls:
            stalls.remove(0)
            sweep()
        return open_(*arguments, **named)

    def stall_second(descriptor: int, how: int) -> None:
        if how == fcntl.LOCK_EX and 1 in stalls:
            stalls.remove(1)
            sweep()
        flock(descriptor, how)

    monkeypatch.setattr(scratch.os, "open", stall_first)
    monkeypatch.setattr(scratch.fcntl, "flock", stall_second)
    with scratch_folder(tmp_path) as own:
        os.utime(own, (0, 0))
        remove_left_behind(tmp_path)
        assert list(tmp_path.iterdir()) == [own]
    assert stalls == []


def test_a_folder_of_somebody_else_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared memory is everybody's."""
    folder = tmp_path / f"{PREFIX}other"
    folder.mkdir()
    os.utime(folder, (0, 0))
    monkeypatch.setattr(scratch.os, "geteuid", lambda: folder.stat().st_uid + 1)
    remove_left_behind(tmp_path)
    assert folder.exists()


def test_nothing_else_makes_folders_that_could_stay() -> None:
    """But for the cache's staging, which the next to fill it empties."""
    makes = {
        str(path.relative_to(ROOT))
        for path, node in walk_files_naming((ROOT / "harness").rglob("*.py"), ["tempfile"])
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"tempfile.TemporaryDirectory", "tempfile.mkdtemp"}
    }
    assert {name for name in makes if not name.startswith("harness/alertdrill/runtime/binaries/")} == {
        "harness/alertdrill/runtime/scratch.py"
    }
