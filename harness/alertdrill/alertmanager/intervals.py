"""Time intervals of a config, held to what Alertmanager takes: times, weekdays, days, months and years. Pure.

Source: timeinterval/timeinterval.go of Alertmanager, the same in both generations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from alertdrill.alertmanager.yaml_without_secrets import Located

INTERVAL_LISTS = ("time_intervals", "mute_time_intervals")

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_SHORTEST_MONTH = 28
_LAST_DAY = 31

_Complaint = str | None


def check_intervals(document: Mapping[str, Any]) -> Located:
    """Yield a complaint for each time, weekday, day, month and year that is none."""
    for pointer, period in _list_periods(document):
        for index, times in enumerate(period.get("times", ())):
            if complaint := _check_times(times):
                yield f"{pointer}/times/{index}", complaint
        for key, check in _CHECKS.items():
            for index, text in enumerate(period.get(key, ())):
                if complaint := _check_range(text.lower(), check):
                    yield f"{pointer}/{key}/{index}", f"{text!r} in {key}: {complaint}"


def _list_periods(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in INTERVAL_LISTS:
        for number, interval in enumerate(document.get(key, ())):
            for index, period in enumerate(interval.get("time_intervals", ())):
                yield f"/{key}/{number}/time_intervals/{index}", period


def _check_times(times: Mapping[str, Any]) -> _Complaint:
    start, end = times.get("start_time", ""), times.get("end_time", "")
    if not start or not end:
        return "a time range has a start_time and an end_time"
    for text in (start, end):
        if not _TIME.fullmatch(text):
            return f"{text!r} is not a time such as 09:00"
    return None if start < end else f"the start_time {start} is not before the end_time {end}"


def _check_range(text: str, check: Callable[[str, str], _Complaint]) -> _Complaint:
    members = text.split(":")
    if len(members) > 2:
        return "this is not a range such as FROM:TO"
    return check(members[0], members[-1])


def _check_weekdays(begin: str, end: str) -> _Complaint:
    for member in (begin, end):
        if member not in WEEKDAYS:
            return f"{member!r} is not a weekday such as monday"
    if WEEKDAYS.index(begin) > WEEKDAYS.index(end):
        return "it ends before it begins: a week begins on sunday"
    return None


def _check_days(begin: str, end: str) -> _Complaint:
    days = []
    for member in (begin, end):
        if not _NUMBER.fullmatch(member) or not 1 <= abs(int(member)) <= _LAST_DAY:
            return f"{member!r} is not a day of the month from 1 to 31, or from -1 (the last) to -31"
        days.append(int(member))
    if days[0] < 0 < days[1]:
        return "it ends before it begins: counted from the month's end, both must be"
    first, last = (_SHORTEST_MONTH + day if day < 0 else day for day in days)
    return "it ends before it begins, in February at the latest" if first > last else None


def _check_months(begin: str, end: str) -> _Complaint:
    for member in (begin, end):
        if member not in MONTHS and not _NUMBER.fullmatch(member):
            return f"{member!r} is not a month such as january or 1"
    first, last = (MONTHS.index(member) + 1 if member in MONTHS else int(member) for member in (begin, end))
    return "it ends before it begins" if first > last else None


def _check_years(begin: str, end: str) -> _Complaint:
    for member in (begin, end):
        if not _NUMBER.fullmatch(member):
            return f"{member!r} is not a year"
    return "it ends before it begins" if int(begin) > int(end) else None


_CHECKS: Mapping[str, Callable[[str, str], _Complaint]] = {
    "weekdays": _check_weekdays,
    "days_of_month": _check_days,
    "months": _check_months,
    "years": _check_years,
}
