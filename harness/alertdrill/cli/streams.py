"""Standard output and standard error: what they do not take is a sentence, and never a traceback."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from alertdrill.errors import AlertdrillError, CannotWrite
from alertdrill.runtime.files import naming

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def take_over_streams() -> None:
    """Let what cannot be printed be an error of ours, and what cannot be complained about be nothing.

    A standard stream that is closed is open from then on, so that no file comes into its place.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free, which is this one
    sys.stdout = open_output(1)
    sys.stderr = _open_text(_Complaints(2, "w", closefd=False))


def open_output(descriptor: int) -> TextIO:
    """Return a descriptor as standard output: what it does not take is CannotWrite, or ReaderLeft."""
    return _open_text(_Output(descriptor, "w", closefd=False))


def _open_text(raw: io.FileIO) -> TextIO:
    """Return a stream of text; what its encoding has no words for, as names of files may be, is escaped."""
    encoding = getattr(sys.__stdout__, "encoding", None)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=raw.isatty()
    )


class _Output(io.FileIO):
    """Standard output; once it has failed it takes everything, so that the command can end in good order."""

    _is_lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write at least a part of the data."""
        if self._is_lost:
            return memoryview(data).nbytes
        try:
            with naming("standard output"):
                return self._write_some(data)
        except AlertdrillError:
            self._is_lost = True
            raise

    def _write_some(self, data: ReadableBuffer) -> int:
        while True:
            try:
                written = super().write(data)
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise CannotWrite("standard output is closed, and there is something to print") from error
                raise
            if written is not None:
                return written
            select.select([], [self], [])  # whoever shares it lets nobody wait in it


class _Complaints(io.FileIO):
    """Standard error; where it cannot be written there is nobody to tell."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write at least a part of the data, if that can be."""
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written
