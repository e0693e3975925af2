"""When a route is muted in a year, and by what: as spans, and as weeks with their exceptions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from alertdrill.alertmanager.days_of_months import find_offset_s
from alertdrill.alertmanager.routes import Match
from alertdrill.alertmanager.time_intervals import (
    DAY_S,
    Span,
    TimeInterval,
    list_offsets,
    merge,
)

_EPOCH_DAY = date(1970, 1, 1)

Hold = tuple[int, int, tuple[str, ...]]
"""From which to which minute of a day a route is muted, and what by."""
DayPlan = tuple[Hold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Muting:
    """From when until when, in seconds since 1970, a route is muted, and what by: `by nights`."""

    begin_s: float
    end_s: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Days, the last one included, that go by one week, Monday first, and those that do not."""

    first: date
    last: date
    week: tuple[DayPlan, ...]
    exceptions: Mapping[DayPlan, tuple[date, ...]]


def find_year(year: int, zone: tzinfo) -> Span:
    """Return the span of a year in a time zone."""
    bounds = []
    for at in (datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)):
        bounds.append(at.timestamp())
    return bounds[0], bounds[1]


def find_mutings(match: Match, intervals: Mapping[str, TimeInterval], span: Span) -> list[Muting]:
    """Return when a route is muted within a span, in order: in an interval, or outside of the active ones."""
    reasons: dict[str, list[Span]] = {
        f"by {name}": intervals[name].list_spans(*span) for name in match.mute_time_intervals
    }
    if names := tuple(dict.fromkeys(match.active_time_intervals)):
        active = merge(one for name in names for one in intervals[name].list_spans(*span))
        reasons[f"outside {' and '.join(names)}"] = list(_invert(active, span))
    changes = sorted(
        (at_s, is_begin, reason)
        for reason, spans in reasons.items()
        for begin_s, end_s in spans
        for at_s, is_begin in ((begin_s, True), (end_s, False))
    )
    found: list[Muting] = []
    at_work: set[str] = set()
    for (at_s, is_begin, reason), (next_s, *_) in pairwise([*changes, (span[1], False, "")]):
        (at_work.add if is_begin else at_work.discard)(reason)
        if at_work and at_s < next_s:
            by = tuple(one for one in reasons if one in at_work)
            found.append(Muting(begin_s=at_s, end_s=next_s, by=by))
    return found


def _invert(spans: Sequence[Span], whole: Span) -> Iterator[Span]:
    """Yield what lies between spans."""
    begin_s = whole[0]
    for first_s, last_s in spans:
        if begin_s < first_s:
            yield begin_s, first_s
        begin_s = last_s
    if begin_s < whole[1]:
        yield begin_s, whole[1]


def plan_days(mutings: Sequence[Muting], zone: tzinfo, span: Span) -> dict[date, DayPlan]:
    """Return of each day of a span, as a zone counts days, when a route is muted as its clocks show it.

    Where a clock is put forward or back in a muting, that is one all the same. Of what follows each other
    without a gap, what mutes all of it is named alone.
    """
    plans: dict[date, list[tuple[float, Hold]]] = {
        day: [] for day in _list_days(_show_day(zone, span[0]), _show_day(zone, span[1] - 1))
    }
    offsets = list(list_offsets(zone, *span))
    for muting in mutings:
        for first_s, last_s, offset_s in offsets:
            begin_s, end_s = max(muting.begin_s, first_s), min(muting.end_s, last_s)
            while begin_s < end_s:
                day_s = (begin_s + offset_s) // DAY_S * DAY_S
                until_s = min(end_s, day_s + DAY_S - offset_s)
                shown = (round(begin_s + offset_s - day_s) // 60, round(until_s + offset_s - day_s) // 60)
                own = plans[_EPOCH_DAY + timedelta(days=day_s // DAY_S)]
                if own and own[-1][0] == begin_s and own[-1][1][2] == muting.by:
                    own[-1] = (until_s, (own[-1][1][0], shown[1], muting.by))
                else:
                    own.append((until_s, (*shown, muting.by)))
                begin_s = until_s
    return {day: _join([hold for _, hold in own]) for day, own in plans.items()}


def _join(holds: Sequence[Hold]) -> DayPlan:
    joined: list[list[Hold]] = []
    for hold in holds:
        if joined and joined[-1][-1][1] == hold[0]:
            joined[-1].append(hold)
        else:
            joined.append([hold])
    return tuple((parts[0][0], parts[-1][1], _name_reasons([by for *_, by in parts])) for parts in joined)


def _name_reasons(reasons: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(reason for by in reasons for reason in by))
    always = tuple(reason for reason in named if all(reason in by for by in reasons))
    return always or named


def find_seasons(
    plans: Mapping[date, DayPlan], zone: tzinfo, intervals: Sequence[TimeInterval]
) -> list[Season]:
    """Return the days as few seasons of a week each: one ends where clocks change, or a month's statement."""
    days = sorted(plans)
    begins = [
        day
        for before, day in pairwise(days)
        if _compare_zones(before, zone, intervals) != _compare_zones(day, zone, intervals)
        or (day.day == 1 and _list_months(before, intervals) != _list_months(day, intervals))
    ]
    bounds = [days[0], *begins, days[-1] + timedelta(days=1)]
    parts = [[day for day in days if first <= day < end] for first, end in pairwise(bounds)]
    seasons: list[list[date]] = []
    for part in parts:
        if seasons and _find_week(plans, seasons[-1]) == _find_week(plans, part):
            seasons[-1] += part
        else:
            seasons.append(part)
    return [_make_season(plans, part) for part in seasons]


def _make_season(plans: Mapping[date, DayPlan], days: Sequence[date]) -> Season:
    week = _find_week(plans, days)
    exceptions: dict[DayPlan, list[date]] = {}
    for day in days:
        if _times(plans[day]) != _times(week[day.weekday()]):
            exceptions.setdefault(plans[day], []).append(day)
    return Season(
        first=days[0],
        last=days[-1],
        week=week,
        exceptions={plan: tuple(own) for plan, own in exceptions.items()},
    )


def _find_week(plans: Mapping[date, DayPlan], days: Sequence[date]) -> tuple[DayPlan, ...]:
    """Return what most days of each weekday are like: muted at the same times, and most often by that.

    Where as many are like this as like that, other days say which is usual.
    """
    usual = Counter(_times(plans[day]) for day in days)
    week = []
    for number in range(7):
        own = [plans[day] for day in days if day.weekday() == number]
        ranked = [(count, usual[times], times) for times, count in Counter(map(_times, own)).items()]
        times = max(ranked)[2] if ranked else ()
        alike = Counter(plan for plan in own if _times(plan) == times)
        week.append(alike.most_common(1)[0][0] if alike else ())
    return tuple(week)


def _times(plan: DayPlan) -> tuple[tuple[int, int], ...]:
    return tuple((begin, end) for begin, end, _ in plan)


def _compare_zones(day: date, zone: tzinfo, intervals: Sequence[TimeInterval]) -> list[int]:
    """Return by how much the zones of intervals are ahead of the one that is shown, at noon."""
    noon_s = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    own_s = find_offset_s(zone, noon_s)
    periods = [period for interval in intervals for period in interval.periods]
    return [find_offset_s(period.zone, noon_s) - own_s for period in periods]


def _list_months(day: date, intervals: Sequence[TimeInterval]) -> list[bool]:
    """Return of each period whether what it states of months and years holds on a day."""
    return [period.has_month(day) for interval in intervals for period in interval.periods]


def _show_day(zone: tzinfo, at_s: float) -> date:
    return datetime.fromtimestamp(at_s, zone).date()


def _list_days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)
