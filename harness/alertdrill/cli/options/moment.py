"""An instant on the command line: a date and a time, with a zone or in UTC; or a year."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

FIRST_YEAR, LAST_YEAR = 1970, 2090
"""Zones that show another year than this one have 32 bits for the seconds between the two."""
_TEXT = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?P<offset>Z|[+-]\d\d:\d\d)?)(?:\[(?P<zone>[\w/+-]+)\])?",
    re.ASCII,
)


class Year(click.ParamType[int]):
    """A year of which a calendar is made."""

    name = "year"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return it as a number."""
        if not re.fullmatch(r"19[7-9]\d|20\d\d", str(value), re.ASCII):
            self.fail(f"{value!r} is no year from 1970 to 2099", param, ctx)
        return int(value)


class Moment(click.ParamType[datetime]):
    """A date and a time in minutes: in UTC, or with `Z`, an offset, or a zone's name in brackets."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant, with its time zone."""
        found = _TEXT.fullmatch(str(value))
        if found is None:
            self.fail(
                f"{value!r} is no date and time, such as 2027-01-04T03:00, 2027-01-04T03:00+01:00 or "
                "2027-01-04T03:00[Europe/Berlin]",
                param,
                ctx,
            )
        if found["zone"] and found["offset"]:
            self.fail(f"{value!r} has an offset and a zone: give one of them", param, ctx)
        try:
            at = datetime.fromisoformat(found["time"])
        except ValueError as error:
            self.fail(f"{value!r} is no date and time: {error}", param, ctx)
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            self.fail(f"{value!r} is not in the years from {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        try:
            zone = ZoneInfo(found["zone"]) if found["zone"] else UTC
        except (KeyError, ValueError, OSError):
            self.fail(f"{found['zone']!r} is no time zone that this machine knows", param, ctx)
        at = at.replace(tzinfo=at.tzinfo or zone)
        if fault := find_fault(at):
            self.fail(f"{value!r} {fault}", param, ctx)
        return at


def find_fault(at: datetime) -> str:
    """Return why clocks of a zone show a time never, or twice; nothing if they show it once."""
    first, second = at.replace(fold=0), at.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return ""
    if not _is_shown(first):
        begin, end = (f"{one:%Y-%m-%d %H:%M}" for one in _find_gap(first, second))
        end = end.removeprefix(begin[:11])
        return f"is a time that does not exist: clocks there go on from {begin} to {end}"
    either = " or ".join(one.isoformat(timespec="minutes") for one in (first, second))
    return f"is there twice, for clocks are put back: say which, as {either}"


def _is_shown(at: datetime) -> bool:
    return at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) == at.replace(tzinfo=None, fold=0)


def _find_gap(first: datetime, second: datetime) -> tuple[datetime, datetime]:
    """Return the time from which clocks go on, and the one to which; times between are not shown."""
    late, early = first.astimezone(UTC), second.astimezone(UTC)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        is_before = middle.astimezone(first.tzinfo).utcoffset() == first.utcoffset()
        early, late = (middle, late) if is_before else (early, middle)
    changed = (late + timedelta(microseconds=500_000)).replace(microsecond=0)
    naive = changed.replace(tzinfo=None)
    offsets = (first.utcoffset() or timedelta(), second.utcoffset() or timedelta())
    return naive + offsets[0], naive + offsets[1]
