"""How an answer goes out: which bytes are due when, and how it ends, with its flaw if it has one. Pure.

Times are seconds of rule time from the request on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from stub_providers.flaws import Flaw

Ending = Literal["whole", "reset", "truncated"]
MAX_DRIPS = 100
"""So many pieces what comes in drips has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes that are due at an instant."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The parts of an answer in order, and how it ends."""

    parts: tuple[Part, ...]
    ending: Ending = "whole"


def plan_delivery(frames: Sequence[bytes], times_s: Sequence[float], flaw: Flaw | None) -> Delivery:
    """Return how these frames go out, each at its time unless there is a flaw."""
    parts = tuple(Part(at_s=at_s, data=frame) for frame, at_s in zip(frames, times_s, strict=True))
    if flaw is None or flaw.kind == "malformed":
        return Delivery(parts=parts)
    before, after = _cut(parts, round(sum(map(len, frames)) * flaw.after))
    match flaw.kind:
        case "stall":
            late = (Part(at_s=part.at_s + flaw.for_s, data=part.data) for part in after)
            return Delivery(parts=(*before, *late))
        case "drip":
            return Delivery(parts=(*before, *_drip(after, flaw.bytes_per_s)))
        case "reset" | "truncated":
            # What breaks off does so when its next byte would have come.
            end = (Part(at_s=after[0].at_s, data=b""),) if after else ()
            return Delivery(parts=(*before, *end), ending=flaw.kind)


def _cut(parts: Sequence[Part], at: int) -> tuple[list[Part], list[Part]]:
    """Return what is before and after so many bytes; the part in which they end is cut in two."""
    before: list[Part] = []
    after: list[Part] = []
    for part in parts:
        here = min(at, len(part.data))
        at -= here
        if here:
            before.append(Part(at_s=part.at_s, data=part.data[:here]))
        if here < len(part.data):
            after.append(Part(at_s=part.at_s, data=part.data[here:]))
    return before, after


def _drip(parts: Sequence[Part], bytes_per_s: float) -> Iterator[Part]:
    """Yield parts in small pieces, none before its time, and no faster than so many bytes a second."""
    size = max(1, math.ceil(sum(len(part.data) for part in parts) / MAX_DRIPS))
    at_s = 0.0
    for part in parts:
        at_s = max(at_s, part.at_s)
        for start in range(0, len(part.data), size):
            data = part.data[start : start + size]
            at_s += len(data) / bytes_per_s
            yield Part(at_s=at_s, data=data)
