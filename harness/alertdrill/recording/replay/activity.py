"""When alerts were pending and firing, evaluation by evaluation, and the events and series that this makes.

Which evaluations had an alert in a state is asked of promtool for many at once: the sum of two to the power
of their numbers. Such a mask is a whole number, with a bit for each evaluation.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, EventKind
from alertdrill.recording.recording import RecordedSeries
from alertdrill.recording.replay.stages import ALERTS, FOR_STATE

MASK_SIZES = (50, 6, 1)
"""How many evaluations a mask is of, if promtool can: it queries no more than 10,000 samples at once.

The most are fewer than the bits of a float's significand, so that a mask is exact.
"""


@dataclass(slots=True, kw_only=True)
class Activity:
    """The masks of one alert and label set; `labels` are without its name."""

    alert: str
    labels: Labels
    pending: int = 0
    firing: int = 0

    def list_activations(self) -> Iterator[tuple[int, int]]:
        """Yield the first evaluation of each activation and the first one that found it gone."""
        active = self.pending | self.firing
        begin = 0
        while active:
            gap = (active & -active).bit_length() - 1
            active >>= gap
            length = (active ^ (active + 1)).bit_length() - 1
            active >>= length
            begin += gap
            yield begin, begin + length
            begin += length


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluations:
    """The evaluations of a stage: `count` of them, every `interval_ms` from `start_ms` (rule time) on."""

    start_ms: int
    interval_ms: int
    count: int

    def at_ms(self, number: int) -> int:
        """Return when an evaluation was, in rule time."""
        return self.start_ms + number * self.interval_ms


def list_events(activity: Activity, evaluations: Evaluations, origin_ms: int) -> Iterator[Event]:
    """Yield what an alert did, at instants that count from `origin_ms` (rule time)."""

    def change(number: int, kind: EventKind) -> Event:
        at_s = (evaluations.at_ms(number) - origin_ms) / 1000
        return Event(at_s=at_s, kind=kind, alert=activity.alert, labels=activity.labels)

    for begin, end in activity.list_activations():
        pending, firing = (_cut(mask, begin, end) for mask in (activity.pending, activity.firing))
        if pending:
            yield change(begin + _find_first(pending), "pending")
        if firing:
            yield change(begin + _find_first(firing), "firing")
            if end < evaluations.count:
                yield change(end, "resolved")


def list_pendings(
    activity: Activity, evaluations: Evaluations, origin_ms: int
) -> Iterator[tuple[float, float]]:
    """Yield of each activation that never fired when it began, and how long it was seen to be pending."""
    for begin, end in activity.list_activations():
        if not _cut(activity.firing, begin, end):
            start_ms = evaluations.at_ms(begin)
            yield (start_ms - origin_ms) / 1000, (evaluations.at_ms(end - 1) - start_ms) / 1000


def write_alert_series(
    activity: Activity, evaluations: Evaluations, offset_ms: int
) -> Iterator[RecordedSeries]:
    """Yield the series that Prometheus makes of an alert; samples are `offset_ms` older than evaluations."""
    named = {**activity.labels, "alertname": activity.alert}
    for state, mask in (("pending", activity.pending), ("firing", activity.firing)):
        numbers = _list_bits(mask)
        if numbers:
            labels = {**named, "__name__": ALERTS, "alertstate": state}
            yield write_recorded(labels, dict.fromkeys(numbers, 1.0), evaluations, offset_ms)
    active_since = {
        number: float((begin * evaluations.interval_ms) // 1000)
        for begin, end in activity.list_activations()
        for number in range(begin, end)
    }
    yield write_recorded({**named, "__name__": FOR_STATE}, active_since, evaluations, offset_ms)


def write_recorded(
    labels: Labels, values: dict[int, float], evaluations: Evaluations, offset_ms: int
) -> RecordedSeries:
    """Return a series that rules recorded: values by the evaluation's number, a marker after each stretch."""
    stale = [number + 1 for number in values if number + 1 not in values and number + 1 < evaluations.count]
    return RecordedSeries(
        labels=labels,
        times_ms=_place(values, evaluations, offset_ms),
        values=array("d", values.values()),
        stale_ms=_place(stale, evaluations, offset_ms),
    )


def _place(numbers: Sequence[int] | dict[int, float], evaluations: Evaluations, offset_ms: int) -> array[int]:
    return array("q", [evaluations.at_ms(number) - offset_ms for number in numbers])


def _cut(mask: int, begin: int, end: int) -> int:
    return (mask >> begin) & ((1 << (end - begin)) - 1)


def _find_first(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _list_bits(mask: int) -> list[int]:
    return [number for number, bit in enumerate(reversed(f"{mask:b}")) if bit == "1"]
