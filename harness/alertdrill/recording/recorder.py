"""Records what a Prometheus has, on rule time: streamed from the server to a file, within bounded memory."""

from __future__ import annotations

import heapq
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from operator import ge
from pathlib import Path
from statistics import median

import promql_parser as ast

from alertdrill.core.clock import Clock
from alertdrill.errors import BadInput, CouldNotTell, RequestRefused
from alertdrill.recording.files import open_whole, read_recording, write_chunks
from alertdrill.recording.openmetrics import (
    END,
    MAX_SAMPLES,
    SeriesKey,
    list_marks,
    make_stale_key,
    parse_name,
    render_name,
    render_series,
)
from alertdrill.recording.range_read import read_ranges
from alertdrill.recording.recording import RECORDED, STALE, Recording, read_speed
from alertdrill.recording.remote_read import RawSeries, read_remotely
from alertdrill.recording.selecting import UP, list_selectors, narrow, read_selector, selects, widen
from alertdrill.recording.spool import Spool
from alertdrill.rules.files import RuleFile
from alertdrill.runtime.files import is_stream
from alertdrill.runtime.http_client import AnswerTooLarge, Api

LOOKBACK_MS = 300_000
"""Rule time for which Prometheus takes a sample for current; less than that may lack at either end."""
FIRST_WINDOW_MS = 600_000
SHORTEST_WINDOW_MS = 1000
WANTED_BYTES = 8 * 1024**2
"""Of an answer: the time that is asked for at once is doubled or halved until it is about as large."""
WITHOUT_REMOTE_READ = {400, 404, 405, 406, 415, 501}
"""What servers answer who do not know remote read; VictoriaMetrics 400."""
READING = 0.7
"""About the share of the work that reading is; the rest is writing."""
SLICE = 20_000
"""Samples that are made text at once."""
MARKS = (RECORDED, STALE)
"""What an earlier recording says of itself, where it was backfilled."""

