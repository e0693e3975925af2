"""Whether a time interval of a config holds at an instant. Pure.

As `ContainsTime` in Alertmanager's timeinterval/timeinterval.go, the same in both generations. There a month
has as many days as its hours divided by 24, rounded down: in a location with summer time the month in which
an hour is left out is a day short, and `-1` in it is the last day but one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from alertdrill.alertmanager.calendar import find_zone
from alertdrill.alertmanager.intervals import INTERVAL_LISTS, MONTHS, WEEKDAYS

Interval = Mapping[str, Any]


def list_intervals(document: Mapping[str, Any]) -> dict[str, tuple[str, Interval]]:
    """Return every time interval of a config by its name: its pointer, and what it states."""
    return {
        interval["name"]: (f"/{key}/{index}", interval)
        for key in INTERVAL_LISTS
        for index, interval in enumerate(document.get(key, ()))
    }


def holds(interval: Interval, at: datetime) -> bool:
    """Tell whether an interval holds at an instant, which has a time zone: in any of its periods."""
    return any(_is_within(period, at) for period in interval.get("time_intervals", ()))


def _is_within(period: Mapping[str, Any], at: datetime) -> bool:
    """Tell whether an instant is within a period; what it does not state may be anything."""
    local = at.astimezone(find_zone(period.get("location", "")))
    return all(
        any(is_in(item, local) for item in period[key]) for key, is_in in _FIELDS.items() if key in period
    )


def _is_in_times(times: Mapping[str, str], local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    return _count_minutes(times["start_time"]) <= minute < _count_minutes(times["end_time"])


def _count_minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _is_in_days(text: str, local: datetime) -> bool:
    days = _count_days(local)
    first, last = (day if day > 0 else days + day + 1 for day in _read_range(text, int))
    # A range that begins after the month's end is in no day of it, also not in the last one.
    return first <= days and max(first, -days) <= local.day <= min(last, days)


def _count_days(local: datetime) -> int:
    """Return how many days Alertmanager takes a month to have."""
    begin = datetime(local.year, local.month, 1, tzinfo=local.tzinfo)
    following = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=local.tzinfo)
    return int((following.astimezone(UTC) - begin.astimezone(UTC)).total_seconds() // 86400)


def _is_in_weekdays(text: str, local: datetime) -> bool:
    first, last = _read_range(text, WEEKDAYS.index)
    return first <= local.isoweekday() % 7 <= last


def _is_in_months(text: str, local: datetime) -> bool:
    first, last = _read_range(text, lambda name: MONTHS.index(name) + 1 if name in MONTHS else int(name))
    return first <= local.month <= last


def _is_in_years(text: str, local: datetime) -> bool:
    first, last = _read_range(text, int)
    return first <= local.year <= last


def _read_range(text: str, read: Callable[[str], int]) -> tuple[int, int]:
    members = text.lower().split(":")
    return read(members[0]), read(members[-1])


_FIELDS: Mapping[str, Callable[[Any, datetime], bool]] = {
    "times": _is_in_times,
    "days_of_month": _is_in_days,
    "weekdays": _is_in_weekdays,
    "months": _is_in_months,
    "years": _is_in_years,
}
