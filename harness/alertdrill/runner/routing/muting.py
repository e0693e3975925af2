"""Which routes are muted at an instant, and by which time interval. Pure.

As Alertmanager's notify/notify.go: a route is muted in any of its own mute time intervals, and outside of all
its own active ones, if it has any. Neither is inherited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.routes import Match
from alertdrill.alertmanager.time_intervals import parse_intervals
from alertdrill.runner.routing.subjects import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Muting:
    """Whether a route notifies its receiver at an instant.

    `intervals` decide it, each with its name and its `file:line`: the instant is in them, or outside of them.
    `where` is the route's `file:line`.
    """

    receiver: str
    where: str
    is_muted: bool
    relation: Literal["in", "outside of", ""] = ""
    intervals: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        state = "muted" if self.is_muted else "active"
        named = ", ".join(f"{name} ({where})" for name, where in self.intervals)
        return f"{state} {self.relation} {named}" if named else f"{state} at any time"


def find_mutings(config: AlertmanagerConfig, ways: Sequence[Way], at: datetime) -> list[tuple[Muting, ...]]:
    """Return for each way whether its routes are muted at an instant, which has a time zone."""
    found: dict[str, Muting] = {}
    for match in (match for way in ways for match in way.matches):
        if match.pointer not in found:
            found[match.pointer] = _look_up(config, match, at)
    return [tuple(found[match.pointer] for match in way.matches) for way in ways]


def _look_up(config: AlertmanagerConfig, match: Match, at: datetime) -> Muting:
    known = parse_intervals(config.document)

    def name(*names: str) -> tuple[tuple[str, str], ...]:
        return tuple((one, config.locate(known[one].pointer)) for one in names)

    def decide(relation: Literal["in", "outside of", ""], *names: str, is_muted: bool = False) -> Muting:
        return Muting(
            receiver=match.receiver,
            where=config.locate(match.pointer),
            is_muted=is_muted,
            relation=relation,
            intervals=name(*names),
        )

    active = [one for one in match.active_time_intervals if known[one].contains(at)]
    if match.active_time_intervals and not active:
        return decide("outside of", *match.active_time_intervals, is_muted=True)
    muting = [one for one in match.mute_time_intervals if known[one].contains(at)]
    if muting:
        return decide("in", *muting, is_muted=True)
    if active:
        return decide("in", *active)
    return decide("outside of", *match.mute_time_intervals) if match.mute_time_intervals else decide("")
