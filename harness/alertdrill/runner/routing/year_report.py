"""What is shown of a year: to people the weeks of each route and what differs, to programs spans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from alertdrill.core.wording import printable, say_name
from alertdrill.reports.terminal.lines import flow
from alertdrill.runner.routing.year import DayPlan, Season
from alertdrill.runner.routing.year_routes import AlertsYear, RouteYear

ALL_DAY = 24 * 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOT_MUTED = "not muted"


@dataclass(frozen=True, slots=True)
class ShownYear:
    """The routes one after another, each with its weeks; lines that are too long go on below."""

    found: AlertsYear

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(f"{self.found.year}: when Alertmanager mutes the routes of these alerts")
        for route in self.found.routes:
            yield Text("")
            yield from _show_route(route, options.max_width)
            for season in route.seasons:
                yield from _show_season(season, options.max_width, is_only=len(route.seasons) == 1)
            for month, last in route.short:
                why = f"ends on the {last}th: summer time takes an hour of it"
                yield Text(f"  (to Alertmanager {MONTHS[month - 1]} {why})")
        muted = {name for route in self.found.routes for name in route.alerts}
        for what, is_own in (("never muted:", False), ("never muted on another route:", True)):
            names = [name for name in self.found.never_muted if (name in muted) is is_own]
            if names:
                yield Text("")
                yield from flow([Text(what), *_enumerate(names)], options.max_width)


def write_year(found: AlertsYear) -> dict[str, Any]:
    """Return the routes and when each is muted as JSON has it."""
    return {
        "year": found.year,
        "routes": [
            {
                "alerts": list(route.alerts),
                "receiver": route.receiver,
                "path": list(route.path),
                "source": route.where,
                "time_intervals": [{"name": name, "source": where} for name, where in route.intervals],
                "timezone": str(route.zone),
                "muted": [
                    {
                        "from": _write_instant(muting.begin_s, route),
                        "until": _write_instant(muting.end_s, route),
                        "by": list(muting.by),
                    }
                    for muting in route.mutings
                ],
            }
            for route in found.routes
        ],
        "never_muted": list(found.never_muted),
    }


def _write_instant(at_s: float, route: RouteYear) -> str:
    return datetime.fromtimestamp(at_s, route.zone).isoformat()


def _show_route(route: RouteYear, width: int) -> Iterator[RenderableType]:
    """Yield what is said of a route itself."""
    yield from flow(_enumerate(route.alerts, style="bold"), width)
    way = f"{' > '.join(route.path)} ({route.where})"
    receiver = say_name(route.receiver)
    yield from flow([Text(printable(f"to {receiver}")), Text(printable(f"by {way}"))], width, lead="  ")
    intervals = _enumerate([f"{name} ({where})" for name, where in route.intervals])
    yield from flow([Text(f"times of {route.zone};"), *intervals], width, lead="  ")


def _enumerate(names: Sequence[str], style: str = "") -> list[Text]:
    return [
        Text(printable(name) + ("," if number < len(names) else ""), style=style)
        for number, name in enumerate(names, 1)
    ]


def _show_season(season: Season, width: int, *, is_only: bool) -> Iterator[RenderableType]:
    if not is_only:
        yield Text(f"  {_say_days(season.first, season.last)}")
    lead = "  " if is_only else "    "
    week = list(_list_week(season))
    longest = max(len(name) for name, _ in week)
    for name, plan in week:
        yield from flow(
            [Text(f"{name:{longest}}"), *_list_holds(plan)],
            width,
            lead=lead,
            indent=lead + " " * (longest + 2),
        )
    for plan, dates in season.exceptions.items():
        *days, last = _enumerate([_say_days(*run) for run in _list_runs(dates)])
        said = [Text("but on"), *days, last.append(":"), *_list_holds(plan)]
        yield from flow(said, width, lead=lead, indent=lead + "    ")


def _list_week(season: Season) -> Iterator[tuple[str, DayPlan]]:
    """Yield the days of a week that are alike, and their plan."""
    for plan, own in groupby(range(7), lambda number: season.week[number]):
        numbers = list(own)
        first, last = WEEKDAYS[numbers[0]], WEEKDAYS[numbers[-1]]
        alike = "every day" if len(numbers) == 7 else first if first == last else f"{first}-{last}"
        yield alike, plan


def _list_holds(plan: DayPlan) -> list[Text]:
    """Return when a route is muted on a day and what by, in words."""
    said: dict[tuple[str, ...], list[str]] = {}
    for begin, end, by in plan:
        said.setdefault(by, []).append(_say_time(begin, end))
    return [
        Text(f"muted {', '.join(times)} {printable(_say_reasons(by))}", style="yellow")
        for by, times in said.items()
    ] or [Text(NOT_MUTED, style="green")]


def _say_reasons(reasons: Sequence[str]) -> str:
    first, *more = reasons
    return " and ".join([first, *(reason.removeprefix("by ") for reason in more)])


def _say_time(begin: int, end: int) -> str:
    if (begin, end) == (0, ALL_DAY):
        return "all day"
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (begin, end))


def _list_runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last of days that follow each other."""
    first = last = days[0]
    for day in days[1:]:
        if day - last > timedelta(days=1):
            yield first, last
            first = day
        last = day
    yield first, last


def _say_days(first: date, last: date) -> str:
    end = f"{last.day} {MONTHS[last.month - 1]}"
    if first == last:
        return end
    begin = str(first.day) if first.month == last.month else f"{first.day} {MONTHS[first.month - 1]}"
    return f"{begin}-{end}"
