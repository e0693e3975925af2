"""When routes are muted in a year: the weeks, what differs from them, and why."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.page_records import make_alert

from alertdrill.alertmanager.config import AlertmanagerConfig, parse_config
from alertdrill.alertmanager.routes import match_routes, parse_routes
from alertdrill.alertmanager.time_intervals import parse_intervals
from alertdrill.cli.main import cli
from alertdrill.errors import BadInput
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.route import find_destination
from alertdrill.runner.synthetic.year import find_mutings, find_year, plan_days
from alertdrill.runner.synthetic.year_report import ShownYear, write_year
from alertdrill.runner.synthetic.year_routes import AlertsYear, look_at_year

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = "times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '07:00'}]"


def read(intervals: str, stated: str = "mute_time_intervals: [a]") -> AlertmanagerConfig:
    """Return a config with a route for warnings and these intervals, a line each."""
    lines = "".join(f"- {{name: {name}, time_intervals: [{{{said}}}]}}\n" for name, said in _split(intervals))
    return parse_config(
        "receivers: [{name: r}]\nroute:\n  receiver: r\n  routes:\n"
        f"  - {{matchers: [severity=warning], {stated}}}\ntime_intervals:\n{lines}",
        "am.yml",
    )


def _split(intervals: str) -> Iterator[tuple[str, str]]:
    for line in intervals.strip().splitlines():
        name, _, said = line.strip().partition(": ")
        yield name, said


def look(config: AlertmanagerConfig, year: int = 2027) -> AlertsYear:
    """Return the year of a warning, and of an alert that only the root takes."""
    alerts = [make_alert("Slow", severity="warning"), make_alert("Down")]
    bound = [
        Bound(alert=one, destination=find_destination(config.document, {}, one.labels)) for one in alerts
    ]
    return look_at_year(bound, config, year)


def show(found: AlertsYear) -> list[str]:
    """Return what is shown of a route's weeks, with single spaces."""
    console = Console(file=io.StringIO(), width=200)
    console.print(ShownYear(found))
    assert isinstance(console.file, io.StringIO)
    said = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    return [line for line in said[5:] if line]


CASES = {
    f"a: {NIGHTS}, location: Europe/Berlin": ["every day muted 00:00-07:00, 22:00-24:00 by a"],
    "a: weekdays: [saturday, sunday]": [
        "Monday-Friday not muted",
        "Saturday-Sunday muted all day by a",
    ],
    "a: months: [december], days_of_month: ['24:26']": [
        "every day not muted",
        "but on 24-26 Dec: muted all day by a",
    ],
    "a: months: ['june:august'], weekdays: [sunday]": [
        "1 Jan-31 May",
        "every day not muted",
        "1 Jun-31 Aug",
        "Monday-Saturday not muted",
        "Sunday muted all day by a",
        "1 Sep-31 Dec",
        "every day not muted",
    ],
    # Summer time begins on 28 March, so that March has 30 days to Alertmanager.
    "a: days_of_month: ['-1'], months: ['2:4'], location: Europe/Berlin": [
        "every day not muted",
        "but on 28 Feb, 30 Mar, 30 Apr: muted all day by a",
        "(to Alertmanager Mar ends on the 30th: summer time takes an hour of it)",
    ],
    # Begins at two, which that day is three.
    "a: times: [{start_time: '02:30', end_time: '05:00'}], location: Europe/Berlin": [
        "every day muted 02:30-05:00 by a",
        "but on 28 Mar: muted 03:00-05:00 by a",
        "but on 31 Oct: muted 02:30-03:00, 02:30-05:00 by a",
    ],
}


@pytest.mark.parametrize("intervals", CASES, ids=lambda text: text.partition(": ")[2][:40])
def test_a_year_is_shown_as_weeks_and_what_differs(intervals: str) -> None:
    """Days that are alike are one line; a season begins where what is stated of months begins or ends."""
    assert show(look(read(intervals))) == [*CASES[intervals], "never muted: Down"]


def test_clocks_of_two_places_make_seasons() -> None:
    """New York's summer begins two weeks before Berlin's, and ends a week after it."""
    config = read(
        """
        a: times: [{start_time: '06:00', end_time: '12:00'}], location: Europe/Berlin
        b: times: [{start_time: '18:00', end_time: '24:00'}], location: America/New_York
        """,
        "mute_time_intervals: [a, b]",
    )
    together = "every day muted 00:00-12:00 by b and a"
    apart = "every day muted 00:00-05:00, 23:00-24:00 by b muted 06:00-12:00 by a"
    assert show(look(config)) == [
        *("1 Jan-13 Mar", together),
        # It begins as it is seven in Berlin.
        *("14-27 Mar", apart, "but on 14 Mar: muted 00:00-12:00 by b and a muted 23:00-24:00 by b"),
        *("28 Mar-30 Oct", together),
        *("31 Oct-6 Nov", apart),
        *("7 Nov-31 Dec", together, "but on 7 Nov: muted 00:00-05:00 by b muted 06:00-12:00 by a"),
        "never muted: Down",
    ]


