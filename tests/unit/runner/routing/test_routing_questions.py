"""Tests of a config that is asked about many alerts: alertdrill and both Alertmanagers agree."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from support.page_records import make_alert

from alertdrill.alertmanager.config import parse_config, read_config
from alertdrill.errors import CouldNotTell
from alertdrill.runner.routing.asking import demand_inhibitions, demand_mutings, demand_routes
from alertdrill.runner.routing.inhibitions import find_inhibitions
from alertdrill.runner.routing.label_sets import LabelSet
from alertdrill.runner.routing.muting import find_mutings
from alertdrill.runner.routing.reach import list_places
from alertdrill.runner.routing.report import Matrix
from alertdrill.runner.routing.subjects import Subject, find_ways, name_alerts
from alertdrill.runner.routing.verdicts import judge_label_sets
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules
from alertdrill.runtime.binaries import Engines

CONFIG = """\
route:
  receiver: ops
  routes:
  - matchers: [severity="page"]
    receiver: oncall
    continue: true
    mute_time_intervals: [nights]
  - matchers: [severity=~"page|ticket", team!=""]
    receiver: desk
    active_time_intervals: [office, fairs]
    routes:
    - {matchers: [team="web"], receiver: web, continue: true}
    - {matchers: [team="gone"], receiver: gone, mute_time_intervals: [holidays]}
inhibit_rules:
- source_matchers: [severity="page"]
  target_matchers: [severity="ticket"]
  equal: [team]
- source_matchers: [alertname="Nothing"]
  target_matchers: [severity="page"]
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]}
- {name: office, time_intervals: [{weekdays: ["monday:friday"], location: Europe/Berlin}]}
- {name: fairs, time_intervals: [{days_of_month: ["-1"]}]}
- {name: holidays, time_intervals: [{months: [december]}]}
receivers:
- {name: ops}
- {name: oncall}
- {name: desk}
- {name: web}
- {name: gone}
"""


def name(labels: Sequence[dict[str, str]]) -> list[Subject]:
    """Return label sets as subjects, called by their numbers."""
    return [
        Subject(title=f"S{number}", source=f"t.csv:{number}", labels=one)
        for number, one in enumerate(labels, 1)
    ]


def make_labels(chance: random.Random) -> dict[str, str]:
    """Return some labels that the config asks for, and others."""
    values = {"severity": ["page", "ticket", "info"], "team": ["web", "gone", "db"], "x": ["y z", 'é"\\']}
    return {key: chance.choice(own) for key, own in values.items() if chance.random() < 0.7}


def show(renderable: RenderableType, width: int = 80) -> str:
    """Return what is printed on a console of a width, without blanks at the ends of lines."""
    console = Console(width=width)
    with console.capture() as captured:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def test_alertmanager_routes_and_inhibits_as_alertdrill_does(each_engines: Engines) -> None:
    """A hundred label sets at once, some of them the same, one without labels; a route may continue.

    What is source and target of a rule inhibits no other one of its kind. Whether it is inhibited by another
    one is not certain: Alertmanager 0.33 looks at one source of several, and 0.25 at all.
    """
    chance = random.Random(5)  # noqa: S311 - the same label sets each time
    subjects = name([make_labels(chance) for _ in range(100)] + [{}])
    both = '{source_matchers: [team!=""], target_matchers: [severity=~"page|info"], equal: [x]}'
    config = parse_config(CONFIG.replace("\ntime_intervals:", f"\n- {both}\ntime_intervals:"), "am.yml")
    ways = find_ways(config, subjects)
    assert {"ops", "oncall", "desk", "web", "gone"} == {one for way in ways for one in way.receivers}
    inhibitions = find_inhibitions(config, subjects)
    assert {(one.source.title, one.target.title) for one in inhibitions} == {
        (source.title, target.title)
        for rule in read_inhibit_rules(config.document)
        for source in subjects
        for target in subjects
        if rule.inhibits(source.labels, target.labels)
    }
    assert {one.is_certain for one in inhibitions} == {True, False}
    demand_routes(each_engines, config, ways)
    demand_inhibitions(each_engines, config, ways, inhibitions)


def test_where_alertmanager_differs_nothing_is_proved(
    each_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another way, an inhibition too few, and a route that is muted, or not, are each named."""
    monkeypatch.setattr("alertdrill.runner.routing.asking.AGREED_WITHIN_S", 0.3)
    config = parse_config(CONFIG, "am.yml")
    subjects = name([{"severity": "page"}, {"severity": "ticket"}])
    first, second = find_ways(config, subjects)
    version = re.escape(each_engines.versions["alertmanager"])
    with pytest.raises(
        CouldNotTell,
        match=f"t.csv:1: where S1 goes is not certain: to ops .* to oncall as Alertmanager {version}",
    ):
        demand_routes(each_engines, config, [replace(first, matches=second.matches), second])
    with pytest.raises(CouldNotTell, match="whether S2 is inhibited is not certain"):
        demand_inhibitions(each_engines, config, (first, second), ())
    if version.startswith("0\\.25"):
        return
    at = datetime(2027, 1, 4, 23, 0, tzinfo=UTC)
    (muting,), others = find_mutings(config, (first, second), at)
    assert muting.is_muted
    with pytest.raises(CouldNotTell, match="whether S1 at oncall is muted is not certain"):
        demand_mutings(
            each_engines, config, (first, second), [(replace(muting, is_muted=False),), others], at
        )


