"""Reading and writing recordings: whole or not at all, and within bounds."""

from __future__ import annotations

import codecs
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from alertdrill.errors import BadInput
from alertdrill.recording.openmetrics import parse_lines, render_recording
from alertdrill.recording.recording import Recording
from alertdrill.runtime.files import Batch, open_batch
from alertdrill.runtime.reading import open_regular

MAX_BYTES = 2 * 1024**3
"""Of a recording's text, and so of its file too."""
MAX_LINE_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024
GZIP_LEVEL = 6
GZIP_MAGIC = b"\x1f\x8b"


def read_recording(path: Path) -> Recording:
    """Return the recording that a file holds, gzipped or not. Raises BadInput.

    It must be a regular file of at most `MAX_BYTES`, unpacked too.
    """
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise _complain_of_size(path)
            is_packed = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
            # GzipFile reads its file through a buffer of its own.
            if not is_packed:
                return parse_lines(_read_lines(file, path), str(path))
            _check_packed(file, path)
            return parse_lines(_read_lines(gzip.GzipFile(fileobj=file), path), str(path))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path}: the gzipped data are cut off or damaged") from error
    except OSError as error:
        raise BadInput(f"{path}: the recording cannot be read: {error.strerror}") from error


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording, gzipped if the name ends in `.gz`; the same recording is always the same bytes.

    Whatever happens, an existing file is whole: the old one or the new one. Raises CannotWrite.
    """
    with open_batch() as batch:
        put_recording(batch, recording, path)


def put_recording(batch: Batch, recording: Recording, path: Path) -> None:
    """Write a recording that comes into its place with other files; see `write_recording`."""
    with open_in(batch, path) as stream:
        write_chunks(stream, render_recording(recording))


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Yield a stream whose content is the file's once the block ends well, gzipped if its name ends in `.gz`.

    Raises CannotWrite if it can't be.
    """
    with open_batch() as batch, open_in(batch, path) as stream:
        yield stream


@contextmanager
def open_in(batch: Batch, path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Yield the stream of a file that comes into its place with others; see `open_whole`."""
    with batch.open(path) as file:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
                yield packed
        else:
            yield file


def write_chunks(stream: BinaryIO | gzip.GzipFile, texts: Iterable[str]) -> None:
    """Write texts in chunks that are worth a call."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= CHUNK_BYTES:
            stream.write("".join(waiting).encode())
            waiting, size = [], 0
    stream.write("".join(waiting).encode())


def _check_packed(file: BinaryIO, path: Path) -> None:
    """Refuse what is too large unpacked, before it is read, which takes much longer; go back to its start."""
    unpacked = gzip.GzipFile(fileobj=file)
    size = 0
    while chunk := unpacked.read(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_BYTES:
            raise _complain_of_size(path)
    file.seek(0)


def _read_lines(stream: BinaryIO | gzip.GzipFile, path: Path) -> Iterator[str]:
    """Return the lines of a stream, without their line breaks."""
    return chain.from_iterable(_split(stream, path))


def _split(stream: BinaryIO | gzip.GzipFile, path: Path) -> Iterator[list[str]]:
    """Yield the lines that each chunk of a stream completes.

    As in all other files, a mark may stand at the beginning, and lines may end as Windows ends them.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    size = 0
    line = 1
    while True:
        chunk = stream.read(CHUNK_BYTES)
        size += len(chunk)
        if size > MAX_BYTES:
            raise _complain_of_size(path)
        try:
            text = rest + decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}:{line}: this is not text in UTF-8, so not OpenMetrics") from error
        lines = text.replace("\r\n", "\n").split("\n")
        rest = lines.pop()
        yield lines
        line += len(lines)
        if len(rest) > MAX_LINE_BYTES:
            raise BadInput(f"{path}:{line}: the line is longer than {MAX_LINE_BYTES // 1024} KiB")
        if not chunk:
            break
    if rest:
        yield [rest.removesuffix("\r")]


def _complain_of_size(path: Path) -> BadInput:
    return BadInput(f"{path}: the recording is larger than {MAX_BYTES // 1024**3} GiB of text")
