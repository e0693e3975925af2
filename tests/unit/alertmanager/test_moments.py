"""Tests of time intervals at any instant, as Alertmanagers of both generations see them by moved zones."""

from __future__ import annotations

import json
import random
import struct
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.alertmanager_process import open_sink, run_alertmanager

from alertdrill.alertmanager.moments import holds
from alertdrill.runtime.binaries import Engines

CASES = 150
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
AROUND = timedelta(days=70)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def move_zone(zone: ZoneInfo, at: datetime, now_s: int) -> bytes:
    """Return a zone that shows now what the other one shows at an instant, as TZif (RFC 8536)."""
    moved_s = now_s - int(at.timestamp())
    hours = [at - AROUND + timedelta(hours=number) for number in range(2 * AROUND.days * 24)]
    offsets = [int((hour.astimezone(zone).utcoffset() or timedelta()).total_seconds()) for hour in hours]
    changes = [index for index in range(1, len(hours)) if offsets[index] != offsets[index - 1]]
    instants = [int(hours[index].timestamp()) // 3600 * 3600 + moved_s for index in changes]
    shown = [offsets[0] - moved_s, *(offsets[index] - moved_s for index in changes)]
    kinds = list(dict.fromkeys(shown))
    header = b"TZif2" + bytes(15)
    return b"".join(
        (
            header + struct.pack(">6l", 0, 0, 0, 0, 1, 2) + struct.pack(">lBB", 0, 0, 0) + b"X\0",
            header + struct.pack(">6l", 0, 0, 0, len(instants), len(kinds), 2),
            struct.pack(f">{len(instants)}q", *instants),
            bytes(kinds.index(offset) for offset in shown[1:]),
            b"".join(struct.pack(">lBB", offset, 0, 0) for offset in kinds),
            b"X\0\n\n",
        )
    )


def make_period(chance: random.Random, near: datetime) -> dict[str, Any]:
    """Return a period that may hold near a local time, or hardly miss it."""

    def pick(low: int, high: int, middle: int) -> tuple[int, int]:
        first, last = sorted(min(high, max(low, middle + chance.randint(-2, 2))) for _ in range(2))
        return first, last

    period: dict[str, Any] = {}
    if chance.random() < 0.4:
        first, last = pick(0, 23, near.hour)
        period["times"] = [{"start_time": f"{first:02}:00", "end_time": f"{last + 1:02}:00"}]
    if chance.random() < 0.6:
        day = chance.choice([near.day, near.day, near.day - 31, near.day - 30, near.day - 32])
        first, last = pick(*((1, 31) if day > 0 else (-28, -1)), day)
        period["days_of_month"] = [f"{first}:{last}"]
    if chance.random() < 0.3:
        first, last = pick(0, 6, near.isoweekday() % 7)
        period["weekdays"] = [f"{WEEKDAYS[first]}:{WEEKDAYS[last].title()}"]
    if chance.random() < 0.3:
        first, last = pick(1, 12, near.month)
        period["months"] = [f"{first}:{last}"]
    if chance.random() < 0.2:
        period["years"] = [str(near.year + chance.randint(0, 1))]
    if chance.random() < 0.05:
        period["weekdays"] = []
    return period


def make_case(chance: random.Random) -> tuple[dict[str, Any], str, datetime]:
    """Return an interval, a location, and an instant, often near the end of a month or of summer time."""
    location = chance.choice(ZONES)
    zone = ZoneInfo(location)
    month = chance.choice([2, 3, 3, 4, 10, 10, 11, 12])
    begin = datetime(chance.randint(2024, 2032), month, 1, 0, 0, 5, tzinfo=zone)
    at = begin.astimezone(UTC) + timedelta(
        days=chance.choice([-1, 0, 14, 27, 28, 29, 30]), hours=chance.randint(-2, 25), minutes=30
    )
    near = at.astimezone(zone)
    periods = [make_period(chance, near) for _ in range(chance.choice([1, 1, 2]))]
    return {"time_intervals": periods}, location, at


def write_config(cases: list[tuple[dict[str, Any], str, datetime]], url: str) -> str:
    """Return a config with two routes for each case: its interval mutes one, the other is active then."""
    routes, intervals = [], []
    for number, (interval, _, _) in enumerate(cases):
        periods = [{**period, "location": f"moved/{number}"} for period in interval["time_intervals"]]
        intervals.append({"name": f"i{number}", "time_intervals": periods})
        for how in ("mute", "active"):
            matchers = [f'n="{number}"', f'how="{how}"']
            routes.append({"receiver": "sink", "matchers": matchers, f"{how}_time_intervals": [f"i{number}"]})
    timing = {"group_by": ["..."], "group_wait": "0s", "group_interval": "1h"}
    return json.dumps(
        {
            "route": {"receiver": "sink", "routes": routes, **timing},
            "time_intervals": intervals,
            "receivers": [{"name": "sink", "webhook_configs": [{"url": url}]}],
        }
    )


def test_an_interval_holds_when_alertmanager_says_so(each_engines: Engines, tmp_path: Path) -> None:
    """One of the two routes notifies, whichever it is: so there is something to wait for in any case."""
    chance = random.Random(8)  # noqa: S311 - the same cases each time
    cases = [make_case(chance) for _ in range(CASES)]
    now_s = int(time.time())
    (tmp_path / "zoneinfo" / "moved").mkdir(parents=True)
    for number, (_, location, at) in enumerate(cases):
        moved = move_zone(ZoneInfo(location), at, now_s)
        (tmp_path / "zoneinfo" / "moved" / str(number)).write_bytes(moved)
    notified: dict[int, str] = {}
    with (
        open_sink() as sink,
        run_alertmanager(each_engines, tmp_path, write_config(cases, sink.url)) as alertmanager,
    ):
        labels = [{"n": str(n), "how": how} for n in range(CASES) for how in ("mute", "active")]
        alertmanager.fire(*labels)
        while len(notified) < CASES:
            found: Mapping[str, str] = sink.take().body["commonLabels"]
            notified[int(found["n"])] = found["how"]
    said = {number: how == "active" for number, how in notified.items()}
    ours = {
        number: holds(locate(interval, location), at) for number, (interval, location, at) in enumerate(cases)
    }
    different = [(cases[number], ours[number]) for number in ours if ours[number] != said[number]]
    assert different == []
    assert 0.2 < sum(ours.values()) / CASES < 0.8


def locate(interval: Mapping[str, Any], location: str) -> dict[str, Any]:
    """Return an interval that is read in a location."""
    return {"time_intervals": [{**period, "location": location} for period in interval["time_intervals"]]}


@pytest.mark.parametrize(("day", "expected"), [(30, True), (31, False)])
def test_the_last_day_of_a_month_that_is_an_hour_short(day: int, expected: bool) -> None:
    """Alertmanager takes March to have 30 days in Berlin, whose last Sunday has 23 hours."""
    interval = {"time_intervals": [{"days_of_month": ["-1"], "location": "Europe/Berlin"}]}
    assert holds(interval, datetime(2027, 3, day, 12, tzinfo=UTC)) is expected
    plain = {"time_intervals": [{"days_of_month": ["-1"]}]}
    assert holds(plain, datetime(2027, 3, day, 12, tzinfo=UTC)) is not expected