@pytest.mark.parametrize(
    ("at", "page", "desk"),
    [
        ("2027-01-04T21:59+00:00", "active outside of nights (am.yml:21)", "active in office (am.yml:22)"),
        ("2027-01-04T22:00+00:00", "muted in nights (am.yml:21)", "active in office (am.yml:22)"),
        (
            "2027-01-10T22:59+00:00",
            "muted in nights (am.yml:21)",
            "muted outside of office (am.yml:22), fairs (am.yml:23)",
        ),
        ("2027-01-10T23:00+00:00", "muted in nights (am.yml:21)", "active in office (am.yml:22)"),
        ("2027-01-31T12:00+00:00", "active outside of nights (am.yml:21)", "active in fairs (am.yml:23)"),
    ],
)
def test_a_route_is_muted_by_its_own_intervals(each_engines: Engines, at: str, page: str, desk: str) -> None:
    """By none of its parents'; Sunday night in UTC is Monday in Berlin. Alertmanager's calendar agrees."""
    config = parse_config(CONFIG, "am.yml")
    ways = find_ways(
        config, name([{"severity": "page"}, {"severity": "ticket", "team": "db"}, {"team": "db"}])
    )
    moment = datetime.fromisoformat(at)
    mutings = find_mutings(config, ways, moment)
    assert [[str(one) for one in own] for own in mutings] == [[page], [desk], ["active at any time"]]
    demand_mutings(each_engines, config, ways, mutings, moment)


