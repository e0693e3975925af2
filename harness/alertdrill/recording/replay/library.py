"""The series of a recording that rules read, without those that they make themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from alertdrill.errors import CouldNotTell
from alertdrill.recording.recording import RECORDED, STALE, RecordedSeries, Recording
from alertdrill.recording.replay.plan import Plan
from alertdrill.recording.replay.stages import ALERTS, FOR_STATE, Selector

MAX_EVALUATIONS = 500_000
"""Of a group in one replay: 87 days at 15 s."""


class Library:
    """Series by the metric's name."""

    def __init__(self, series: Iterable[RecordedSeries]) -> None:
        self._by_name: dict[str, list[RecordedSeries]] = defaultdict(list)
        self.add(series)

    def add(self, series: Iterable[RecordedSeries]) -> None:
        """Take more series in."""
        for one in series:
            self._by_name[one.labels["__name__"]].append(one)

    def find(self, selectors: Iterable[Selector]) -> list[RecordedSeries]:
        """Return the series that any of the selectors may read."""
        wanted: dict[str, list[Selector]] = defaultdict(list)
        for selector in selectors:
            for name in self._by_name if selector.is_pattern else [selector.name]:
                wanted[name].append(selector)
        return [
            one
            for name, readers in wanted.items()
            for one in self._by_name.get(name, ())
            if any(reader.reads(one.labels) for reader in readers)
        ]


def drop_written(recording: Recording, plan: Plan, notes: list[str]) -> list[RecordedSeries]:
    """Return the series that the rules do not make themselves, and note which others the recording has."""
    kept, dropped = [], set()
    for one in recording.series:
        name = one.labels.get("__name__", "")
        is_own = name in plan.writes or (
            name in {ALERTS, FOR_STATE} and one.labels.get("alertname") in plan.alerts
        )
        if is_own:
            dropped.add(name)
        elif name not in {"", RECORDED, STALE} and (one.times_ms or one.stale_ms):
            kept.append(one)
    if dropped:
        notes.append(
            f"{recording.name}: has {', '.join(sorted(dropped))}, which the rules make themselves: what they "
            f"make in the replay is taken"
        )
    return kept


def check_length(recording: Recording, plan: Plan, series: Sequence[RecordedSeries]) -> None:
    """Raise CouldNotTell for a recording without samples, or a longer one than can be replayed."""
    if not any(one.times_ms for one in series):
        raise CouldNotTell(f"{recording.name}: the recording has no samples")
    for planned in plan.stages:
        evaluations = (recording.end_ms - plan.start_ms) // planned.interval_ms + 1
        if evaluations > MAX_EVALUATIONS:
            raise CouldNotTell(
                f"{recording.name}: the recording is of {evaluations} evaluations, and {MAX_EVALUATIONS} can "
                f"be replayed at once: record a shorter time"
            )
