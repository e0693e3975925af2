"""Tests of the folder that a run reports to: the old run or the new one, and all else as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alertdrill.cli.interruption import SIGNALS
from alertdrill.cli.run_folder import open_folder
from alertdrill.errors import CannotWrite

NEW = ("timeline.json", "junit.xml", "report.html", "report.md", "metrics.prom")
OLD = (*NEW, "recording.om.gz")
"""A replay has no recording, and the old one is not of it."""

PUBLISH = """
import os, signal, sys
from pathlib import Path
from alertdrill.cli.run_folder import open_folder

out, left = Path(sys.argv[1]), int(sys.argv[2])
rename = Path.rename

def rename_some(self, target):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(self, target)

Path.rename = rename_some
with open_folder(out) as folder:
    (out / "logs" / "gateway.log").write_text("new")
    for name in ("timeline.json", "junit.xml", "report.html", "report.md", "metrics.prom"):
        folder.write(name, "new")
    folder.publish()
"""
"""Writes a run's reports, and is killed at one of the renames."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder with an old run, and files of somebody's."""
    out = tmp_path / "out"
    (out / "logs").mkdir(parents=True)
    (out / "history").mkdir()
    for name in (*OLD, "logs/gateway.log", "logs/locust-worker-3.log"):
        (out / name).write_text("old")
    for name in ("notes.txt", "logs/precious.log", "other.om.gz"):
        (out / name).write_text("somebody's")
    return out


def read_all(out: Path) -> dict[str, str]:
    """Return the content of every file in a folder, by its name in it."""
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


def expect(old: dict[str, str], *, is_new: bool) -> dict[str, str]:
    """Return what is there after a run: what was, or the new run and what is somebody's."""
    if not is_new:
        return old
    somebodys = {name: text for name, text in old.items() if text == "somebody's"}
    return somebodys | dict.fromkeys((*NEW, "logs/gateway.log"), "new")


def test_the_new_run_takes_the_place_of_the_old_one(out: Path) -> None:
    """All that the old run wrote is gone, and all that it did not write is there."""
    old = read_all(out)
    with open_folder(out) as folder:
        (out / "logs" / "gateway.log").write_text("new")
        for name in NEW:
            folder.write(name, "new")
        reports = {name: (out / name).read_text() for name in OLD}
        assert reports == dict.fromkeys(OLD, "old")
        folder.publish()
        assert (out / "report.html").read_text() == "new"
    assert read_all(out) == expect(old, is_new=True)


def test_a_run_that_ends_without_reports_leaves_the_old_one(out: Path) -> None:
    """Its logs are back too, and those of the run that ended are gone."""
    old = read_all(out)
    with open_folder(out) as folder:
        assert not (out / "logs" / "gateway.log").exists()
        (out / "logs" / "gateway.log").write_text("new")
        (out / "logs" / "pager.log").write_text("new")
        folder.write("timeline.json", "new")
    assert read_all(out) == old


def test_a_folder_is_made_and_nothing_of_ours_is_left_in_it(tmp_path: Path) -> None:
    """Neither the lock nor an empty folder for logs."""
    with open_folder(tmp_path / "a" / "b"):
        pass
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("renames", range(16))
def test_a_killed_run_leaves_the_old_run_or_the_new_one(out: Path, renames: int) -> None:
    """Killed at any step: never parts of both; the next run brings it to its end, one way or the other."""
    old = read_all(out)
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, out, str(renames)], capture_output=True, text=True, check=False
    )
    assert done.returncode == (0 if renames == 15 else -signal.SIGKILL), done.stderr
    seen = {(out / name).read_text() for name in OLD if (out / name).exists()}
    assert len(seen) <= 1
    with open_folder(out):
        pass
    assert read_all(out) == expect(old, is_new=renames >= 10)


