"""What a server shows: gauges, counters and histograms, by how their values go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

SCRAPE_S = 30
LASTS_S = 40 * 60
Labels = Mapping[str, str]
Course = Callable[[float], float]
"""What a value is, at seconds from the beginning."""
Samples = Iterator[tuple[str, Sequence[float | None]]]
"""A series as it stands at the start of a line, and its value at each scrape; None where it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A value that goes up and down."""

    name: str
    labels: Labels
    value: Course

    def sample(self) -> Samples:
        """Yield its series."""
        yield write_name(self.name, self.labels), [self.value(at_s) for at_s in list_scrapes()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A count, by how often a second it is counted on.

    One that `is_born_late` is not there before it counts anything, as is usual for errors.
    """

    name: str
    labels: Labels
    rate: Course
    is_born_late: bool = False

    def sample(self) -> Samples:
        """Yield its series."""
        counts = count_up(self.rate)
        yield write_name(self.name, self.labels), wait_for(counts, counts) if self.is_born_late else counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Observations, by how many a second there are, and of what size; see Counter."""

    name: str
    labels: Labels
    bounds: Sequence[float]
    rate: Course
    size: Course
    is_born_late: bool = False

    def sample(self) -> Samples:
        """Yield its buckets, sum and count."""
        count = count_up(self.rate)
        for name, counts in self._sample_all():
            yield name, wait_for(count, counts) if self.is_born_late else counts

    def _find_rate(self, bound: float, at_s: float) -> float:
        """Return how many a second are no larger than a bound."""
        return self.rate(at_s) if self.size(at_s) <= bound else 0.0

    def _sample_all(self) -> Iterator[tuple[str, list[float]]]:
        for bound in (*self.bounds, float("inf")):
            labels = {**self.labels, "le": "+Inf" if bound == float("inf") else str(float(bound))}
            yield write_name(f"{self.name}_bucket", labels), count_up(partial(self._find_rate, bound))
        yield (
            write_name(f"{self.name}_sum", self.labels),
            count_up(lambda at_s: self.rate(at_s) * self.size(at_s)),
        )
        yield write_name(f"{self.name}_count", self.labels), count_up(self.rate)


Metric = Gauge | Counter | Histogram


def always(value: float) -> Course:
    """Return a course that stays what it is."""
    return lambda _: value


def between(from_min: float, to_min: float, during: float, otherwise: float = 0.0) -> Course:
    """Return a course with another value from one minute to another."""
    return lambda at_s: during if from_min * 60 <= at_s < to_min * 60 else otherwise


def list_scrapes() -> range:
    """Return the seconds at which there are scrapes."""
    return range(0, LASTS_S + 1, SCRAPE_S)


def count_up(rate: Course) -> list[float]:
    """Return what a counter shows at each scrape."""
    counts, count = [], 0.0
    for at_s in list_scrapes():
        counts.append(count)
        count += rate(at_s) * SCRAPE_S
    return counts


def wait_for(count: Sequence[float], values: Sequence[float]) -> list[float | None]:
    """Return the values of a series that is not there before anything was counted."""
    return [value if counted else None for counted, value in zip(count, values, strict=True)]


def write_name(name: str, labels: Labels) -> str:
    """Return a series as OpenMetrics writes it, its labels sorted."""
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"
