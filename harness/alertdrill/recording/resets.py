"""When counters of a recording began anew: whoever counts was started again. Pure.

A counter never falls; which series are counters is known by the endings of their names (Prometheus
documentation, "Metric and label naming"), but for those that are said to be gauges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alertdrill.recording.recording import Recording

ENDINGS = ("_total", "_count", "_bucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A counter of a scrape job fell between two samples; `at_s` is the instant of the later one."""

    job: str
    metric: str
    at_s: float


def find_resets(
    recording: Recording, out: Sequence[tuple[float, float]] = (), gauges: Collection[str] = ()
) -> Iterator[Reset]:
    """Yield the first reset of each job, but for those within `out` (seconds from the recording's start).

    `gauges` are names of metrics that may fall, whatever they are called.
    """
    first: dict[str, Reset] = {}
    for series in recording.series:
        metric = series.labels.get("__name__", "")
        if not metric.endswith(ENDINGS) or metric in gauges:
            continue
        job = series.labels.get("job", "")
        samples = zip(series.times_ms, series.values, strict=True)
        for (_, before), (at_ms, after) in pairwise(samples):
            at_s = (at_ms - recording.start_ms) / 1000
            if after < before and not any(from_s <= at_s <= to_s for from_s, to_s in out):
                found = Reset(job=job, metric=metric, at_s=at_s)
                first[job] = min(first.get(job, found), found, key=lambda reset: reset.at_s)
                break
    yield from first.values()
