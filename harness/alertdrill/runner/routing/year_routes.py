"""Which routes alerts take, and when each of these is muted in a year. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.days_of_months import count_days
from alertdrill.alertmanager.routes import Match, parse_routes
from alertdrill.alertmanager.time_intervals import TimeInterval, parse_intervals
from alertdrill.runner.routing.subjects import Way
from alertdrill.runner.routing.year import Muting, Season, find_mutings, find_seasons, find_year, plan_days
from alertdrill.runner.synthetic.route import describe_way


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteYear:
    """A route that takes alerts: when it is muted in a year, and in which seasons its weeks differ.

    `path` has the matchers on the way to it, `where` is its `file:line`; so has each of its `intervals`.
    `zone` is where most of these are read; seasons are by its clocks. `short` has months that Alertmanager
    takes to end early with their last day, where that matters.
    """

    alerts: tuple[str, ...]
    receiver: str
    path: tuple[str, ...]
    where: str
    intervals: tuple[tuple[str, str], ...]
    zone: tzinfo
    short: tuple[tuple[int, int], ...]
    mutings: tuple[Muting, ...]
    seasons: tuple[Season, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsYear:
    """The routes of alerts that may be muted in a year, and which alerts have a route that never is."""

    year: int
    routes: tuple[RouteYear, ...]
    never_muted: tuple[str, ...]


def look_at_year(ways: Sequence[Way], config: AlertmanagerConfig, year: int) -> AlertsYear:
    """Return what becomes of alerts in a year, route by route."""
    intervals = parse_intervals(config.document)
    taken: dict[str, tuple[Match, list[str]]] = {}
    never_muted = []
    for way in ways:
        for match in way.matches:
            if match.mute_time_intervals or match.active_time_intervals:
                taken.setdefault(match.pointer, (match, []))[1].append(way.subject.title)
            else:
                never_muted.append(way.subject.title)
    return AlertsYear(
        year=year,
        routes=tuple(
            _look_at_route(match, tuple(dict.fromkeys(names)), intervals, config, year)
            for match, names in taken.values()
        ),
        never_muted=tuple(dict.fromkeys(never_muted)),
    )


def _look_at_route(
    match: Match,
    alerts: tuple[str, ...],
    intervals: Mapping[str, TimeInterval],
    config: AlertmanagerConfig,
    year: int,
) -> RouteYear:
    names = dict.fromkeys(match.mute_time_intervals + match.active_time_intervals)
    own = [intervals[name] for name in names]
    zone = _choose_zone(own)
    span = find_year(year, zone)
    mutings = tuple(find_mutings(match, intervals, span))
    return RouteYear(
        alerts=alerts,
        receiver=match.receiver,
        path=describe_way(parse_routes(config.document), match),
        where=config.locate(match.pointer),
        intervals=tuple((interval.name, config.locate(interval.pointer)) for interval in own),
        zone=zone,
        short=tuple(_list_short_months(own, year)),
        mutings=mutings,
        seasons=tuple(find_seasons(plan_days(mutings, zone, span), zone, own)),
    )


def _choose_zone(intervals: Sequence[TimeInterval]) -> tzinfo:
    """Return the zone that most periods are read in, the first of them where there are several."""
    zones = [period.zone for interval in intervals for period in interval.periods]
    return max(zones, key=zones.count, default=UTC)


def _list_short_months(intervals: Sequence[TimeInterval], year: int) -> Iterator[tuple[int, int]]:
    """Yield months that have fewer days to Alertmanager than they have, where days count from the end."""
    zones = {
        period.zone
        for interval in intervals
        for period in interval.periods
        if any(bound < 0 for days in period.days or () for bound in days)
    }
    for month in range(1, 13):
        last = min((count_days(zone, year, month) for zone in zones), default=31)
        if last < monthrange(year, month)[1]:
            yield month, last
