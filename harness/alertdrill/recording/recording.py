"""A recording: samples as Prometheus stored them, on rule time.

Instants are whole milliseconds of rule time, since that is what Prometheus stamps samples with. A staleness
marker ends a series until its next sample. It is a NaN of its own bit pattern, which no text format can
express and no float of Python's keeps for certain, so the instants of markers stand beside the samples.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from alertdrill.core.rule import Labels

RECORDED = "alertdrill_recorded"
"""A series of every recording: what was asked for, in its label `selector`, at its first and last instant.

Its label `speed` has a `wall_speed` that is not 1."""
STALE = "alertdrill_stale"
"""A series of every series that was marked stale: which one, in its label `series`, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSeries:
    """The samples of one label set, in order; `labels` has the metric's name as `__name__`.

    `times_ms` and `values` are of one length. No instant of `stale_ms` is in `times_ms`.
    """

    labels: Labels
    times_ms: array[int]
    values: array[float]
    stale_ms: array[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a Prometheus had between two instants, both included; `name` is what messages call it.

    `selectors` is what it was asked for, as PromQL; a series that matches one of them and is not here did not
    exist. It is empty where that is not known, as in a file that somebody else wrote. `wall_speed` is the
    speed of a run on a gateway that runs in wall time: some rules are right at 1 only. It is 1 of all others.
    """

    name: str
    start_ms: int
    end_ms: int
    selectors: tuple[str, ...]
    series: tuple[RecordedSeries, ...]
    wall_speed: float = 1.0


def read_speed(mark: Labels) -> float:
    """Return the `wall_speed` that a mark `RECORDED` states; 1 where it states none."""
    try:
        return max(1.0, float(mark.get("speed", "1")))
    except ValueError:
        return 1.0
