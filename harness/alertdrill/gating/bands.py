"""What an alert does in a drill as a band of characters: pending and firing by time. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.clock import format_s

COLUMNS = 48
INACTIVE, PENDING, FIRING = "·", "▒", "█"
LEGEND = f"Bands: {PENDING} pending, {FIRING} firing, from the drill's start to its end."
PLAIN = str.maketrans({INACTIVE: ".", PENDING: ":", FIRING: "#"})
"""For terminals that have no other characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch in which an alert is pending, or fires, in seconds from the drill's start."""

    state: Literal["pending", "firing"]
    start_s: float
    end_s: float


def draw_band(spans: Iterable[Span], lasts_s: float) -> str:
    """Return a band of a drill that lasts so long; what is shorter than a column still has one."""
    cells = [INACTIVE] * COLUMNS
    for span in sorted(spans, key=lambda one: one.state, reverse=True):  # what fires is seen above all
        first = min(int(span.start_s / lasts_s * COLUMNS), COLUMNS - 1)
        last = max(first + 1, math.ceil(span.end_s / lasts_s * COLUMNS))
        for column in range(first, min(last, COLUMNS)):
            cells[column] = PENDING if span.state == "pending" else FIRING
    return f"{''.join(cells)} {format_s(lasts_s)}"


def find_spans(events: Sequence[tuple[str, float, float | None]], lasts_s: float) -> tuple[Span, ...]:
    """Return the stretches of an alarm, of its events in order, each with its kind and its instant.

    A pending that never fired has with it how long it was; other stretches end where the next one begins.
    """
    spans = []
    for number, (kind, at_s, lasted_s) in enumerate(events):
        next_s = events[number + 1][1] if number + 1 < len(events) else lasts_s
        end_s = min(next_s, lasts_s) if lasted_s is None else min(at_s + lasted_s, next_s, lasts_s)
        if (kind == "pending" or kind == "firing") and end_s >= 0 and at_s < lasts_s:
            spans.append(
                Span(state="pending" if kind == "pending" else "firing", start_s=max(at_s, 0), end_s=end_s)
            )
    return tuple(spans)
