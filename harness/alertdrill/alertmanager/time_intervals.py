"""Time intervals as Alertmanager reads them: which moments of any year each of them has. Pure.

Source: timeinterval/timeinterval.go of Alertmanager, the same in both generations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from alertdrill.alertmanager.calendar import find_zone
from alertdrill.alertmanager.days_of_months import count_days, find_offset_s
from alertdrill.alertmanager.intervals import INTERVAL_LISTS, MONTHS, WEEKDAYS

DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_S = 6 * 3600
"""No location changes its offset twice within this."""

Range = tuple[int, int]
"""From the first to the last, both included; of times in minutes of the day, the end is left out."""
Span = tuple[float, float]
"""Seconds since 1970, the end left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The moments at which all that is stated holds; None is stated of what holds always."""

    zone: tzinfo
    times: tuple[Range, ...] | None = None
    weekdays: tuple[Range, ...] | None = None
    days: tuple[Range, ...] | None = None
    months: tuple[Range, ...] | None = None
    years: tuple[Range, ...] | None = None

    def contains(self, at: datetime) -> bool:
        """Tell whether an instant, which has a time zone, is in it."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        in_time = self.times is None or any(begin <= minute < end for begin, end in self.times)
        return in_time and self.has_day(local.date())

    def has_day(self, day: date) -> bool:
        """Tell whether some of a day, as its location counts days, is in it."""
        if not self.has_month(day) or not _has(self.weekdays, day.isoweekday() % 7):
            return False
        if self.days is None:
            return True
        last = count_days(self.zone, day.year, day.month)
        return any(_is_day_within(day.day, begin, end, last) for begin, end in self.days)

    def has_month(self, day: date) -> bool:
        """Tell whether what it states of months and years holds on a day."""
        return _has(self.months, day.month) and _has(self.years, day.year)

    def list_spans(self, begin_s: float, end_s: float) -> Iterator[Span]:
        """Yield the spans of it between two instants, in order; some may touch."""
        times = ((0, 24 * 60),) if self.times is None else self.times
        for first_s, last_s, offset_s in list_offsets(self.zone, begin_s, end_s):
            day_s = (first_s + offset_s) // DAY_S * DAY_S
            while day_s < last_s + offset_s:
                if self.has_day((_EPOCH + timedelta(seconds=day_s)).date()):
                    for begin, end in times:
                        lowest = max(day_s + begin * 60 - offset_s, first_s)
                        highest = min(day_s + end * 60 - offset_s, last_s)
                        if lowest < highest:
                            yield lowest, highest
                day_s += DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """A time interval of a config: `pointer` is where it stands there (`/time_intervals/0`)."""

    name: str
    pointer: str
    periods: tuple[Period, ...]

    def contains(self, at: datetime) -> bool:
        """Tell whether an instant, which has a time zone, is in it."""
        return any(period.contains(at) for period in self.periods)

    def list_spans(self, begin_s: float, end_s: float) -> list[Span]:
        """Return the spans of it between two instants, in order; none touches another."""
        return merge(span for period in self.periods for span in period.list_spans(begin_s, end_s))


def parse_intervals(document: Mapping[str, Any]) -> dict[str, TimeInterval]:
    """Return the time intervals of a config that has been checked, by name."""
    return {
        stated["name"]: TimeInterval(
            name=stated["name"],
            pointer=f"/{key}/{number}",
            periods=tuple(_parse_period(period) for period in stated.get("time_intervals", ())),
        )
        for key in INTERVAL_LISTS
        for number, stated in enumerate(document.get(key, ()))
    }


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return what spans cover together, in order; none touches another."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def list_offsets(zone: tzinfo, begin_s: float, end_s: float) -> Iterator[tuple[float, float, int]]:
    """Yield the spans between two instants in which a zone is as many seconds ahead of UTC, and how many."""
    since_s, at_s, offset_s = begin_s, begin_s, find_offset_s(zone, begin_s)
    while at_s < end_s:
        next_s = min(at_s + _STEP_S, end_s)
        if find_offset_s(zone, next_s) != offset_s:
            change_s = _find_change_s(zone, at_s, next_s, offset_s)
            yield since_s, change_s, offset_s
            since_s, offset_s = change_s, find_offset_s(zone, change_s)
            next_s = change_s
        at_s = next_s
    if since_s < end_s:
        yield since_s, end_s, offset_s


def _find_change_s(zone: tzinfo, before_s: float, after_s: float, offset_s: int) -> float:
    """Return the first whole second with another offset than at `before_s`."""
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if find_offset_s(zone, middle_s) == offset_s:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s


def _has(ranges: Sequence[Range] | None, value: int) -> bool:
    return ranges is None or any(begin <= value <= end for begin, end in ranges)


def _is_day_within(day: int, begin: int, end: int, last: int) -> bool:
    first, final = (last + bound + 1 if bound < 0 else bound for bound in (begin, end))
    return first <= last and max(first, -last) <= day <= min(final, last)


def _parse_period(stated: Mapping[str, Any]) -> Period:
    return Period(
        zone=find_zone(stated.get("location", "")),
        times=_parse(stated, "times", _parse_times),
        weekdays=_parse(stated, "weekdays", lambda text: _parse_range(text, WEEKDAYS, 0)),
        days=_parse(stated, "days_of_month", _parse_range),
        months=_parse(stated, "months", lambda text: _parse_range(text, MONTHS, 1)),
        years=_parse(stated, "years", _parse_range),
    )


def _parse(stated: Mapping[str, Any], key: str, parse: Callable[[Any], Range]) -> tuple[Range, ...] | None:
    # An empty list is stated: nothing is in it.
    return None if stated.get(key) is None else tuple(parse(one) for one in stated[key])


def _parse_times(stated: Mapping[str, str]) -> Range:
    begin, end = (stated[key].split(":") for key in ("start_time", "end_time"))
    return int(begin[0]) * 60 + int(begin[1]), int(end[0]) * 60 + int(end[1])


def _parse_range(text: str, names: Sequence[str] = (), first: int = 0) -> Range:
    """Return what `FROM:TO`, or one value, means; the names count from `first`."""
    begin, *end = (
        names.index(member) + first if member in names else int(member) for member in text.lower().split(":")
    )
    return begin, end[0] if end else begin