def test_a_report_that_cannot_be_written_leaves_the_old_run(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the report where it would have been."""
    old = read_all(out)
    with open_folder(out) as folder:
        folder.write("timeline.json", "new")
        real = Path.rename

        def rename(self: Path, target: Path) -> Path:
            if Path(target) == out / "timeline.json" and self.parent.name == "done":
                raise OSError(28, "No space left on device")
            return real(self, target)

        monkeypatch.setattr(Path, "rename", rename)
        with pytest.raises(CannotWrite, match=r"out: cannot be written to: No space left on device$"):
            folder.publish()
        monkeypatch.undo()
    assert read_all(out) == old


def test_a_second_run_says_who_is_at_it(out: Path) -> None:
    """It is refused, and the first one is not disturbed."""
    with open_folder(out) as folder:
        said = rf"another run, process {os.getpid()}, writes here"
        with pytest.raises(CannotWrite, match=said), open_folder(out):
            pass
        folder.write("timeline.json", "new")
        folder.publish()
    assert (out / "timeline.json").read_text() == "new"


def link_logs(out: Path) -> None:
    """Let the logs be elsewhere."""
    elsewhere = out.parent / "elsewhere"
    (out / "logs").rename(elsewhere)
    (out / "logs").symlink_to(elsewhere)


def link_report(out: Path) -> None:
    """Let a report be a link to a file of somebody's."""
    (out / "notes.txt").rename(out.parent / "notes.txt")
    (out / "report.html").unlink()
    (out / "report.html").symlink_to(out.parent / "notes.txt")


def make_folder_of_report(out: Path) -> None:
    """Let a folder have a report's name."""
    (out / "junit.xml").unlink()
    (out / "junit.xml").mkdir()


def make_pipe_of_log(out: Path) -> None:
    """Let a pipe have a log's name."""
    os.mkfifo(out / "logs" / "pager.log")


def make_file_of_history(out: Path) -> None:
    """Let a file have the history's name."""
    (out / "history").rmdir()
    (out / "history").touch()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (link_logs, "out/logs: is not a folder that a run made"),
        (link_report, "out/report.html: is not a file that a run wrote"),
        (make_folder_of_report, "out/junit.xml: is not a file that a run wrote"),
        (make_pipe_of_log, "out/logs/pager.log: is not a file that a run wrote"),
        (make_file_of_history, "out/history: is not a folder that can be written to"),
    ],
)
def test_what_no_run_wrote_is_refused_and_stays(out: Path, change: Callable[[Path], None], says: str) -> None:
    """A name alone does not make a thing ours."""
    change(out)
    before = read_all(out.parent)
    with pytest.raises(CannotWrite) as refused, open_folder(out):
        pass
    assert says in str(refused.value)
    assert read_all(out.parent) == before


def test_what_is_read_is_not_replaced(out: Path) -> None:
    """An input that a run would remove is refused."""
    inputs = [out / "logs" / ".." / "timeline.json"]
    said = r"timeline.json: is read, and would be replaced"
    with pytest.raises(CannotWrite, match=said), open_folder(out, inputs):
        pass


def test_a_link_to_the_folder_is_followed(out: Path) -> None:
    """Whoever keeps reports elsewhere keeps them there."""
    (out.parent / "link").symlink_to(out)
    with open_folder(out.parent / "link") as folder:
        folder.write("timeline.json", "new")
        folder.publish()
    assert (out / "timeline.json").read_text() == "new"
    assert (out.parent / "link").is_symlink()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_until_the_reports_are_in_their_places(
    out: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """It is heeded then, and what is there is whole."""
    heard: list[bool] = []
    before = signal.signal(number, lambda *_: heard.append((out / "report.html").read_text() == "new"))
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        signal.raise_signal(number)
        return real(self, target)

    try:
        with open_folder(out) as folder:
            folder.write("report.html", "new")
            monkeypatch.setattr(Path, "rename", rename)
            folder.publish()
            monkeypatch.undo()
    finally:
        signal.signal(number, before)
    assert heard == [True]