Read = Callable[[Api, Sequence[ast.VectorSelector], int, int], tuple[int, Iterator[tuple[int, RawSeries]]]]
Parts = Iterator[tuple["array[int]", "array[float]"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How much was recorded; `notes` are sentences about what it lacks.

    Without `has_markers`, the server could not show where series ended.
    """

    series: int
    samples: int
    notes: tuple[str, ...]
    has_markers: bool = True


def record(
    api: Api,
    selectors: Sequence[str],
    start_s: float,
    end_s: float,
    clock: Clock,
    path: Path,
    show_progress: Callable[[float], None] = lambda _share: None,
    wall_speed: float = 1.0,
) -> Recorded:
    """Write what a server has of selectors, and of `up`, between two wall instants, both included.

    `clock` puts it on rule time, its origin rounded to milliseconds; `show_progress` is told the share of the
    work that is done, and `wall_speed` is as `Recording` has it. The file is written whole or not at all,
    gzipped if its name ends in `.gz`. Raises BadInput for a range that cannot be recorded, and CouldNotTell
    where the server fails, has nothing of it, or hides its beginning or its end.
    """
    start_ms, end_ms = round(start_s * 1000), round(end_s * 1000)
    if not round(clock.origin_s * 1000) <= start_ms < end_ms:
        raise BadInput("a recording starts before it ends, and not before the origin of rule time")
    if end_ms > time.time() * 1000:
        raise BadInput("the range to be recorded ends in the future")
    asked = tuple(sorted({UP, *selectors}))
    beside = None if is_stream(path) else path.parent
    with open_whole(path) as stream, Spool(beside) as spool:
        reading = _Reading(api, asked, clock, spool, wall_speed)
        reading.read(start_ms, end_ms, lambda share: show_progress(READING * share))
        reading.check(start_ms, end_ms)
        writing = _Writing(reading.list_series(start_ms, end_ms), reading.samples, api.where)
        write_chunks(stream, writing.render(lambda share: show_progress(READING + (1 - READING) * share)))
    if writing.samples > MAX_SAMPLES:
        reading.notes.append(f"{path} has more than the {MAX_SAMPLES:,} samples that can be read at once")
    return Recorded(
        series=writing.series,
        samples=writing.samples,
        notes=tuple(reading.notes),
        has_markers=reading.has_markers,
    )


def record_run(
    prometheus: Api,
    files: Sequence[RuleFile],
    clock: Clock,
    until_s: float,
    path: Path,
    wall_speed: float = 1.0,
) -> Recording:
    """Write and return a run's recording, from rule time 0: all that there is by a name that rules read.

    Raises CouldNotTell as `record` does, and where the server does not show where series ended: then a replay
    would find alerts active that were gone, and there is no recording.
    """
    asked = widen(list_selectors(files))
    recorded = record(
        prometheus, asked, clock.wall_s(0), clock.wall_s(until_s), clock, path, wall_speed=wall_speed
    )
    if not recorded.has_markers:
        path.unlink()
        raise CouldNotTell("; ".join(recorded.notes))
    return read_recording(path)


class _Reading:
    """Reads a range, part by part, into a spool, and knows what the server did not have."""

    def __init__(self, api: Api, asked: Sequence[str], clock: Clock, spool: Spool, wall_speed: float) -> None:
        self._wall_speed = wall_speed
        self.notes: list[str] = []
        self.samples = 0
        self.has_markers = True
        self._api = api
        self._asked = asked
        self._speed = clock.speed
        self._origin_ms = round(clock.origin_s * 1000)
        self._spool = spool
        self._selectors = [read_selector(text) for text in asked]
        self._found = [False] * len(asked)
        self._had: set[str] = set()
        self._ends: list[int] = []
        self._scrapes_ms: list[float] = []

    def read(self, start_ms: int, end_ms: int, show_progress: Callable[[float], None]) -> None:
        """Read all that there is between two wall instants."""
        read = self._choose_read(end_ms)
        selectors = [*self._selectors, *(read_selector(name) for name in MARKS)]
        window_ms = FIRST_WINDOW_MS
        at_ms = start_ms
        while at_ms <= end_ms:
            upto_ms = min(at_ms + window_ms - 1, end_ms)
            try:
                size, series = read(self._api, selectors, at_ms, upto_ms)
            except AnswerTooLarge:
                if window_ms <= SHORTEST_WINDOW_MS:
                    raise
                window_ms = max(window_ms // 2, SHORTEST_WINDOW_MS)
                continue
            self._take_window(series)
            show_progress((upto_ms - start_ms) / (end_ms - start_ms))
            at_ms = upto_ms + 1
            if size < WANTED_BYTES // 2:
                window_ms *= 2
            elif size > 2 * WANTED_BYTES:
                window_ms = max(window_ms // 2, SHORTEST_WINDOW_MS)

    def check(self, start_ms: int, end_ms: int) -> None:
        """Raise CouldNotTell if the server has nothing, or not from the beginning to the end."""
        where, between = self._api.where, f"between {_show(start_ms)} and {_show(end_ms)}"
        if not self.samples:
            raise CouldNotTell(f"{where} has no sample of what was asked for {between}")
        self.notes += [
            f"no series is {text} {between}"
            for text, was_found in zip(self._asked, self._found, strict=True)
            if not was_found
        ]
        missing_ms = max(LOOKBACK_MS / self._speed, 2 * min(self._scrapes_ms, default=0))
        first_ms, last_ms = min(self._ends), max(self._ends)
        if first_ms - start_ms > missing_ms:
            raise CouldNotTell(
                f"{where} hides the beginning of the range: what it has begins at {_show(first_ms)}"
            )
        if end_ms - last_ms > missing_ms:
            raise CouldNotTell(f"{where} hides the end of the range: what it has ends at {_show(last_ms)}")

    def list_series(self, start_ms: int, end_ms: int) -> Iterator[tuple[SeriesKey, Parts]]:
        """Yield all series in order, with those that say what was asked for."""
        # What is read from a backfilled recording cannot be more than that was asked for.
        selectors = (narrow(self._asked, sorted(self._had)) if self._had else ()) or self._asked
        start_ms, end_ms = self._to_rule_ms(start_ms), self._to_rule_ms(end_ms)
        marks = list_marks(selectors, start_ms, end_ms, self._wall_speed)
        return heapq.merge(
            ((key, iter([(times_ms, values)])) for key, times_ms, values in marks),
            self._spool.list_series(),
            key=lambda series: series[0],
        )

    def _choose_read(self, at_ms: int) -> Read:
        try:
            read_remotely(self._api, [read_selector(UP)], at_ms, at_ms)
        except RequestRefused as error:
            if error.status not in WITHOUT_REMOTE_READ:
                raise
            self.has_markers = False
            self.notes.append(
                f"{self._api.where} has no remote read: staleness markers are not seen, so a series that "
                f"ends seems to last five minutes longer"
            )
            return read_ranges
        return read_remotely

    def _take_window(self, series: Iterator[tuple[int, RawSeries]]) -> None:
        taken: set[SeriesKey] = set()
        for number, (key, times_ms, values, stale_ms) in series:
            if times_ms:
                self._ends += (times_ms[0], times_ms[-1])
                self._ends = [min(self._ends), max(self._ends)]
            if key[0] in MARKS:
                self._take_mark(key, times_ms, values)
                continue
            self._found[number] = True
            if key in taken:
                continue
            taken.add(key)
            self.samples += len(times_ms) + len(stale_ms)
            if key[0] == UP and len(times_ms) > 1:
                self._scrapes_ms = [
                    min([*self._scrapes_ms, median(after - before for before, after in pairwise(times_ms))])
                ]
            if times_ms:
                self._spool.add(key, self._to_rule(times_ms), values)
            if stale_ms:
                ones = array("d", [1.0] * len(stale_ms))
                self._spool.add(make_stale_key(key), self._to_rule(stale_ms), ones)

    def _take_mark(self, key: SeriesKey, times_ms: array[int], values: array[float]) -> None:
        """Take what an earlier recording says of itself, as far as it is about what is recorded now."""
        labels = dict(key[1])
        if key[0] == RECORDED:
            selector = labels.get("selector", "")
            try:
                read_selector(selector)
            except BadInput as error:
                raise CouldNotTell(f"{self._api.where} has {render_name(key)[:200]}: {error}") from error
            self._had.add(selector)
            self._wall_speed = max(self._wall_speed, read_speed(labels))
            return
        of = parse_name(labels.get("series", ""))
        if of is None:
            raise CouldNotTell(f"{self._api.where} has {render_name(key)[:200]}, which names no series")
        names = {"__name__": of[0], **dict(of[1])}
        if any(selects(selector, names) for selector in self._selectors):
            self._spool.add(make_stale_key(of), self._to_rule(times_ms), values)

    def _to_rule(self, times_ms: array[int]) -> array[int]:
        if self._speed == 1 and self._origin_ms == 0:
            return times_ms
        return array("q", map(self._to_rule_ms, times_ms))

    def _to_rule_ms(self, wall_ms: int) -> int:
        return round((wall_ms - self._origin_ms) * self._speed)


class _Writing:
    """Writes series as text, and counts them."""

    def __init__(self, all_series: Iterator[tuple[SeriesKey, Parts]], expected: int, where: str) -> None:
        self.series = 0
        self.samples = 0
        self._all = all_series
        self._expected = expected
        self._where = where

    def render(self, show_progress: Callable[[float], None]) -> Iterator[str]:
        """Yield the text of the whole recording."""
        for key, parts in self._all:
            if key[0] in MARKS:
                yield _render_mark(key, parts)
                continue
            self.series += 1
            last_ms = None
            for times_ms, values in parts:
                if (last_ms is not None and last_ms >= times_ms[0]) or any(
                    map(ge, times_ms, islice(times_ms, 1, None))
                ):
                    raise CouldNotTell(
                        f"{self._where} has two samples of {render_name(key)[:200]} at one time"
                    )
                last_ms = times_ms[-1]
                self.samples += len(times_ms)
                for at in range(0, len(times_ms), SLICE):
                    yield render_series(key, times_ms[at : at + SLICE], values[at : at + SLICE])
                show_progress(self.samples / self._expected)
        show_progress(1.0)
        yield END


def _render_mark(key: SeriesKey, parts: Parts) -> str:
    """Return the lines of a mark, each once: some were read, some are due to what was read."""
    instants = sorted({at for times_ms, _ in parts for at in times_ms})
    return render_series(key, instants, [1.0] * len(instants))


def _show(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
