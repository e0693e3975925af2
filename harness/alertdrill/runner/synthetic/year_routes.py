"""Which routes alerts take, and when each of these is muted in a year. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.days_of_months import count_days
from alertdrill.alertmanager.routes import Match, match_routes, parse_routes
from alertdrill.alertmanager.time_intervals import TimeInterval, parse_intervals
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import Leg
from alertdrill.runner.synthetic.year import (
    Muting,
    Season,
    find_mutings,
    find_seasons,
    find_year,
    plan_days,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteYear:
    """A route that takes alerts: when it is muted in a year, and in which seasons its weeks differ.

    `where` is its `file:line`, `intervals` has each interval that it names with its own. `zone` is where most
    of these are read; seasons are by its clocks. `short` has each month that Alertmanager takes to end early
    and its last day, where that matters.
    """

    alerts: tuple[str, ...]
    leg: Leg
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


def look_at_year(bound: Sequence[Bound], config: AlertmanagerConfig, year: int) -> AlertsYear:
    """Return what becomes of alerts in a year, route by route."""
    root, intervals = parse_routes(config.document), parse_intervals(config.document)
    taken: dict[str, tuple[Match, Leg, list[str]]] = {}
    never_muted = []
    for one in bound:
        matches = match_routes(root, one.alert.labels)
        for match, leg in zip(matches, one.destination.legs, strict=True):
            if match.mute_time_intervals or match.active_time_intervals:
                taken.setdefault(match.pointer, (match, leg, []))[2].append(one.alert.name)
            else:
                never_muted.append(one.alert.name)
    return AlertsYear(
        year=year,
        routes=tuple(
            _look_at_route(match, leg, tuple(dict.fromkeys(names)), intervals, config, year)
            for match, leg, names in taken.values()
        ),
        never_muted=tuple(dict.fromkeys(never_muted)),
    )


def _look_at_route(
    match: Match,
    leg: Leg,
    alerts: tuple[str, ...],
    intervals: dict[str, TimeInterval],
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
        leg=leg,
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
