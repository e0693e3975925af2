"""The one place that writes files: whole or not at all, and into what is a stream as it comes.

A regular file is written beside its place, in the folder to which a link leads, synced, and renamed onto it,
with the mode and the owner of the file that it replaces. Pipes and character devices are written to. What is
read is never overwritten. A part that is left over by a process that was killed is removed by the next one.
Secrets have a module of their own: `secret_files.py`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from alertdrill.errors import CannotWrite, ReaderLeft
from alertdrill.runtime.limits import say_cause

STANDARD_OUTPUT = Path("-")
STANDARD_OUTPUT_DESCRIPTOR = 1
MAX_LINKS = 40
"""As many links in a row as Linux follows."""
READER_WITHIN_S = 10.0
"""How long a pipe waits for somebody to read it."""
POLL_S = 0.05

_PART = re.compile(r"\.alertdrill-\d+-[0-9a-f]{8}\.part")


class Locked(Exception):
    """Another process holds a lock; the message is its process id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where something is written: a file at its `place`, links followed, or a stream.

    `name` is what the user calls it. `replaces` is the file that is there. A `descriptor` is a stream that is
    open already, as `-` and `/dev/stdout` are.
    """

    name: str
    place: Path
    is_stream: bool = False
    descriptor: int | None = None
    replaces: os.stat_result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A file that is being written, beside its place; its lock says that somebody is still at it."""

    target: Target
    path: Path
    file: BinaryIO = field(repr=False)


def is_stream(path: Path) -> bool:
    """Whether what is written there goes through a pipe, a device or standard output; raises CannotWrite."""
    return find_target(path).is_stream


def find_target(path: Path, inputs: Iterable[Path] = ()) -> Target:
    """Return what a path stands for. Raises CannotWrite for what is not written to.

    That is a folder, a disk, a socket, a file of several names, and a file that is one of the `inputs`.
    """
    name = str(path)
    if path == STANDARD_OUTPUT:
        return _make_descriptor("standard output", STANDARD_OUTPUT_DESCRIPTOR)
    if not path.name:
        raise CannotWrite(f"{name}: cannot be written: Is a directory")
    with naming(name):
        place = path
        for _ in range(MAX_LINKS):
            place = Path(os.path.realpath(place.parent)) / place.name
            if place.parent == Path(f"/proc/{os.getpid()}/fd") and place.name.isdecimal():
                return _make_descriptor(name, int(place.name))
            if not place.is_symlink():
                break
            place = place.parent / place.readlink()
        else:
            raise CannotWrite(f"{name}: cannot be written: Too many levels of symbolic links")
        try:
            found = place.stat()
        except FileNotFoundError:
            if not place.parent.is_dir():
                raise CannotWrite(
                    f"{name}: cannot be written: No such file or directory: {place.parent}"
                ) from None
            return Target(name=name, place=place)
        except OSError as error:
            raise CannotWrite(f"{name}: cannot be written: {error.strerror}") from error
    _check_kind(name, found)
    if stat.S_ISREG(found.st_mode):
        _check_inputs(name, found, inputs)
        return Target(name=name, place=place, replaces=found)
    return Target(name=name, place=place, is_stream=True)


