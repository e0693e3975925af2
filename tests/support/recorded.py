"""Recordings made by hand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

from alertdrill.recording.recording import RecordedSeries, Recording

SCRAPE_MS = 15_000


def make_series(
    name: str,
    samples: Mapping[int, float],
    *,
    stale_ms: Iterable[int] = (),
    labels: Mapping[str, str] | None = None,
) -> RecordedSeries:
    """Return a series of samples (instant in ms, value), and instants at which it was marked stale."""
    return RecordedSeries(
        labels={"__name__": name, **(labels or {})},
        times_ms=array("q", samples),
        values=array("d", samples.values()),
        stale_ms=array("q", stale_ms),
    )


def scrape(
    name: str,
    values: Sequence[float | None],
    *,
    begin_ms: int = 0,
    every_ms: int = SCRAPE_MS,
    stale_ms: Iterable[int] = (),
    labels: Mapping[str, str] | None = None,
) -> RecordedSeries:
    """Return a series with a value every so often from an instant on; None is a scrape without one."""
    samples = {
        begin_ms + number * every_ms: value for number, value in enumerate(values) if value is not None
    }
    return make_series(name, samples, stale_ms=stale_ms, labels=labels)


def make_recording(*series: RecordedSeries, until_s: float, start_s: float = 0.0) -> Recording:
    """Return a recording of these series."""
    return Recording(
        name="made.om",
        start_ms=round(start_s * 1000),
        end_ms=round(until_s * 1000),
        selectors=(),
        series=series,
    )
