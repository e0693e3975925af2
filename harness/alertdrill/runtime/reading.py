"""Reads the files that a user names: the one place that does, bounded in bytes and in time.

A name may lead to a pipe, which `<(…)` of a shell is, to a terminal or to a device: whatever it is, reading
it comes to an end.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from io import BufferedReader
from pathlib import Path

from alertdrill.errors import BadInput

SILENT_WITHIN_S = 10.0
"""How long nothing may come: so long may whoever writes to a pipe take to begin, or to go on."""
ALL_WITHIN_S = 60.0
"""How long all of it may take."""
_CHUNK_BYTES = 256 * 1024
_WITHOUT_WAITING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Opening a pipe would else wait for somebody who writes to it."""


def read_bytes(path: Path, most_bytes: int) -> bytes:
    """Return what a file holds; of one that is larger than `most_bytes` one byte more than that.

    Raises OSError, whose `strerror` says why, for what cannot be read, where nothing comes for
    `SILENT_WITHIN_S`, and where not all of it comes within `ALL_WITHIN_S`.
    """
    descriptor = os.open(path, _WITHOUT_WAITING)
    try:
        return _read(descriptor, most_bytes + 1)
    finally:
        os.close(descriptor)


def decode_text(content: bytes, name: str) -> str:
    """Return what a file called `name` has as text, without the mark that some editors begin files with.

    Raises BadInput, with the line, for what is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{name}:{line}: the file is not UTF-8") from error


def open_regular(path: Path) -> BufferedReader:
    """Return the stream of a regular file, for what is read twice or piece by piece.

    Raises OSError for what cannot be read, and for a pipe, a terminal or a device.
    """
    descriptor = os.open(path, _WITHOUT_WAITING)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "this is not a regular file")


def _read(descriptor: int, most_bytes: int) -> bytes:
    give_up_at = time.monotonic() + ALL_WITHIN_S
    read = bytearray()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(read) < most_bytes:
        left_s = give_up_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "it takes too long to come to an end")
        silent_within_s = min(SILENT_WITHIN_S, left_s)
        if not poll.poll(silent_within_s * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"nothing came from it for {silent_within_s:.3g} s")
        try:
            chunk = os.read(descriptor, min(_CHUNK_BYTES, most_bytes - len(read)))
        except BlockingIOError:
            continue
        if not chunk:
            break
        read += chunk
    return bytes(read)