def check_target(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise CannotWrite if it can be known already that a file cannot be written there."""
    target = find_target(path, inputs)
    if not target.is_stream:
        with naming(target.name):
            _discard(_make_part(target))


class Batch:
    """Files that come into their places together, once all of them are written."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []

    @contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """Yield the stream that takes a file's content; raises CannotWrite."""
        target = find_target(path)
        with naming(target.name):
            if target.is_stream:
                with _open_stream(target) as stream:
                    yield stream
                return
            part = _make_part(target)
            self._parts.append(part)
            yield part.file
            part.file.flush()
            os.fsync(part.file.fileno())

    def commit(self) -> None:
        """Put every file into its place; raises CannotWrite."""
        for part in self._parts:
            with naming(part.target.name):
                part.path.replace(part.target.place)
        for folder in {part.target.place.parent for part in self._parts}:
            sync_folder(folder)

    def discard(self) -> None:
        """Remove what has not come into its place."""
        for part in self._parts:
            _discard(part)


@contextmanager
def open_batch() -> Iterator[Batch]:
    """Yield what takes files; they are in their places once the block has ended well, and not before."""
    batch = Batch()
    try:
        yield batch
        batch.commit()
    finally:
        batch.discard()


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream whose content is the file's once the block ends well; raises CannotWrite."""
    with open_batch() as batch, batch.open(path) as stream:
        yield stream


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all; raises CannotWrite."""
    with open_whole(path) as stream:
        stream.write(text.encode())


def write_all(texts: Mapping[Path, str]) -> None:
    """Write files, all of them or none; raises CannotWrite."""
    with open_batch() as batch:
        for path, text in texts.items():
            with batch.open(path) as stream:
                stream.write(text.encode())


def write_own(path: Path, content: str | bytes) -> None:
    """Write a file into a folder that nobody but this process uses; raises CannotWrite."""
    with naming(str(path)), open_own(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def open_own(path: Path) -> BinaryIO:
    """Open a file in a folder that nobody but this process uses; raises OSError."""
    return path.open("wb")


def make_folder(folder: Path, said: str = "cannot be written") -> None:
    """Make a folder, and those above it, where there is none yet: where links lead. Raises CannotWrite."""
    place = Path(os.path.realpath(folder))
    with naming(str(folder), said):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            what = os.strerror(errno.ELOOP) if place.is_symlink() else "it is not a folder"
            raise CannotWrite(f"{folder}: {said}: {what}") from error


def sync_folder(folder: Path) -> None:
    """Have the disk know what a folder has, where folders can be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold a file's lock, and remove the file in the end.

    Raises Locked where another process has it, OSError where there can be no such file.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                break
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise Locked(holder) from None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # who had it removed the file just then
    try:
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


@contextmanager
def naming(name: str, said: str = "cannot be written") -> Iterator[None]:
    """Turn an error of the system into CannotWrite, or ReaderLeft, about what is so named."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeft(f"{name}: nobody reads it any more") from error
    except OSError as error:
        raise CannotWrite(f"{name}: {said}: {say_cause(error)}") from error


def _make_descriptor(name: str, descriptor: int) -> Target:
    return Target(name=name, place=Path(f"/dev/fd/{descriptor}"), is_stream=True, descriptor=descriptor)


def _check_kind(name: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise CannotWrite(f"{name}: cannot be written: Is a directory")
    if stat.S_ISBLK(found.st_mode):
        raise CannotWrite(f"{name}: cannot be written: it is a block device, which holds a file system")
    if stat.S_ISSOCK(found.st_mode):
        raise CannotWrite(f"{name}: cannot be written: it is a socket")
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise CannotWrite(
            f"{name}: this file has {found.st_nlink} names (hard links), and would be replaced under one of "
            "them only: remove this name first, or write to another"
        )


def _check_inputs(name: str, found: os.stat_result, inputs: Iterable[Path]) -> None:
    for path in inputs:
        with suppress(OSError):
            if os.path.samestat(path.stat(), found):
                raise CannotWrite(f"{name}: would be overwritten, and is what is read as {path}")


@contextmanager
def _open_stream(target: Target) -> Iterator[BinaryIO]:
    if target.descriptor == STANDARD_OUTPUT_DESCRIPTOR:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    descriptor = _open_pipe(target) if target.descriptor is None else os.dup(target.descriptor)
    with os.fdopen(descriptor, "wb") as stream:
        yield stream


def _open_pipe(target: Target) -> int:
    """Open a pipe or a device; a pipe that nobody opens for reading is not waited for without end."""
    give_up_at = time.monotonic() + READER_WITHIN_S
    while True:
        try:
            descriptor = os.open(target.place, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError:
            if not target.place.is_fifo():
                raise
            if time.monotonic() > give_up_at:
                raise CannotWrite(
                    f"{target.name}: nobody has opened this pipe for reading within {READER_WITHIN_S:g} s"
                ) from None
            time.sleep(POLL_S)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


def _make_part(target: Target) -> _Part:
    """Make the file that is to take a target's place; raises OSError and CannotWrite."""
    folder = target.place.parent
    _sweep(folder)
    while True:
        path = folder / f".alertdrill-{os.getpid()}-{secrets.token_hex(4)}.part"
        # Until it has its owner, it is for nobody else to read.
        mode = 0o666 if target.replaces is None else 0o600
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with suppress(OSError):  # where there are no locks, nothing is swept either
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part = _Part(target=target, path=path, file=os.fdopen(descriptor, "wb"))
        if _is_at(path, descriptor):
            break
        _discard(part)  # swept before it was locked
    with ExitStack() as failed:
        failed.callback(_discard, part)
        if target.replaces is not None:
            _keep_owner(target, target.replaces, descriptor)
        failed.pop_all()
    return part


def _keep_owner(target: Target, old: os.stat_result, descriptor: int) -> None:
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError as error:
            raise CannotWrite(
                f"{target.name}: belongs to user {old.st_uid} and group {old.st_gid}, which it would not if "
                "you replaced it: write to another file"
            ) from error
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _discard(part: _Part) -> None:
    with suppress(OSError):
        part.path.unlink()
    with suppress(OSError):
        part.file.close()


def _sweep(folder: Path) -> None:
    """Remove the parts in a folder that no living process holds."""
    entries: list[os.DirEntry[str]] = []
    with suppress(OSError):  # one may write into a folder that one may not list
        entries = list(os.scandir(folder))
    for entry in entries:
        if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            with suppress(OSError):
                descriptor = os.open(entry.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    Path(entry.path).unlink()
                finally:
                    os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether a path still leads to what was opened there."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
