"""Recordings for tests."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from alertdrill.recording.openmetrics import make_key
from alertdrill.recording.recording import RecordedSeries, Recording


def make_series(
    name: str, samples: Sequence[tuple[int, float]], *, stale_ms: Sequence[int] = (), **labels: str
) -> RecordedSeries:
    """Return a series of (milliseconds, value) samples."""
    return make_labelled({"__name__": name, **labels}, samples, stale_ms=stale_ms)


def make_labelled(
    labels: Mapping[str, str], samples: Sequence[tuple[int, float]], *, stale_ms: Sequence[int] = ()
) -> RecordedSeries:
    """Return a series whose labels, its name among them, may be any text."""
    return RecordedSeries(
        labels=labels,
        times_ms=array("q", [at for at, _ in samples]),
        values=array("d", [value for _, value in samples]),
        stale_ms=array("q", stale_ms),
    )


def make_recording(
    *series: RecordedSeries, start_ms: int = 0, end_ms: int = 60_000, selectors: Sequence[str] = ("up",)
) -> Recording:
    """Return a recording with its series in order."""
    return Recording(
        name="made",
        start_ms=start_ms,
        end_ms=end_ms,
        selectors=tuple(selectors),
        series=tuple(sorted(series, key=lambda one: make_key(one.labels))),
    )
