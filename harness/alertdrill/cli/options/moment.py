"""An instant on the command line: a date and a time, with a zone or in UTC; or a year."""

from __future__ import annotations

import re
from datetime import UTC, datetime
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
        return at.replace(tzinfo=at.tzinfo or zone)
