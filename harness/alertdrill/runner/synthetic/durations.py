"""How long it takes to send every alert, by what the config says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from alertdrill.core.clock import format_s
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import GroupKey, Leg

SEEN_WITHIN_WALL_S = 0.3
"""What comes on top of Alertmanager's own timers, about: to hand alerts in, and to look again."""
WAITS_WALL_S = 1.0
"""As much of the whole may Alertmanager's own timers take, if the speed can be so high."""
MIN_SPEED, MAX_SPEED = 60.0, 1000.0
MIN_INTERVAL_WALL_S = 0.25
"""A group interval is no shorter, so that its flushes are few and an end is told from a beginning."""


def choose_speed(batches: Sequence[Sequence[Bound]]) -> float:
    """Return how fast to run, so that waiting for Alertmanager's own timers takes a second in all.

    Not faster than needed: what the network takes is multiplied by the speed in what is reported.
    """
    waits_s = sum(_list_waits_s(batches))
    interval_s = min(
        (leg.group_interval_s for batch in batches for one in batch for leg in one.destination.legs),
        default=0.0,
    )
    return max(MIN_SPEED, min(MAX_SPEED, waits_s / WAITS_WALL_S, interval_s / MIN_INTERVAL_WALL_S))


def find_wait_s(leg: Leg, groups: Collection[GroupKey]) -> float:
    """Return after how long a receiver is notified of an alert, which may join one of the open `groups`."""
    return max(leg.group_wait_s, leg.group_interval_s if leg.group in groups else 0.0)


def estimate_wall_s(batches: Sequence[Sequence[Bound]], speed: float) -> list[float]:
    """Return how long each batch takes, in wall seconds, if all arrives: to be paged, and to close."""
    return [waits_s / speed + SEEN_WITHIN_WALL_S for waits_s in _list_waits_s(batches)]


def _list_waits_s(batches: Sequence[Sequence[Bound]]) -> Iterator[float]:
    """Yield for how long Alertmanager's own timers make each batch wait, in rule time."""
    groups: set[GroupKey] = set()
    for batch in batches:
        legs = [leg for one in batch for leg in one.destination.legs]
        wait_s = max((find_wait_s(leg, groups) for leg in legs), default=0.0)
        close_s = max((leg.group_interval_s for leg in legs if _closes(leg)), default=0.0)
        groups |= {leg.group for leg in legs}
        yield wait_s + close_s


def say_why_long(batches: Sequence[Sequence[Bound]]) -> str:
    """Say what makes it long: alerts that cannot be sent at once, or the config's own timers."""
    if len(batches) > 1:
        return (
            f"alerts that would meet in a group, or inhibit each other, are sent one after another: "
            f"{len(batches)} batches"
        )
    legs = [leg for one in batches[0] for leg in one.destination.legs]
    longest_s = max(max(leg.group_wait_s, leg.group_interval_s) for leg in legs)
    return f"Alertmanager waits up to {format_s(longest_s)} of rule time by its config"


def _closes(leg: Leg) -> bool:
    return any(sender.sends_resolved for sender in leg.played)
