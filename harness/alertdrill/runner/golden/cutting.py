"""Golden recordings: what a run recorded of one drill, small enough to be committed. Pure.

A golden recording is the drill's own stretch of a run's recording and a lead before it, moved to 0, with
three things left out that do not matter to the drill:

- series that its system's rules do not read;
- series that are about another drill: a label of theirs names a key, a model or a tenant that only other
  drills' traffic names;
- the noise of the clock: samples stand on a grid of the scrape interval, one scrape at one place of it.

The grid lies half-way between evaluations, as no live scrape stands at the very instant of an evaluation:
there the two generations of Prometheus differ in whether a window has one sample more. A scrape that was
missed stays missed, and a staleness marker stands where it stood. Who cuts a recording lets the rules say
that the drill is still judged the same.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alertdrill.core.drill import Drill
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.recording.recording import RecordedSeries, Recording

GRID_MS = 15_000
PHASE_MS = GRID_MS // 2
TARGET_LABELS = ("__name__", "job", "instance")
"""They name the scraped target, whosever traffic it is."""


def cut(recording: Recording, from_s: float, until_s: float) -> Recording:
    """Return a recording between two instants of it, both included, and moved so that it starts at 0."""
    from_ms, until_ms = round(from_s * 1000), round(until_s * 1000)
    series = []
    for one in recording.series:
        kept = [index for index, at_ms in enumerate(one.times_ms) if from_ms <= at_ms <= until_ms]
        stale_ms = [at_ms - from_ms for at_ms in one.stale_ms if from_ms <= at_ms <= until_ms]
        if kept:
            series.append(
                RecordedSeries(
                    labels=one.labels,
                    times_ms=array("q", (one.times_ms[index] - from_ms for index in kept)),
                    values=array("d", (one.values[index] for index in kept)),
                    stale_ms=array("q", stale_ms),
                )
            )
    return replace(recording, start_ms=0, end_ms=until_ms - from_ms, series=tuple(series))


def leave_out_others(
    recording: Recording, drill: Drill, others: Iterable[Drill], max_shared: int = 0
) -> Recording:
    """Return a recording without the series that name what only the traffic of other drills names.

    Metrics with at most `max_shared` series stay whole.
    """
    counts = Counter(one.labels["__name__"] for one in recording.series)
    own = _name_traffic(drill)
    foreign = set().union(*(_name_traffic(other) for other in others)) - own
    kept = tuple(
        one
        for one in recording.series
        if counts[one.labels["__name__"]] <= max_shared
        or not any(value in foreign for name, value in one.labels.items() if name not in TARGET_LABELS)
    )
    return replace(recording, series=kept)


def put_on_grid(recording: Recording) -> Recording:
    """Return a recording with each scrape of each target at its own place of the grid.

    Raises BadInput where two samples of a series would stand at one place.
    """
    phases = _find_phases(recording.series)
    series = []
    for one in recording.series:
        phase_ms = phases[_find_target(one.labels)]
        times_ms = [_find_place(at_ms, phase_ms) for at_ms in one.times_ms]
        stale_ms = [_find_place(at_ms, phase_ms) for at_ms in one.stale_ms]
        if len({*times_ms, *stale_ms}) < len(times_ms) + len(stale_ms):
            raise BadInput(f"{recording.name}: two scrapes of {dict(one.labels)} are less than 15 s apart")
        series.append(replace(one, times_ms=array("q", times_ms), stale_ms=array("q", stale_ms)))
    ends = [at_ms for one in series for at_ms in (*one.times_ms[-1:], *one.stale_ms[-1:])]
    return replace(recording, series=tuple(series), end_ms=max([recording.end_ms, *ends]))


def _find_target(labels: Labels) -> tuple[str, str]:
    return labels.get("job", ""), labels.get("instance", "")


def _find_phases(series: Sequence[RecordedSeries]) -> dict[tuple[str, str], float]:
    """Return how far from the grid each target is scraped: the mean direction of its instants' remainders."""
    sums: dict[tuple[str, str], complex] = defaultdict(complex)
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in series:
        seen[_find_target(one.labels)].update(one.times_ms)
    for target, instants in seen.items():
        for at_ms in instants:
            angle = math.tau * (at_ms % GRID_MS) / GRID_MS
            sums[target] += complex(math.cos(angle), math.sin(angle))
    return {
        target: (math.atan2(total.imag, total.real) % math.tau) / math.tau * GRID_MS
        for target, total in sums.items()
    }


def _find_place(at_ms: int, phase_ms: float) -> int:
    return round((at_ms - phase_ms) / GRID_MS) * GRID_MS + PHASE_MS


def _name_traffic(drill: Drill) -> set[str]:
    """Return all that a drill's traffic and expectations name: models, keys, users, tenants, providers."""
    named = {name for profile in drill.traffic for name in _list_texts(dict(profile.options))}
    named |= {
        name
        for profile in drill.traffic
        for change in profile.changes
        for name in (change.provider, change.model or "")
    }
    named |= {value for expected in drill.expects for value in expected.labels.values()}
    return named


def _list_texts(value: Any) -> Iterator[str]:
    """Yield every text in a document, and the parts of those that are `provider:model`."""
    if isinstance(value, str):
        yield value
        provider, colon, model = value.partition(":")
        if colon:
            yield from (provider, model)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _list_texts(name)
            yield from _list_texts(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _list_texts(inner)
