"""Tests of the calendar that time intervals are read on: as Python reads it, and as Alertmanager does."""

from __future__ import annotations

import io
import time
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.alertmanager_process import open_sink, run_alertmanager

from alertdrill.alertmanager import days_of_months
from alertdrill.alertmanager.calendar import Calendar, name_zone, write_zones
from alertdrill.alertmanager.config import parse_config
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.core.clock import Clock
from alertdrill.runtime.binaries import Engines

BERLIN = ZoneInfo("Europe/Berlin")


def write(location: str, clock: Clock, calendar: Calendar, until_s: float) -> bytes:
    """Return the zone in place of one location."""
    document = {"time_intervals": [{"name": "n", "time_intervals": [{"location": location}]}]}
    ((name, content),) = write_zones(document, clock, calendar, until_s).items()
    assert name == name_zone(location)
    return content


def read_local(zone: bytes, wall_s: float) -> datetime:
    """Return what a clock in the zone shows, as Python reads it."""
    return datetime.fromtimestamp(wall_s, ZoneInfo.from_file(io.BytesIO(zone))).replace(tzinfo=None)


@pytest.mark.parametrize("speed", [1, 7.5, 60])
@pytest.mark.parametrize("length_s", [60.0, 3 * 3600.0, 12 * 3600.0])
def test_local_time_is_the_rule_calendar(speed: float, length_s: float) -> None:
    """From the first to the last second of a run, to within half a step of the zone's 256 offsets."""
    clock = Clock(speed=speed, origin_s=1_800_000_000.3)
    calendar = Calendar(origin=datetime.fromtimestamp(1_800_000_000, BERLIN) + timedelta(hours=3))
    zone = write("Europe/Berlin", clock, calendar, length_s)
    step_s = max(1, -(-(length_s / speed + 2) // 255))
    for part in range(101):
        rule_s = length_s * part / 100
        shown = read_local(zone, clock.wall_s(rule_s))
        meant = calendar.read(rule_s).astimezone(BERLIN).replace(tzinfo=None)
        assert abs(shown - meant) <= timedelta(seconds=speed * step_s / 2 + 1)


def test_the_calendar_changes_to_summer_time_as_the_location_does() -> None:
    """The night when an hour is left out is an hour shorter in Berlin, and not in UTC."""
    clock = Clock(speed=60, origin_s=1_774_746_000)
    calendar = Calendar(origin=datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN))
    for location, shown in (("Europe/Berlin", "03:30"), ("", "01:30")):
        zone = write(location, clock, calendar, 2 * 3600)
        half_a_step = timedelta(seconds=30)  # it is right in the middle of a step
        assert f"{read_local(zone, clock.wall_s(3600) + 0.5) - half_a_step:%H:%M}" == shown


def count_days(zone: bytes, shown: datetime) -> int:
    """Return how many days Alertmanager takes a month to have: it divides its hours by 24, rounding down."""
    read = ZoneInfo.from_file(io.BytesIO(zone))
    begin = datetime(shown.year, shown.month, 1, tzinfo=read)
    following = datetime(shown.year + shown.month // 12, shown.month % 12 + 1, 1, tzinfo=read)
    return int((following.timestamp() - begin.timestamp()) // 86400)


@pytest.mark.parametrize(
    "day", ["2026-11-30", "2026-11-15", "2026-12-01", "2026-12-31", "2027-02-28", "2028-02-29"]
)
@pytest.mark.parametrize("hour", [0, 12, 22])
@pytest.mark.parametrize("speed", [1, 60])
def test_a_month_has_its_days_throughout_a_run(day: str, hour: int, speed: float) -> None:
    """Whatever day it is, and also where the run goes on into the next month: -1 is the last of them."""
    origin = datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")
    clock = Clock(speed=speed, origin_s=origin.timestamp())
    length_s = 4 * 3600.0
    zone = write("", clock, Calendar(origin=origin), length_s)
    for part in range(21):
        shown = read_local(zone, clock.wall_s(length_s * part / 20))
        assert count_days(zone, shown) == monthrange(shown.year, shown.month)[1], shown


@pytest.mark.parametrize(
    "begin",
    [
        *("2027-03-10T12:00", "2027-03-28T01:00", "2027-03-31T22:30", "2027-02-28T22:30"),
        *("2027-04-15T12:00", "2027-04-30T22:30", "2027-10-31T01:00"),
    ],
)
@pytest.mark.parametrize("speed", [1, 60])
def test_a_month_with_summer_time_is_as_short_as_at_its_location(begin: str, speed: float) -> None:
    """March is a day short to Alertmanager where summer time begins; those before and after it are not."""
    origin = datetime.fromisoformat(begin).replace(tzinfo=BERLIN)
    clock = Clock(speed=speed, origin_s=origin.timestamp())
    length_s = 4 * 3600.0
    zone = write("Europe/Berlin", clock, Calendar(origin=origin), length_s)
    for part in range(21):
        shown = read_local(zone, clock.wall_s(length_s * part / 20))
        assert count_days(zone, shown) == days_of_months.count_days(BERLIN, shown.year, shown.month), shown


def test_a_long_run_has_longer_steps() -> None:
    """A file has room for 256 offsets, whatever the length."""
    clock = Clock(speed=10, origin_s=1_800_000_000)
    calendar = Calendar(origin=datetime.fromtimestamp(1_800_000_000, UTC))
    assert len(write("", clock, calendar, 100)) < 1000
    assert len(write("", clock, calendar, 10 * 86400)) < 4000


def test_every_location_has_a_zone_and_no_interval_none() -> None:
    """Both lists of intervals are looked at; what names no location, or that of the machine, is in UTC."""
    document = {
        "time_intervals": [{"name": "a", "time_intervals": [{"location": "Europe/Berlin"}, {}]}],
        "mute_time_intervals": [
            {"name": "b", "time_intervals": [{"location": "Local"}, {"location": "UTC"}]}
        ],
    }
    clock = Clock(speed=60, origin_s=0)
    calendar = Calendar(origin=datetime(1970, 1, 1, tzinfo=UTC))
    zones = write_zones(document, clock, calendar, 60)
    assert set(zones) == {"alertdrill/Europe/Berlin", "alertdrill/UTC"}
    assert write_zones({"route": {}}, clock, calendar, 60) == {}


INTERVALS = """
route:
  receiver: a
  group_by: [alertname]
  group_wait: 0s
  group_interval: 30s
  routes:
  - {matchers: [alertname="NotByNight"], receiver: night, mute_time_intervals: [nights]}
  - {matchers: [alertname="NotByDay"], receiver: day, mute_time_intervals: [days]}
  - {matchers: [alertname="InOfficeHours"], receiver: office, active_time_intervals: [days]}
time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: 00:00, end_time: 08:00}, {start_time: 22:00, end_time: 24:00}]
    location: Europe/Berlin
- name: days
  time_intervals:
  - {times: [{start_time: 07:00, end_time: 21:00}]}
receivers:
- name: a
- {name: night, webhook_configs: [{url: x}]}
- {name: day, webhook_configs: [{url: x}]}
- {name: office, webhook_configs: [{url: x}]}
"""


def place_zones(folder: Path, zones: Mapping[str, bytes]) -> None:
    """Write zones where ZONEINFO names their folder."""
    for name, content in zones.items():
        path = folder / "zoneinfo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_alertmanager_reads_its_time_intervals_on_the_rule_calendar(
    each_engines: Engines, target: Target, tmp_path: Path
) -> None:
    """Muted in an interval that is now on that calendar, not in one that is not; it ends when it ends there.

    The calendar shows midnight at first; it is set to shortly before eight in Berlin, seven in UTC, once the
    origin of the run is known, and read anew with the config.
    """
    config = parse_config(INTERVALS, "a.yml")
    midnight = Calendar(origin=datetime(2026, 1, 14, tzinfo=BERLIN))
    place_zones(
        tmp_path,
        write_zones(config.document, Clock(speed=60, origin_s=time.time()), midnight, 3600),
    )
    with open_sink() as sink:
        text = write_config(config, target=replace(target, url=sink.url), speed=60)
        with run_alertmanager(each_engines, tmp_path, text) as alertmanager:
            alertmanager.fire(
                {"alertname": "NotByNight"}, {"alertname": "NotByDay"}, {"alertname": "InOfficeHours"}
            )
            first = sink.take()
            clock = Clock(speed=60, origin_s=time.time())
            morning = Calendar(origin=datetime(2026, 1, 14, 7, 57, tzinfo=BERLIN))
            place_zones(tmp_path, write_zones(config.document, clock, morning, 3600))
            alertmanager.reload()
            later: dict[str, float] = {}
            while len(later) < 2:
                delivered = sink.take()
                # The first may come once more: perhaps it was not yet noted as sent.
                if delivered.path != first.path:
                    later.setdefault(delivered.path, delivered.at_s)
    assert first.path == "/webhook/day/0"
    assert set(later) == {"/webhook/night/0", "/webhook/office/0"}
    for at_s in later.values():
        assert morning.read(clock.rule_s(at_s)) >= datetime(2026, 1, 14, 7, 59, 29, tzinfo=BERLIN)
