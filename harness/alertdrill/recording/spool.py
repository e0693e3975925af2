"""More samples than memory holds, by series: kept in files that are sorted each, and merged in the end."""

from __future__ import annotations

import heapq
import json
import struct
import tempfile
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO

from alertdrill.recording.openmetrics import SeriesKey

HELD_BYTES = 24 * 1024**2
"""How much is held in memory, as far as it can be estimated."""
SERIES_BYTES = 2048
"""About what a series takes in memory beside its samples."""
MAX_FILES = 64

_HEAD = struct.Struct("<II")
_Frame = tuple[SeriesKey, int, Callable[[], tuple["array[int]", "array[float]"]]]
"""A part of a series: its file's number, and what reads its samples, before the next frame is asked for."""


class Spool:
    """Takes samples of any series, each series' in the order of time; gives them back series by series.

    Its files are in `folder`, or where the system has temporary ones.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[SeriesKey, tuple[array[int], array[float]]] = {}
        self._bytes = 0
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()  # it has no name, so it is gone then

    def add(self, key: SeriesKey, times_ms: array[int], values: array[float]) -> None:
        """Take further samples of a series."""
        if (held := self._held.get(key)) is None:
            held = self._held[key] = (array("q"), array("d"))
            self._bytes += SERIES_BYTES
        held[0].extend(times_ms)
        held[1].extend(values)
        self._bytes += 16 * len(times_ms)
        if self._bytes >= HELD_BYTES:
            self._flush()

    def list_series(self) -> Iterator[tuple[SeriesKey, Iterator[tuple[array[int], array[float]]]]]:
        """Yield each series in order, with its samples in parts, which are read before the next series is."""
        self._flush()
        for key, frames in groupby(_merge(self._files), key=lambda frame: frame[0]):
            yield key, (frame[2]() for frame in frames)

    def _flush(self) -> None:
        """Write what is held to a file of its own."""
        if not self._held:
            return
        file = self._open()
        for key in sorted(self._held):
            _write(file, key, *self._held[key])
        self._held.clear()
        self._bytes = 0
        if len(self._files) >= MAX_FILES:
            files, self._files = self._files, []
            merged = self._open()
            for key, _, read in _merge(files):
                _write(merged, key, *read())
            for file in files:
                file.close()

    def _open(self) -> IO[bytes]:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the spool
        self._files.append(file)
        return file


def _merge(files: list[IO[bytes]]) -> Iterator[_Frame]:
    return heapq.merge(
        *(_read(number, file) for number, file in enumerate(files)), key=lambda frame: frame[:2]
    )


def _write(file: IO[bytes], key: SeriesKey, times_ms: array[int], values: array[float]) -> None:
    name = json.dumps(key).encode()
    file.write(_HEAD.pack(len(name), len(times_ms)) + name)
    file.write(times_ms.tobytes())
    file.write(values.tobytes())


def _read(number: int, file: IO[bytes]) -> Iterator[_Frame]:
    at = 0
    while True:
        file.seek(at)
        head = file.read(_HEAD.size)
        if not head:
            return
        length, count = _HEAD.unpack(head)
        name, labels = json.loads(file.read(length))
        at += _HEAD.size + length + 16 * count
        key = (name, tuple((label, value) for label, value in labels))
        yield key, number, partial(_read_samples, file, count)


def _read_samples(file: IO[bytes], count: int) -> tuple[array[int], array[float]]:
    times_ms, values = array("q"), array("d")
    times_ms.frombytes(file.read(8 * count))
    values.frombytes(file.read(8 * count))
    return times_ms, values
