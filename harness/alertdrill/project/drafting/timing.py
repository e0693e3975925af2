"""When a draft's traffic changes, and by when its alerts fire and resolve: from windows and intervals. Pure.

What is wrong is seen at the earliest at once, and at the latest when the window of the rule holds nothing
else, two scrapes and two evaluations late.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEP_S = 30.0
"""Instants are multiples of this, as a person would choose them."""
SPARE_S = 60.0
"""What a window has more than it needs to fill, and what is wrong lasts longer than it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How slow a rule is: what it looks back on, how long it waits, and how often it is evaluated."""

    window_s: float
    for_s: float
    keep_firing_for_s: float
    interval_s: float
    scrape_s: float

    @property
    def seen_within_s(self) -> float:
        """How long it takes at the most until the rule sees nothing but what is so now."""
        return self.window_s + 2 * self.scrape_s + 2 * self.interval_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """When an alert fires, `fires_from_s` to `fires_by_s`, and by when it has resolved."""

    fires_from_s: float
    fires_by_s: float
    resolves_by_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What is wrong begins at `begins_s` and ends at `ends_s`; traffic ends at `lasts_s`."""

    begins_s: float
    ends_s: float
    lasts_s: float


def round_up(seconds: float, step_s: float = STEP_S) -> float:
    """Return the next multiple of a step."""
    return math.ceil(round(seconds / step_s, 6)) * step_s


def find_firing(pace: Pace, times: Times, call_s: float = 0.0) -> Firing:
    """Return when an alert fires; `call_s` is how long a call takes, after which it is seen."""
    from_s = times.begins_s + pace.for_s
    by_s = round_up(from_s + pace.seen_within_s + call_s)
    span_s = by_s - from_s if call_s else 0.0
    return Firing(
        fires_from_s=from_s,
        fires_by_s=by_s,
        # What a speed makes late, as long calls, it makes as late in the end.
        resolves_by_s=round_up(times.ends_s + pace.seen_within_s + pace.keep_firing_for_s + call_s + span_s),
    )


def plan_firing(paces: Sequence[Pace], page_s: float, call_s: float = 0.0) -> Times:
    """Return when what is wrong begins and ends, so that alerts of these paces fire and are paged.

    One that is to come near is as near for as long.

    `page_s` is how long a page may wait after its alert.
    """
    begins_s = round_up(max(pace.window_s for pace in paces) + SPARE_S)
    by_s = max(
        find_firing(pace, Times(begins_s=begins_s, ends_s=begins_s, lasts_s=0.0), call_s).fires_by_s
        for pace in paces
    )
    ends_s = round_up(by_s + max(SPARE_S, page_s))
    return _end(paces, begins_s, ends_s, call_s)


def _end(paces: Sequence[Pace], begins_s: float, ends_s: float, call_s: float) -> Times:
    times = Times(begins_s=begins_s, ends_s=ends_s, lasts_s=ends_s)
    lasts_s = max(find_firing(pace, times, call_s).resolves_by_s for pace in paces)
    return Times(begins_s=begins_s, ends_s=ends_s, lasts_s=lasts_s)


def stays_silent(pace: Pace, times: Times) -> bool:
    """Say whether what is wrong ends before an alert of this pace could fire."""
    return pace.for_s > times.ends_s - times.begins_s + pace.seen_within_s