def test_what_no_alert_reaches_is_named_with_its_line(tmp_path: Path) -> None:
    """A route with its receiver, an inhibit rule, a time interval, a template, and what only these have."""
    (tmp_path / "own.tmpl").write_text(
        '{{ define "used" }}{{ template "inner" . }}{{ end }}\n{{ define "inner" }}x{{ end }}\n'
        '{{ define "unused" }}y{{ end }}\n{{ define "slack.default.title" }}z{{ end }}\n'
        '{{ define "discord.default.title" }}z{{ end }}\n'
    )
    path = tmp_path / "am.yml"
    path.write_text(
        CONFIG.replace(
            "- {name: web}",
            """- {name: web, slack_configs: [
    {api_url: "http://a.example/", channel: "#a", text: '{{ template "used" . }}'}]}""",
        )
        + "templates: [own.tmpl]\n"
    )
    config = read_config(path)
    subjects = name([{"severity": "page", "team": "web"}, {"severity": "ticket", "team": "web"}])
    places = list_places(config, find_ways(config, subjects), find_inhibitions(config, subjects))
    missed = [
        (one.kind, one.where.removeprefix(f"{tmp_path}/"), one.name) for one in places if not one.is_reached
    ]
    assert missed == [
        ("routes", "am.yml:13", '{team="gone"} to gone'),
        ("receivers", "am.yml:26", "ops"),
        ("receivers", "am.yml:28", "desk"),
        ("receivers", "am.yml:31", "gone"),
        ("inhibit rules", "am.yml:18", '{alertname="Nothing"} inhibits {severity="page"}'),
        ("time intervals", "am.yml:22", "office"),
        ("time intervals", "am.yml:23", "fairs"),
        ("time intervals", "am.yml:24", "holidays"),
        ("templates", "own.tmpl:3", "unused"),
        ("templates", "own.tmpl:5", "discord.default.title"),
    ]


def test_a_matrix_that_is_too_wide_is_a_list() -> None:
    """Of 25 alerts, of which one inhibits all others: no line has more than 80 columns, none is left out."""
    config = parse_config(CONFIG.replace("  equal: [team]\n", ""), "am.yml")
    alerts = [make_alert("Everything", severity="page")]
    alerts += [make_alert(f"SomeLongNameOfAnAlert{number:02}", severity="ticket") for number in range(24)]
    inhibitions = find_inhibitions(config, name_alerts(alerts))
    wide = show(Matrix(inhibitions[:3], config))
    assert wide.splitlines()[1:3] == [
        "                         Everything",
        "SomeLongNameOfAnAlert00  15",
    ]
    narrow = show(Matrix([*inhibitions, *(replace(one, source=one.target) for one in inhibitions)], config))
    first, *rest = narrow.splitlines()
    assert first == "Everything inhibits"
    assert max(map(len, rest)) <= 80
    listed = narrow.partition("SomeLongNameOfAnAlert00 inhibits")[0]
    assert re.findall(r"SomeLongNameOfAnAlert(\d\d)", listed) == [f"{number:02}" for number in range(24)]
    assert rest[0].startswith("  by am.yml:15:  SomeLongNameOfAnAlert00")
    unsure = show(Matrix([replace(inhibitions[0], is_certain=False)], config))
    assert "SomeLongNameOfAnAlert00  15?" in unsure
    assert "?: the rule has it as what inhibits, too" in unsure
    assert "may notify" not in narrow
    assert show(Matrix([], config)) == "no alert inhibits another one"


def test_a_receiver_with_a_comma_in_its_name_is_quoted() -> None:
    """It would be read as two."""
    config = parse_config("route: {receiver: 'slack, ops'}\nreceivers: [{name: 'slack, ops'}]\n", "am.yml")
    (way,) = find_ways(config, name([{"severity": "page"}]))
    (verdict,) = judge_label_sets([LabelSet(subject=way.subject, receivers=("a b", "c;d"))], [way])
    assert verdict.said == 'to "slack, ops", expected a b, "c;d"'


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        (("oncall", "web"), "met"),
        (("web", "oncall"), "met"),
        (("oncall",), "mismatched"),
        (("oncall", "web", "ops"), "mismatched"),
        (("oncall", "web", "web"), "mismatched"),
    ],
)
def test_a_label_set_goes_to_each_receiver_as_often_as_expected(
    expected: tuple[str, ...], outcome: str
) -> None:
    """To no other, and whichever order they are stated in."""
    (way,) = find_ways(parse_config(CONFIG, "am.yml"), name([{"severity": "page", "team": "web"}]))
    (verdict,) = judge_label_sets([LabelSet(subject=way.subject, receivers=expected)], [way])
    assert verdict.outcome == outcome
    assert verdict.said == "to oncall, web" + (
        "" if outcome == "met" else f", expected {', '.join(expected)}"
    )
