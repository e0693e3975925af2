"""Time intervals hold when real Alertmanagers say so: at any moment of any year, in any location.

Nobody's clock is changed. Each case has a zone of its own, which is its location's moved as a whole, so that
the present is the case's moment there. Of two routes, one is muted in the interval and one outside of it:
Alertmanager notifies by the other one.
"""

from __future__ import annotations

import json
import queue
import random
import struct
import time
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.alertmanager_process import Delivered, Sink, open_sink, run_alertmanager
from support.examples import scale_examples

from alertdrill.alertmanager.calendar import find_zone
from alertdrill.alertmanager.config import parse_config
from alertdrill.alertmanager.days_of_months import count_days
from alertdrill.alertmanager.intervals import MONTHS, WEEKDAYS
from alertdrill.alertmanager.time_intervals import (
    TimeInterval,
    list_offsets,
    parse_intervals,
)
from alertdrill.runtime.binaries import Engines

ZONES = (
    *("", "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Asia/Seoul"),
    # Half an hour of summer time; midnight left out; a month whose first hour is; a day left out.
    *("Australia/Lord_Howe", "America/Asuncion", "Asia/Amman", "Asia/Kathmandu", "Pacific/Apia"),
)
BATCH = 100
"""Cases for one Alertmanager: to start it takes longer than they do."""
MOST_ASKED = 4
BASE = "route: {receiver: a}\nreceivers: [{name: a}]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an interval states in a location, and a moment."""

    location: str
    periods: list[dict[str, Any]]
    at: datetime

    def parse(self) -> TimeInterval:
        """Return the interval, as it is read from a config."""
        periods = [{**period, "location": self.location} for period in self.periods]
        stated = {"time_intervals": [{"name": "n", "time_intervals": periods}]}
        return parse_intervals(parse_config(f"{BASE}{json.dumps(stated)[1:-1]}\n", "am.yml").document)["n"]


KNOWN = [
    Case(
        location=location,
        periods=[{"days_of_month": [days]}],
        at=datetime.fromisoformat(f"{at}:00").replace(tzinfo=find_zone(location)),
    )
    for location, days, at in (
        *(("Europe/Berlin", "-1", "2027-03-30T12:00"), ("Europe/Berlin", "-1", "2027-03-31T12:00")),
        *(("Europe/Berlin", "29:31", "2027-03-31T12:00"), ("Europe/Berlin", "-1", "2027-10-31T12:00")),
        *(("UTC", "-1", "2028-02-29T12:00"), ("UTC", "-1", "2027-02-28T12:00")),
        *(("UTC", "30:31", "2027-02-28T12:00"), ("Asia/Amman", "1", "2016-04-01T01:30")),
    )
]
"""What is rare among the others: months that summer time makes short, leap days, days that a month lacks."""


def list_cases(seed: int) -> Iterator[Case]:
    """Yield a batch of cases; what they state is about their moment, so that it holds as often as not."""
    dice = random.Random(seed)  # noqa: S311 - cases, and no secrets
    for _ in range(BATCH):
        location = dice.choice(ZONES)
        at = draw_moment(dice, find_zone(location))
        while not begins_at_midnight(find_zone(location), at):
            at = draw_moment(dice, find_zone(location))
        local = at.astimezone(find_zone(location))
        count = dice.choice((0, 1, 1, 1, 2))
        yield Case(location=location, at=at, periods=[draw_period(dice, local) for _ in range(count)])


