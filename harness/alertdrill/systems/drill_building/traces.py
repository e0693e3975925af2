"""Reads traces: files of calls that somebody's models really got, one a line, with when and how long.

It knows the columns of two that are published: Azure's LLM inference trace (TIMESTAMP, ContextTokens,
GeneratedTokens) and BurstGPT (Timestamp, Request tokens, Response tokens, and others that do not matter).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from math import inf
from pathlib import Path

from alertdrill.core.drill import TracedCall
from alertdrill.errors import BadInput
from alertdrill.runtime.reading import open_regular

MAX_CALLS = 200_000
MAX_LINE_BYTES = 4_096
MAX_TOKENS = 1_000_000
MAX_S = 366 * 86_400.0
COLUMNS = (
    ("timestamp", "contexttokens", "generatedtokens"),
    ("timestamp", "request tokens", "response tokens"),
)
"""When, how long the prompt was, and how long the answer: as Azure's traces name it, and as BurstGPT does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of a trace; `where` is `file:line`."""

    where: str
    cells: Sequence[str]


def read_trace(path: Path, *, lasts_s: float | None = None) -> tuple[TracedCall, ...]:
    """Return the calls of a trace file, those of its first `lasts_s` if that is given.

    The first call is at 0. Raises BadInput, with file and line, for what is no trace and for more than
    MAX_CALLS; what comes after `lasts_s` is not even read.
    """
    try:
        with open_regular(path) as file:
            return _read_calls(path, _split(path, file), inf if lasts_s is None else lasts_s)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from error


def _read_calls(path: Path, lines: Iterator[_Line], lasts_s: float) -> tuple[TracedCall, ...]:
    header = next(lines, None)
    if header is None:
        raise BadInput(
            f"{path}:1: the file is empty: a trace has a line of column names, and one for each call"
        )
    places = _find_columns(header)
    calls: list[TracedCall] = []
    clock = _Clock()
    for line in lines:
        if len(line.cells) != len(header.cells):
            raise BadInput(
                f"{line.where}: this line has {len(line.cells)} columns, the first {len(header.cells)}"
            )
        time, prompt, answer = (line.cells[place].strip() for place in places)
        at_s = clock.read(time, line.where)
        if at_s >= lasts_s:
            break
        if len(calls) == MAX_CALLS:
            raise BadInput(
                f"{line.where}: the trace has more than {MAX_CALLS} calls: send less of it with lasts"
            )
        calls.append(
            TracedCall(
                at_s=at_s,
                prompt_tokens=_read_tokens(prompt, line.where),
                answer_tokens=_read_tokens(answer, line.where),
            )
        )
    if not calls:
        raise BadInput(f"{header.where}: the trace has no call, only names of columns")
    return tuple(calls)


def _split(path: Path, file: BufferedReader) -> Iterator[_Line]:
    """Yield the lines that are not blank, in cells; no more than one of them is ever held."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        where = f"{path}:{number}"
        if len(raw) > MAX_LINE_BYTES:
            raise BadInput(f"{where}: this line is longer than {MAX_LINE_BYTES} bytes: this is no trace")
        if b"\0" in raw:
            raise BadInput(f"{where}: this line has a NUL in it: this is no text")
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            cells = next(csv.reader([text], strict=True), [])
        except UnicodeDecodeError as error:
            raise BadInput(f"{where}: the file is not UTF-8") from error
        except csv.Error as error:
            raise BadInput(f"{where}: this line is no CSV: {error}") from error
        if text.strip():
            yield _Line(where=where, cells=cells)


def _find_columns(header: _Line) -> tuple[int, int, int]:
    """Return the places of the three columns that matter."""
    names = [name.strip().lower() for name in header.cells]
    for columns in COLUMNS:
        if all(names.count(column) == 1 for column in columns):
            time, prompt, answer = map(names.index, columns)
            return time, prompt, answer
    raise BadInput(
        f"{header.where}: the columns are {', '.join(header.cells)[:200]!r}; a trace has TIMESTAMP, "
        "ContextTokens and GeneratedTokens, as Azure's, or Timestamp, Request tokens and Response "
        "tokens, as BurstGPT"
    )


class _Clock:
    """Reads times, as seconds since the first: numbers of seconds, or dates with times, and no mixture."""

    def __init__(self) -> None:
        self._first: float | datetime | None = None
        self._last_s = 0.0

    def read(self, text: str, where: str) -> float:
        """Return the seconds since the first time that was read. Raises BadInput."""
        time = _parse_time(text)
        if time is None:
            raise BadInput(
                f"{where}: {text[:50]!r} is no time: a number of seconds, or 2023-11-16 18:15:46.68"
            )
        if isinstance(time, float) and not 0 <= time < inf:
            raise BadInput(f"{where}: the time {text[:50]} is not a number of seconds from 0 up")
        if self._first is None:
            self._first = time
        try:
            at_s = _subtract(time, self._first)
        except TypeError as error:
            raise BadInput(
                f"{where}: the time {text[:50]!r} is written otherwise than the first one"
            ) from error
        if at_s < self._last_s:
            raise BadInput(f"{where}: the time {text[:50]} is before that of the call above: sort the trace")
        if at_s > MAX_S:
            raise BadInput(f"{where}: the time {text[:50]} is more than a year after the first one")
        self._last_s = at_s
        return at_s


def _parse_time(text: str) -> float | datetime | None:
    for parse in (float, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return None


def _subtract(time: float | datetime, first: float | datetime) -> float:
    """Return the seconds between two times; raises TypeError unless both are written alike."""
    if isinstance(time, datetime) and isinstance(first, datetime):
        return (time - first).total_seconds()
    if isinstance(time, datetime) or isinstance(first, datetime):
        raise TypeError
    return time - first


def _read_tokens(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20 and int(text) <= MAX_TOKENS):
        raise BadInput(
            f"{where}: {text[:50]!r} is no number of tokens: a whole number from 0 to {MAX_TOKENS}"
        )
    return int(text)
