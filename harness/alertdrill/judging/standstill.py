"""What stood still in a run whose clock is doubted, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from alertdrill.core.parts import SCRAPES
from alertdrill.core.timeline import Stall
from alertdrill.judging.clock_fidelity import Bounds, Fidelity, doubt
from alertdrill.judging.could_not_tell import Asked, say_stalls
from alertdrill.judging.needs import MOVED, STALE, STARTING, UNSEEN

MOST_NAMED = 3
AGAIN = "hold the drills again"


def doubt_clock(
    fidelity: Fidelity,
    bounds: Bounds,
    stalls: Iterable[Stall],
    speed: float,
    asked: Asked = MappingProxyType({}),
) -> tuple[str, ...]:
    """Say why the clock of a run cannot be trusted, and last what stood still; empty when it can."""
    doubts = doubt(fidelity, bounds)
    return (*doubts, explain_standstill(stalls, speed, asked)) if doubts else ()


def explain_standstill(stalls: Iterable[Stall], speed: float, asked: Asked = MappingProxyType({})) -> str:
    """Say which parts stood still in a run, from when to when, and what to do: a sentence.

    Each part is named with its longest stall, the longest first. Samples that were missing are what follows
    from a stall, so they are named only where no part is known to have stood still.
    """
    longest: dict[str, Stall] = {}
    for stall in sorted(stalls, key=lambda one: -one.lasted_s):
        if not stall.part.startswith((UNSEEN, STALE, STARTING, MOVED)):
            longest.setdefault(stall.part, stall)
    own = [one for one in longest.values() if not one.part.startswith(SCRAPES)]
    named = (own or list(longest.values()))[:MOST_NAMED]
    said = [f"{say_stalls([one], asked)}{_say_wall(one.lasted_s, speed)}" for one in named]
    if not said:
        said = ["no part of the stack is known to have stood still, so all of this machine was too slow"]
    slower = "" if speed == 1 else f", or at a lower --speed than {speed:g}"
    return f"{'; '.join(said)}: {AGAIN}{slower}"


def _say_wall(rule_s: float, speed: float) -> str:
    return "" if speed == 1 else f" ({rule_s / speed:.2f} s of wall time)"
