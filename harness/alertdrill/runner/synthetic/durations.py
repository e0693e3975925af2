"""How long it takes to send every alert, by what the config says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alertdrill.core.clock import format_s
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import GroupKey, Leg

SEEN_WITHIN_WALL_S = 0.3
"""What comes on top of Alertmanager's own timers, about: to hand alerts in, and to look again."""


def find_wait_s(leg: Leg, groups: Collection[GroupKey]) -> float:
    """Return after how long a receiver is notified of an alert, which may join one of the open `groups`."""
    return max(leg.group_wait_s, leg.group_interval_s if leg.group in groups else 0.0)


def estimate_wall_s(batches: Sequence[Sequence[Bound]], speed: float) -> list[float]:
    """Return how long each batch takes, in wall seconds, if all arrives: to be paged, and to close."""
    groups: set[GroupKey] = set()
    estimates = []
    for batch in batches:
        legs = [leg for one in batch for leg in one.destination.legs]
        wait_s = max((find_wait_s(leg, groups) for leg in legs), default=0.0)
        close_s = max((leg.group_interval_s for leg in legs if _closes(leg)), default=0.0)
        groups |= {leg.group for leg in legs}
        estimates.append((wait_s + close_s) / speed + SEEN_WITHIN_WALL_S)
    return estimates


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
