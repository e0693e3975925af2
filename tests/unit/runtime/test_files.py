"""Tests of the one place that writes files: whole, or as a stream, and never over something else."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.patience import PATIENCE_S

from alertdrill.errors import CannotWrite, ReaderLeft
from alertdrill.runtime import files
from alertdrill.runtime.files import (
    Locked,
    check_target,
    find_target,
    hold_lock,
    is_stream,
    open_batch,
    open_whole,
    write_all,
    write_whole,
)


@pytest.fixture
def umask() -> Iterator[None]:
    """Let new files be for their owner and group alone."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@contextmanager
def limit_files(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def list_names(folder: Path) -> list[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("umask")
def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    """Nobody may read it whom the umask keeps out."""
    write_whole(tmp_path / "new", "text")
    assert (tmp_path / "new").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert list_names(tmp_path) == ["new"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666, 0o755])
@pytest.mark.usefixtures("umask")
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    """The umask has no say in it: somebody chose the mode."""
    path = tmp_path / "old"
    path.write_text("old")
    path.chmod(mode)
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    """What root writes for somebody is still theirs."""
    path = tmp_path / "old"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    write_whole(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_a_file_whose_owner_cannot_be_kept_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be another's file afterwards, and is as it was."""
    path = tmp_path / "old"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(files.os, "fchown", refuse)
    target = find_target(path)
    old = path.stat()
    others = os.stat_result([*old[:4], old.st_uid + 1, *old[5:10]])
    monkeypatch.setattr(files, "find_target", lambda *_: replace(target, replaces=others))
    with pytest.raises(CannotWrite, match=r"old: belongs to user .*: write to another file"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list_names(tmp_path) == ["old"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    """The part is written where the link leads, and is there for a moment only."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("old")
    (tmp_path / "link").symlink_to("middle")
    (tmp_path / "middle").symlink_to(Path("there") / "file")
    with open_whole(tmp_path / "link") as stream:
        assert list_names(tmp_path) == ["link", "middle", "there"]
        assert len(list_names(tmp_path / "there")) == 2
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert (tmp_path / "there" / "file").read_text() == "new"
    assert list_names(tmp_path / "there") == ["file"]


def test_a_link_that_leads_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    """The file is made where the link leads."""
    (tmp_path / "link").symlink_to(tmp_path / "new")
    write_whole(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "new").read_text() == "text"


def make_folder(path: Path) -> None:
    """Make a folder."""
    path.mkdir()


def make_loop(path: Path) -> None:
    """Make a link that leads to itself."""
    path.symlink_to(path.name)


def make_two_names(path: Path) -> None:
    """Make a file with two names."""
    path.write_text("old")
    path.with_name("other").hardlink_to(path)


def make_socket(path: Path) -> None:
    """Make a socket."""
    import socket

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_link_to_folder(path: Path) -> None:
    """Make a link to a folder."""
    path.symlink_to(path.parent)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (make_folder, "cannot be written: Is a directory"),
        (make_link_to_folder, "cannot be written: Is a directory"),
        (make_loop, "cannot be written: Too many levels of symbolic links"),
        (make_two_names, "this file has 2 names (hard links)"),
        (make_socket, "cannot be written: it is a socket"),
    ],
)
def test_what_is_not_written_to_is_said_and_stays(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    """One sentence with the name as it was given, and everything is as it was."""
    path = tmp_path / "place"
    make(path)
    before = [(name, (tmp_path / name).lstat().st_ino) for name in list_names(tmp_path)]
    for refuse in (check_target, lambda path: write_whole(path, "new")):
        with pytest.raises(CannotWrite) as refused:
            refuse(path)
        assert str(refused.value).startswith(f"{path}: ")
        assert says in str(refused.value)
    assert [(name, (tmp_path / name).lstat().st_ino) for name in list_names(tmp_path)] == before


@pytest.mark.parametrize("name", ["", ".", "/", ".."])
def test_a_name_of_a_folder_is_refused(name: str) -> None:
    """Nothing, here, the root and the folder above are folders."""
    with pytest.raises(CannotWrite, match="Is a directory"):
        check_target(Path(name))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Folders are not made on the way to a file."""
    with pytest.raises(CannotWrite, match=r"none/file: cannot be written: No such file or directory"):
        check_target(tmp_path / "none" / "file")
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match=r"file/below: cannot be written: Not a directory"):
        check_target(tmp_path / "file" / "below")


@pytest.mark.parametrize("name", ["same", "link", "dotted/../same"])
def test_what_is_read_is_not_written(tmp_path: Path, name: str) -> None:
    """It is known by what it is, whatever it is called."""
    (tmp_path / "dotted").mkdir()
    (tmp_path / "same").write_text("read")
    (tmp_path / "link").symlink_to("same")
    with pytest.raises(CannotWrite, match="would be overwritten, and is what is read as "):
        check_target(tmp_path / name, inputs=[tmp_path / "absent", tmp_path / "same"])
    assert (tmp_path / "same").read_text() == "read"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """It is a pipe afterwards, and its reader has everything."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(path.read_text()))
    reader.start()
    write_whole(path, "text" * 50_000)
    reader.join(PATIENCE_S)
    assert got == ["text" * 50_000]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert list_names(tmp_path) == ["pipe"]


def test_a_pipe_that_nobody_reads_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what is missing."""
    monkeypatch.setattr(files, "READER_WITHIN_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CannotWrite, match=r"nobody has opened this pipe for reading within 0.1 s"):
        write_whole(tmp_path / "pipe", "text")


def test_a_reader_that_leaves_is_no_failure_to_write() -> None:
    """It has what it wanted."""
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(ReaderLeft):
        write_whole(Path(f"/dev/fd/{writing}"), "text")
    os.close(writing)


def test_a_descriptor_is_written_to_where_it_stands(tmp_path: Path) -> None:
    """`/dev/fd/N` is what a shell has opened: neither replaced nor cut."""
    path = tmp_path / "log"
    path.write_text("before,")
    with path.open("a") as log:
        name = Path(f"/dev/fd/{log.fileno()}")
        assert is_stream(name)
        write_whole(name, "after")
        assert os.fstat(log.fileno()).st_ino == path.stat().st_ino
    assert path.read_text() == "before,after"


def test_devices_are_written_to() -> None:
    """One that takes everything, and one that is always full."""
    before = Path("/dev/null").stat()
    write_whole(Path("/dev/null"), "text")
    after = Path("/dev/null").stat()
    assert (after.st_ino, after.st_mode, after.st_rdev) == (before.st_ino, before.st_mode, before.st_rdev)
    with pytest.raises(CannotWrite, match="/dev/full: cannot be written: No space left on device"):
        write_whole(Path("/dev/full"), "text")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_disk_is_not_written_to(tmp_path: Path) -> None:
    """Who names one has mistaken it for something else."""
    os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 250))
    with pytest.raises(CannotWrite, match="it is a block device"):
        check_target(tmp_path / "disk")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """Here a limit of the size of files: never half a file, and nothing beside it."""
    path = tmp_path / "file"
    path.write_text("old")
    with limit_files(4096), pytest.raises(CannotWrite, match="file: cannot be written: File too large"):
        write_whole(path, "new" * 4096)
    assert path.read_text() == "old"
    assert list_names(tmp_path) == ["file"]


def test_files_come_into_their_places_together(tmp_path: Path) -> None:
    """If one cannot be written, none is."""
    (tmp_path / "a").write_text("old")
    with pytest.raises(CannotWrite, match="none/b"):
        write_all({tmp_path / "a": "new", tmp_path / "none" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert list_names(tmp_path) == ["a"]
    with open_batch() as batch:
        with batch.open(tmp_path / "a") as stream:
            stream.write(b"new")
        assert (tmp_path / "a").read_text() == "old"
    assert (tmp_path / "a").read_text() == "new"


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """The part of a living one stays, and so does whatever else has a name of that kind."""
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom alertdrill.runtime.files import open_whole\n"
        "with open_whole(Path(sys.argv[1])) as stream:\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, tmp_path / "file"], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = list_names(tmp_path)
    assert left.endswith(".part")
    (tmp_path / "somebodys.part").touch()
    with open_whole(tmp_path / "living"):
        write_whole(tmp_path / "file", "text")
        assert (tmp_path / left).exists() is False
        assert len([name for name in list_names(tmp_path) if name.endswith(".part")]) == 2
    assert list_names(tmp_path) == ["file", "living", "somebodys.part"]


def test_a_lock_names_who_has_it(tmp_path: Path) -> None:
    """Its file is gone with it, and one that a killed process left locks nobody out."""
    path = tmp_path / "lock"
    path.write_text("99\n")
    with hold_lock(path):
        with pytest.raises(Locked) as locked, hold_lock(path):
            pass
        assert str(locked.value) == str(os.getpid())
    assert list_names(tmp_path) == []


def test_a_stream_is_told_from_a_file(tmp_path: Path) -> None:
    """`-` is standard output; a file of that name is named otherwise."""
    assert is_stream(Path("-"))
    assert is_stream(Path("/dev/stdout"))
    assert not is_stream(tmp_path / "-")
    assert find_target(tmp_path / "-").place == tmp_path / "-"