def begins_at_midnight(zone: tzinfo, at: datetime) -> bool:
    """Tell whether the month of a moment and the one after it begin with an hour that is there.

    Otherwise Go's choice depends on which changes of the offset it sees, and a zone that is moved has others.
    """
    local = at.astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = first.replace(year=local.year + local.month // 12, month=local.month % 12 + 1)
    shown = [begin.astimezone(UTC).astimezone(zone) for begin in (first, following)]
    return all((begin.hour, begin.minute) == (0, 0) for begin in shown)


def draw_moment(dice: random.Random, zone: tzinfo) -> datetime:
    """Return any moment, or one at the end of a month, on a leap day, or near a change of the offset."""
    year = dice.randrange(1971, 2090)
    begin = datetime(year, 1, 1, tzinfo=UTC)
    spans = list(list_offsets(zone, begin.timestamp(), begin.timestamp() + 366 * 86400))
    change = datetime.fromtimestamp(dice.choice(spans)[1], UTC)
    leap = datetime(min(year - year % 4 + 4, 2088), 2, 28, tzinfo=UTC)
    around = {
        "any": (begin, 0, 365 * 1440),
        "month": (datetime(year, dice.randrange(1, 13), 1, tzinfo=UTC), -2 * 1440, 2 * 1440),
        "leap": (leap, 0, 2 * 1440),
        "change": (change, -120, 120),
        # A month may be short to Alertmanager because of it.
        "month of a change": (change.replace(day=monthrange(change.year, change.month)[1]), -2 * 1440, 1440),
    }
    at, first, last = around[dice.choice([*around, "month of a change"])]
    return at + timedelta(minutes=dice.randrange(first, last))


def draw_period(dice: random.Random, local: datetime) -> dict[str, Any]:
    """Return a period that states some things around a moment."""
    minute = local.hour * 60 + local.minute
    period: dict[str, Any] = {}
    if dice.random() < 0.4:
        period["times"] = [draw_times(dice, minute) for _ in range(dice.choice((0, 1, 1, 2)))]
    if dice.random() < 0.3:
        first, last = sorted(dice.choices(range(7), k=2))
        period["weekdays"] = [f"{WEEKDAYS[first]}:{WEEKDAYS[last].title()}", dice.choice(WEEKDAYS)]
    if dice.random() < 0.5:
        period["days_of_month"] = [draw_days(dice, local.date())]
    if dice.random() < 0.2:
        first, last = sorted((local.month, dice.randrange(1, 13)))
        period["months"] = [dice.choice((f"{first}:{last}", f"{MONTHS[first - 1]}:{last}", MONTHS[last - 1]))]
    if dice.random() < 0.2:
        year = local.year + dice.randrange(-1, 2)
        period["years"] = [f"{year}:{year + dice.randrange(3)}", "2000"][: dice.choice((1, 2))]
    return period


def draw_times(dice: random.Random, minute: int) -> dict[str, str]:
    """Return a range of times that begins or ends about a minute of the day."""
    begin = min(max(minute + dice.choice((-60, -1, 0, 1, -700)), 0), 1439)
    end = min(begin + dice.choice((1, 2, 61, 800)), 1440)
    return {
        name: f"{at // 60:02}:{at % 60:02}"
        for name, at in zip(("start_time", "end_time"), (begin, end), strict=True)
    }


def draw_days(dice: random.Random, day: date) -> str:
    """Return a range of days about a day, counted from the month's begin or its end."""
    last = monthrange(day.year, day.month)[1]
    near = min(max(day.day + dice.choice((-1, 0, 0, 1)), 1), 31)
    from_end = min(max(day.day - last - 1 + dice.choice((-1, 0, 0, 1)), -31), -1)
    ranges = [str(near), str(from_end), f"{near}:31", f"{from_end}:-1", f"1:{near}", f"-31:{from_end}"]
    if near <= 28 + from_end:
        ranges.append(f"{near}:{from_end}")
    return dice.choice(ranges)


def write_moved_zone(zone: tzinfo, at: datetime, now_s: int) -> bytes:
    """Return a zone in which the present is a moment of another one, and all is as it is there around it."""
    moved_s = round(at.timestamp()) - now_s
    around_s = 100 * 86400
    spans = list(list_offsets(zone, at.timestamp() - around_s, at.timestamp() + around_s))
    offsets = [offset + moved_s for *_, offset in spans]
    begins = [round(begin_s) - moved_s for begin_s, *_ in spans]
    header = b"TZif2" + bytes(15)
    return b"".join(
        (
            header + struct.pack(">6l", 0, 0, 0, 0, 1, 2) + struct.pack(">lBB", 0, 0, 0) + b"X\0",
            header + struct.pack(">6l", 0, 0, 0, len(begins), len(offsets), 2),
            struct.pack(f">{len(begins)}q", *begins),
            bytes(range(len(offsets))),
            b"".join(struct.pack(">lBB", offset, 0, 0) for offset in offsets),
            b"X\0\n\n",
        )
    )


def ask_alertmanager(
    engines: Engines, folder: Path, cases: Sequence[Case]
) -> list[tuple[bool, float, float] | None]:
    """Return of each case whether Alertmanager holds it for being in the interval, and between when.

    That is how many seconds after its moment it was at least, and at most, as Alertmanager looked. None where
    it was in the interval for one look and not for another.
    """
    now_s = round(time.time())
    for number, case in enumerate(cases):
        path = folder / "zoneinfo" / "moved" / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_moved_zone(find_zone(case.location), case.at, now_s))
    with (
        open_sink() as sink,
        run_alertmanager(engines, folder, write_config(cases, sink.url)) as alertmanager,
    ):
        fired_s = time.time() - now_s
        alertmanager.fire(*({"case": str(number)} for number in range(len(cases))))
        found: dict[int, tuple[bool, float, float]] = {}
        # What begins or ends between two looks of Alertmanager, one for each route, is delivered by neither.
        while len(found) < len(cases) and (delivered := take_soon(sink)) is not None:
            number = int(delivered.body["groupLabels"]["case"])
            is_inside = delivered.path == "/inside"
            assert found.setdefault(number, (is_inside, fired_s, delivered.at_s - now_s))[0] == is_inside
    return [found.get(number) for number in range(len(cases))]


