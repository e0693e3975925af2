"""The calendar that Alertmanager's time intervals are read on, as time zones.

Alertmanager reads time intervals on the wall clock, in a location that the interval names. Go looks for
locations in the folder that the environment's ZONEINFO names, before all others. So the redirected config
names locations of our own, whose local time is the calendar in rule time: their offset from UTC grows by
`speed - 1` seconds a second, in steps. The intervals themselves stay as they are.

Format of the files: TZif, version 2 (RFC 8536). It has room for 256 offsets, so a step is a second of wall
time up to 255 seconds of run, and longer in longer runs. Within a step the calendar runs at wall speed: it is
right in the middle, and off by up to `speed * step / 2` seconds of rule time at both ends.

Alertmanager counts the days of a month as the hours between its first instant and the next one's, divided by
24 and rounded down. An offset that grows between them makes the month a day short. So long before a run the
offset is the largest of the run's, and long after it the smallest: the hours may be some more, never less.
But a month that summer time makes a day short at the location itself is to be short on the calendar, too.
"""

from __future__ import annotations

import math
import struct
from calendar import monthrange, timegm
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from alertdrill.alertmanager.days_of_months import count_days
from alertdrill.alertmanager.intervals import INTERVAL_LISTS
from alertdrill.alertmanager.yaml_without_secrets import Located
from alertdrill.core.clock import Clock

ZONE_FOLDER = "alertdrill"
MAX_OFFSETS = 256
_ABBREVIATION = b"RULE\0"
_HOUR_S = 3600
_BESIDE_S = 60
"""For so long (wall time) before and after a run the calendar goes on at wall speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What the calendar shows: `origin`, which has a time zone, is its instant at rule time 0."""

    origin: datetime

    def read(self, rule_s: float) -> datetime:
        """Return the calendar's instant at a rule time."""
        # In UTC, because an hour that a time zone leaves out or repeats is an hour all the same.
        return self.origin.astimezone(UTC) + timedelta(seconds=rule_s)


def name_zone(location: str) -> str:
    """Return the name of our own zone in place of a location; Alertmanager's own default is UTC."""
    return f"{ZONE_FOLDER}/{_name_real_zone(location)}"


def write_zones(
    document: Mapping[str, Any], clock: Clock, calendar: Calendar, until_s: float
) -> dict[str, bytes]:
    """Return the file of each zone that a config's time intervals need, by its name.

    The names are paths too, below the folder that ZONEINFO is to name. They hold from rule time 0 to
    `until_s`, and for a minute of wall time before and after that at wall speed.
    """
    locations = {location for _, location in _list_locations(document)}
    return {
        name_zone(location): _write_zone(find_zone(location), clock, calendar, until_s)
        for location in sorted(locations)
    }


def check_locations(document: Mapping[str, Any]) -> Located:
    """Yield a complaint for each location that this machine does not know."""
    for pointer, location in _list_locations(document):
        try:
            find_zone(location)
        except (KeyError, ValueError, OSError):
            yield pointer, f"the location {location!r} is no time zone that this machine knows"


def _list_locations(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in INTERVAL_LISTS:
        for number, interval in enumerate(document.get(key, ())):
            for index, period in enumerate(interval.get("time_intervals", ())):
                pointer = f"/{key}/{number}/time_intervals/{index}/location"
                yield pointer, period.get("location", "")


def _name_real_zone(location: str) -> str:
    # Which place `Local` is, only the machine knew that the config came from: in containers it is UTC.
    return "UTC" if location in {"", "Local"} else location


def find_zone(location: str) -> tzinfo:
    """Return the time zone of a location; raises KeyError, ValueError or OSError where it is none."""
    name = _name_real_zone(location)
    return UTC if name == "UTC" else ZoneInfo(name)


def _write_zone(zone: tzinfo, clock: Clock, calendar: Calendar, until_s: float) -> bytes:
    begin, end = math.floor(clock.wall_s(0.0)), math.ceil(clock.wall_s(until_s))
    step = max(1, math.ceil((end - begin) / (MAX_OFFSETS - 1)))
    during = range(begin, end + 1, step)
    held = [_find_offset(zone, clock, calendar, instant + step / 2) for instant in during]
    before, after = _find_offsets_beside(zone, calendar, until_s, held)
    instants = (begin - _BESIDE_S, *during, end + _BESIDE_S)
    offsets = (held[0], *held, after)
    # The first kind is what holds before the first transition.
    kinds = [before, *sorted({*offsets} - {before}, reverse=True)]
    return b"".join(
        (
            # Readers of version 1 would have 32-bit transitions here; nobody reads them.
            _write_header(transitions=0, kinds=1),
            struct.pack(">lBB", 0, 0, 0),
            _ABBREVIATION,
            _write_header(transitions=len(instants), kinds=len(kinds)),
            struct.pack(f">{len(instants)}q", *instants),
            bytes(kinds.index(offset) for offset in offsets),
            b"".join(struct.pack(">lBB", offset, 0, 0) for offset in kinds),
            _ABBREVIATION,
            b"\n\n",
        )
    )


def _find_offsets_beside(
    zone: tzinfo, calendar: Calendar, until_s: float, held: Sequence[int]
) -> tuple[int, int]:
    """Return the offsets long before and long after a run, by which months have the days that they have."""
    first, last = (calendar.read(rule_s).astimezone(zone) for rule_s in (0.0, until_s))
    is_first_short, is_last_short = (_is_short(zone, at) for at in (first, last))
    if is_first_short and (first.year, first.month) == (last.year, last.month):
        return held[0], held[0] + _HOUR_S
    before = min(held) - _HOUR_S if is_first_short else max(held)
    return before, max(held) + _HOUR_S if is_last_short else min(held)


def _is_short(zone: tzinfo, at: datetime) -> bool:
    return count_days(zone, at.year, at.month) < monthrange(at.year, at.month)[1]


def _write_header(*, transitions: int, kinds: int) -> bytes:
    return b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, transitions, kinds, len(_ABBREVIATION))


def _find_offset(zone: tzinfo, clock: Clock, calendar: Calendar, wall_s: float) -> int:
    """Return by how many seconds the calendar's local time is ahead of UTC at a wall instant."""
    local = calendar.read(clock.rule_s(wall_s)).astimezone(zone)
    return round(timegm(local.timetuple()) + local.microsecond / 1e6 - wall_s)