def test_what_is_active_mutes_outside_of_it() -> None:
    """Of several active intervals one is enough; what mutes all of a stretch is named alone."""
    config = read(
        f"""
        a: {NIGHTS}
        b: weekdays: ['monday:friday']
        c: months: [december]
        """,
        "mute_time_intervals: [a], active_time_intervals: [b, c]",
    )
    assert show(look(config))[:4] == [
        "1 Jan-30 Nov",
        "Monday-Friday muted 00:00-07:00, 22:00-24:00 by a",
        "Saturday-Sunday muted all day outside b and c",
        "1-31 Dec",
    ]


def test_an_alert_may_have_a_route_that_is_never_muted_beside_one_that_is() -> None:
    """That is said, because it notifies somebody all the same."""
    config = read("a: weekdays: [sunday]", "mute_time_intervals: [a], continue: true, routes: []")
    routes = {**config.document["route"], "routes": [*config.document["route"]["routes"], {"receiver": "r"}]}
    both = replace(config, document={**config.document, "route": routes})
    assert show(look(both))[-2:] == ["never muted: Down", "never muted on another route: Slow"]


def test_leap_days_are_days() -> None:
    """29 February is in a leap year only, and the last of it."""
    config = read("a: months: [february], days_of_month: ['29']")
    assert "but on 29 Feb: muted all day by a" in show(look(config, 2028))
    assert show(look(config, 2027))[0] == "every day not muted"


def test_a_program_has_every_span_with_what_mutes() -> None:
    """In the zone of the intervals, with the lines of the route and of each interval."""
    found = write_year(look(read("a: months: [july], days_of_month: ['1'], location: Europe/Berlin")))
    assert found["never_muted"] == ["Down"]
    (route,) = found["routes"]
    assert (route["alerts"], route["receiver"], route["source"]) == (["Slow"], "r", "am.yml:5")
    assert route["time_intervals"] == [{"name": "a", "source": "am.yml:7"}]
    assert route["muted"] == [
        {"from": "2027-07-01T00:00:00+02:00", "until": "2027-07-02T00:00:00+02:00", "by": ["by a"]}
    ]


@given(minute=st.integers(min_value=0, max_value=365 * 1440 - 1), active=st.booleans())
def test_the_spans_are_when_the_intervals_are(minute: int, active: bool) -> None:
    """At any minute of the year a route is muted just if its intervals say so then."""
    stated = "active_time_intervals: [a, b]" if active else "mute_time_intervals: [a, b]"
    config = read(
        f"a: {NIGHTS}, location: Europe/Berlin\nb: weekdays: [sunday], location: Asia/Seoul", stated
    )
    (match,) = match_routes(parse_routes(config.document), {"severity": "warning"})
    intervals = parse_intervals(config.document)
    span = find_year(2027, BERLIN)
    at_s = span[0] + minute * 60
    at = datetime.fromtimestamp(at_s, UTC)
    mutings = find_mutings(match, intervals, span)
    by = next((one.by for one in mutings if one.begin_s <= at_s < one.end_s), ())
    names = tuple(f"by {name}" for name in intervals if intervals[name].contains(at))
    assert by == ((() if names else ("outside a and b",)) if active else names)


def test_a_day_that_a_place_leaves_out_is_left_out() -> None:
    """Samoa had no 30 December in 2011."""
    apia = ZoneInfo("Pacific/Apia")
    plans = plan_days([], apia, find_year(2011, apia))
    assert len(plans) == 365
    assert plans[date(2011, 12, 30)] == ()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--all --calendar 2027 --alertmanager http://x", "leave --alertmanager"),
        ("--watchdog --calendar 2027", "--calendar is about routes"),
    ],
)
def test_a_calendar_is_of_a_configs_routes(options: str, says: str) -> None:
    """Neither of somebody's Alertmanager, nor of the dead-man's switch."""
    result = CliRunner().invoke(cli, ["page", *options.split()])
    assert isinstance(result.exception, BadInput)
    assert says in str(result.exception)


def test_the_command_shows_a_year_and_sends_nothing(tmp_path: Path) -> None:
    """By the config that is named, as JSON too."""
    (tmp_path / "rules.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]\n")
    (tmp_path / "am.yml").write_text("route: {receiver: r}\nreceivers: [{name: r}]\n")
    files = ["--rules", str(tmp_path / "rules.yml"), "--alertmanager-config", str(tmp_path / "am.yml")]
    result = CliRunner().invoke(cli, ["page", "--all", *files, "--calendar", "2027", "--json"])
    assert json.loads(result.stdout) == {"year": 2027, "routes": [], "never_muted": ["A"]}
