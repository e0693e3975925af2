"""What became of the arrivals of each load profile, and the report of it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

LATE_S = 15.0
"""An arrival later than one scrape, in rule time, may count in another scrape than it was meant for."""

NO_ANSWER = 0

SLOWEST = 4
"""How many of the longest latencies are reported: a single pause of the machine is to blame for three."""


class Statistics:
    """Counts one load profile's arrivals and answers; all times in rule time.

    `welcomes` says which statuses the load profile is after.
    """

    def __init__(self, *, planned: int, welcomes: Callable[[int], bool]) -> None:
        self._planned = planned
        self._welcomes = welcomes
        self._late = 0
        self._statuses: Counter[int] = Counter()
        self._lateness_s: list[float] = []
        self._action_lateness_s: float | None = None
        self._latency_s: list[float] = []

    @property
    def is_complete(self) -> bool:
        """Whether every arrival was sent and has been answered, or never will be."""
        return len(self._lateness_s) == self._planned == self._statuses.total()

    def note_sent(self, lateness_s: float) -> None:
        """Count an arrival that leaves now, so long after its instant."""
        self._lateness_s.append(lateness_s)
        self._late += lateness_s > LATE_S

    def note_action(self, lateness_s: float) -> None:
        """Note that what was to be done at an instant, as telling a provider something, is done so late."""
        self._action_lateness_s = max(self._action_lateness_s or 0.0, lateness_s)

    def note_answer(self, status: int, latency_s: float) -> None:
        """Count an answer and how long after the scheduled instant its last byte came.

        A request that was not answered in full has the status NO_ANSWER.
        """
        self._statuses[status] += 1
        if status != NO_ANSWER:
            self._latency_s.append(latency_s)

    def report(self) -> dict[str, Any]:
        """Return the counts and percentiles so far; None where nothing was measured."""
        # In place, because sorting what is nearly sorted costs almost nothing the next time.
        self._lateness_s.sort()
        self._latency_s.sort()
        return {
            "planned": self._planned,
            "sent": len(self._lateness_s),
            "late": self._late,
            "lateness_p50_s": find_percentile(self._lateness_s, 0.5),
            "lateness_p99_s": find_percentile(self._lateness_s, 0.99),
            "lateness_max_s": find_percentile(self._lateness_s, 1.0),
            "action_lateness_max_s": self._action_lateness_s,
            "latency_min_s": self._latency_s[0] if self._latency_s else None,
            "latency_p50_s": find_percentile(self._latency_s, 0.5),
            "latency_p99_s": find_percentile(self._latency_s, 0.99),
            "slowest_s": self._latency_s[: -SLOWEST - 1 : -1],
            "unwelcome": sum(count for status, count in self._statuses.items() if not self._welcomes(status)),
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
        }


def render_report(
    tallies: Mapping[str, Statistics],
    *,
    done: bool,
    workers: Sequence[Mapping[str, Any]] = (),
    stalls: Sequence[tuple[float, float]] = (),
    refusals: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    waiting: Sequence[Mapping[str, Any]] = (),
    tokens: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> str:
    """Return the report of all load profiles so far; docs/reference/interfaces.md has its form."""
    profiles = {name: statistics.report() for name, statistics in tallies.items()}
    return json.dumps(
        {
            "done": done,
            "profiles": profiles,
            "workers": list(workers),
            "stalls": list(stalls),
            "refusals": {name: dict(said) for name, said in refusals.items()},
            "waiting": list(waiting),
            "tokens": {name: dict(times) for name, times in tokens.items()},
        }
    )


def find_percentile(ordered: list[float], share: float) -> float | None:
    """Return the nearest-rank percentile: the least value that `share` of all values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
