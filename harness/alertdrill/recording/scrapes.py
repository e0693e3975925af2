"""When the systems were scraped, and when they should have been."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from alertdrill.core.clock import Clock
from alertdrill.recording.prometheus import read_samples
from alertdrill.runtime.http_client import Api

GAP = 1.5
"""Between two good scrapes that are further apart than so many intervals, one is missing."""

Scrape = tuple[float, bool]
"""When it was, rule time, and whether it succeeded."""


def read_scrapes(
    prometheus: Api, clock: Clock, job: str, since_s: float, until_s: float, instance: str | None = None
) -> tuple[Scrape, ...]:
    """Return when a job, or one instance of it, was scraped and whether that succeeded, in order."""
    of = {"job": job} if instance is None else {"job": job, "instance": instance}
    selector = ", ".join(f"{name}={json.dumps(value)}" for name, value in of.items())
    return tuple(
        (at_s, value == 1.0)
        for _, samples in read_samples(prometheus, clock, f"up{{{selector}}}", since_s, until_s)
        for at_s, value in samples
    )


def split_scrapes(
    scrapes: Sequence[Scrape], without: Sequence[tuple[float, float]]
) -> tuple[tuple[Scrape, ...], ...]:
    """Return the stretches of scrapes before, between and after windows (from, to) that are in order."""
    bounds = [-math.inf, *(bound for window in without for bound in window), math.inf]
    return tuple(
        tuple(scrape for scrape in scrapes if from_s < scrape[0] <= to_s)
        for from_s, to_s in zip(bounds[::2], bounds[1::2], strict=True)
    )


def find_gaps(
    scrapes: Sequence[Scrape], interval_s: float, until_s: float | None = None, since_s: float | None = None
) -> Iterator[tuple[float, float]]:
    """Yield from which good scrape to which next one others are missing.

    With `since_s` and `until_s`, there is to be a scrape within an interval of these, too.
    """
    for before_s, after_s in _pair(scrapes, until_s, since_s):
        if after_s - before_s > GAP * interval_s:
            yield before_s, after_s


def measure_gaps(
    scrapes: Sequence[Scrape], interval_s: float, until_s: float | None = None, since_s: float | None = None
) -> tuple[float | None, int]:
    """Return the longest time between two good scrapes, and how many scrapes are missing in such gaps.

    With `since_s` and `until_s`, there is to be a scrape within an interval of these, too.
    """
    gaps = [after_s - before_s for before_s, after_s in _pair(scrapes, until_s, since_s)]
    missing = sum(round(gap / interval_s) - 1 for gap in gaps if gap > GAP * interval_s)
    return max(gaps, default=None), missing


def _pair(
    scrapes: Sequence[Scrape], until_s: float | None = None, since_s: float | None = None
) -> Iterator[tuple[float, float]]:
    """Yield each good scrape and the next one, the first with the beginning, and the last with the end."""
    good = [at_s for at_s, is_good in scrapes if is_good]
    if good and since_s is not None:
        yield since_s, good[0]
    yield from pairwise(good)
    if good and until_s is not None:
        yield good[-1], until_s