def take_soon(sink: Sink) -> Delivered | None:
    """Return the next notification, or None if none comes any more."""
    try:
        return sink.take(within_s=2.0)
    except queue.Empty:
        return None


def write_config(cases: Sequence[Case], url: str) -> str:
    """Return a config with two routes for each case."""
    routes = [
        {"matchers": [f'case="{number}"'], key: [str(number)], "receiver": receiver, "continue": True}
        for number in range(len(cases))
        for receiver, key in (("outside", "mute_time_intervals"), ("inside", "active_time_intervals"))
    ]
    intervals = [
        {
            "name": str(number),
            "time_intervals": [{**period, "location": f"moved/{number}"} for period in case.periods],
        }
        for number, case in enumerate(cases)
    ]
    receivers = [
        {"name": name, "webhook_configs": [{"url": f"{url}/{name}"}]} for name in ("outside", "inside")
    ]
    route = {"receiver": "inside", "group_by": ["case"], "group_wait": "0s", "routes": routes}
    return json.dumps({"route": route, "receivers": receivers, "time_intervals": intervals})


@given(seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=scale_examples(0.03), phases=(Phase.generate,), derandomize=True)
def test_alertmanager_says_the_same_at_any_moment_of_any_year(
    each_engines: Engines, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Of both generations: times, weekdays, days, months and years, also on days with fewer hours or more."""
    cases = [*KNOWN, *list_cases(seed)]
    most_undecided = len(cases) // 2
    # Where many of them began or ended while a slow machine was asked, those are asked again.
    for _ in range(MOST_ASKED):
        said = ask_alertmanager(each_engines, tmp_path_factory.mktemp("alertmanager"), cases)
        asked = zip(cases, said, strict=True)
        cases = [case for case, one in asked if one is None or not compare(case, *one)]
        if len(cases) <= most_undecided:
            return
    pytest.fail(f"Alertmanager was too slow for {len(cases)} moments, {MOST_ASKED} times")


def compare(case: Case, is_inside: bool, least_s: float, most_s: float) -> bool:
    """Hold a case against what Alertmanager said; return False where an interval began or ended just then."""
    interval = case.parse()
    held = {interval.contains(case.at + timedelta(seconds=passed_s)) for passed_s in (least_s, most_s)}
    assert len(held) == 2 or held == {is_inside}, case
    return len(held) == 1


@given(seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=scale_examples(0.3))
def test_the_spans_of_an_interval_are_the_moments_that_it_has(seed: int) -> None:
    """Each span begins and ends just where the interval does, and none is left out."""
    for case in list(list_cases(seed))[:5]:
        interval = case.parse()
        begin_s, end_s = case.at.timestamp() - 3 * 86400, case.at.timestamp() + 3 * 86400
        spans = interval.list_spans(begin_s, end_s)
        for at_s in range(round(begin_s), round(end_s), 900):
            at = datetime.fromtimestamp(at_s, UTC)
            assert interval.contains(at) == any(begin <= at_s < end for begin, end in spans), (case, at)
        for begin, end in spans:
            for bound_s, is_inside in ((begin - 1, False), (begin, True), (end - 1, True), (end, False)):
                if begin_s <= bound_s < end_s:
                    assert interval.contains(datetime.fromtimestamp(bound_s, UTC)) == is_inside, (
                        case,
                        bound_s,
                    )


def test_months_are_as_long_as_alertmanager_counts() -> None:
    """A month that loses an hour to summer time is a day short, and so is -1 a day early."""
    berlin = ZoneInfo("Europe/Berlin")
    assert [count_days(berlin, 2027, month) for month in (2, 3, 10)] == [28, 30, 31]
    assert [count_days(ZoneInfo("UTC"), year, 2) for year in (2027, 2028, 2100)] == [28, 29, 28]


def test_an_interval_that_is_left_empty_is_none() -> None:
    """Alertmanager loads it; those after it are found where they stand."""
    stated = "time_intervals:\n-\n- name: n\n  time_intervals: [{years: ['2026']}]\n"
    config = parse_config(BASE + stated, "am.yml")
    (interval,) = parse_intervals(config.document).values()
    assert config.locate(interval.pointer) == "am.yml:5"


def test_a_first_midnight_that_is_left_out_ends_no_month() -> None:
    """Of Kathmandu's last December at +05:30, and the January after it, nobody asks a zone that was moved."""
    last = datetime(1985, 12, 31, 10, 4, tzinfo=UTC)
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert not any(begins_at_midnight(kathmandu, last + timedelta(days=days)) for days in (0, 1, 31))
    assert all(begins_at_midnight(kathmandu, last + timedelta(days=days)) for days in (-31, 32))
