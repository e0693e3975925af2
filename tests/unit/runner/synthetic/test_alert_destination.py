"""Tests of where an alert goes, and of what speaks against sending it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.page_records import bind_alert, make_alert, make_config, make_group

from alertdrill.alertmanager.config import AlertmanagerConfig, parse_config
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.synthetic.client import Group
from alertdrill.runner.synthetic.counters import Reading
from alertdrill.runner.synthetic.destination import count_rivals, list_objections
from alertdrill.runner.synthetic.integrations import list_senders
from alertdrill.runner.synthetic.remote import is_loopback
from alertdrill.runner.synthetic.route import ask_amtool, bind, demand_agreement
from alertdrill.runner.synthetic.synthetic import mark
from alertdrill.runtime.binaries import Engines

CONFIG = make_config(
    {
        "receiver": "all",
        "group_by": ["alertname"],
        "routes": [
            {"receiver": "desk", "matchers": ['severity="critical"'], "continue": True},
            {
                "receiver": "team",
                "match_re": {"severity": "critical|warning"},
                "group_wait": "2s",
                "routes": [{"receiver": "night", "match": {"pod": 'a "b" \\ c'}}],
            },
        ],
    },
    all=["webhook"],
    desk=["pagerduty", "slack"],
    team=["slack", "slack"],
    night=[],
)
KNOWN = [receiver["name"] for receiver in CONFIG["receivers"]]
READING = Reading(outlets={}, groups=0, started_s=0.0, changes_receivers=False)


def object_to(
    named: Sequence[str] = (),
    groups: Sequence[Group] = (),
    *,
    severity: str = "critical",
    local: bool = False,
) -> list[str]:
    """Return what speaks against an alert of this severity."""
    bound = bind_alert(make_alert(severity=severity), CONFIG)
    return list_objections(
        bound.alert, bound.destination, groups, named=named, known=KNOWN, is_loopback=local
    )


def test_an_alert_goes_along_every_route_that_takes_it() -> None:
    """With the matchers on the way, what it is grouped by, and the timings that are inherited."""
    desk, team = bind_alert(make_alert(severity="critical"), CONFIG).destination.legs
    assert desk.path == ("route", '{severity="critical"}')
    assert (desk.receiver, desk.group_wait_s, desk.group_interval_s) == ("desk", 30.0, 300.0)
    assert team.group_wait_s == 2.0
    assert desk.group_labels == team.group_labels == {"alertname": "Down"}


def test_the_notifications_of_an_outlet_are_added_up() -> None:
    """Two receivers with Slack are one outlet, unless Alertmanager tells receivers apart."""
    destination = bind_alert(make_alert(severity="critical"), CONFIG).destination
    assert destination.count_wanted(READING) == {("pagerduty", ""): 1, ("slack", ""): 3}
    apart = replace(READING, changes_receivers=True)
    assert destination.count_wanted(apart) == {
        ("pagerduty", "desk"): 1,
        ("slack", "desk"): 1,
        ("slack", "team"): 2,
    }
    # Slack sends no resolved notification unless it is told to.
    assert destination.count_wanted(READING, resolved=True) == {("pagerduty", ""): 1}


def test_a_receiver_without_integrations_is_nowhere() -> None:
    """The way ends there, and nobody is notified."""
    alert = make_alert(severity="warning", pod='a "b" \\ c')
    destination = bind_alert(alert, CONFIG).destination
    assert destination.receivers == ("night",)
    assert destination.is_nowhere


def test_amtool_is_asked_with_labels_of_any_kind(each_engines: Engines) -> None:
    """Quotes, backslashes and line breaks arrive as they are."""
    odd = {"severity": "warning", "pod": 'a "b" \\ c', "text": "two\nlines = {x}, ü"}
    assert ask_amtool(each_engines.amtool, CONFIG, KNOWN, odd) == ["night"]
    (bound,) = bind([make_alert(**odd)], AlertmanagerConfig(document=CONFIG, source="x"), each_engines)
    assert bound.destination.receivers == ("night",)


def test_a_way_that_amtool_sees_otherwise_is_not_certain(each_engines: Engines) -> None:
    """Both readings are named."""
    bound = bind_alert(make_alert(severity="critical"), CONFIG)
    other = make_config({"receiver": "all"}, all=["webhook"])
    with pytest.raises(CouldNotTell, match="to desk, team as alertdrill reads the routes, to all as amtool"):
        demand_agreement(each_engines.amtool, other, KNOWN, bound.alert.labels, bound.destination)


def test_a_tree_that_amtool_cannot_read_is_said_so(each_engines: Engines) -> None:
    """Its own words are passed on."""
    with pytest.raises(CouldNotTell, match=r"amtool cannot say where the alert goes: .*undefined receiver"):
        ask_amtool(each_engines.amtool, {"route": {"receiver": "who"}}, ["x"], {"alertname": "A"})


@pytest.mark.parametrize("route", ["group_by: [bad-name]", "matchers: ['a-b=c']"])
def test_what_only_a_newer_amtool_takes_is_said_with_its_line(each_engines: Engines, route: str) -> None:
    """Alertmanager 0.25 knows no other characters in names: the config is the user's to change."""
    text = f"receivers: [{{name: a}}]\nroute:\n  receiver: a\n  routes:\n  - receiver: a\n    {route}\n"
    config = parse_config(text, "am.yml")
    if each_engines.versions["alertmanager"].startswith("0.25."):
        with pytest.raises(BadInput, match=r"^am\.yml:6: amtool cannot say where the alert goes: "):
            bind([make_alert()], config, each_engines)
    else:
        assert bind([make_alert()], config, each_engines)


def test_amtool_is_asked_about_one_alert_of_many(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alertmanager itself is asked about all at once: 200 alerts would be 200 processes."""
    asked: list[Labels] = []

    def note(*arguments: Any) -> list[str]:
        asked.append(arguments[3])
        return ask_amtool(*arguments)

    monkeypatch.setattr("alertdrill.runner.synthetic.route.ask_amtool", note)
    alerts = [make_alert(f"A{number}", severity="warning") for number in range(200)]
    bound = bind(alerts, AlertmanagerConfig(document=CONFIG, source="x"), engines)
    assert {one.destination.receivers for one in bound} == {("team",)}
    assert asked == [alerts[0].labels]


def test_what_amtool_only_minds_is_no_receiver(each_engines: Engines) -> None:
    """It says of a brace that is not closed how it would be written today, and goes on."""
    text = (
        "receivers: [{name: a}, {name: b}]\nroute:\n  receiver: a\n  routes:\n"
        "  - {receiver: b, matchers: ['{severity=critical']}\n"
    )
    (bound,) = bind([make_alert(severity="critical")], parse_config(text, "am.yml"), each_engines)
    assert bound.destination.receivers == ("b",)


def test_receivers_that_nobody_named_are_not_told() -> None:
    """Somebody else's Alertmanager: every receiver on the way has to be named."""
    assert object_to(["desk", "team"]) == []
    (objection,) = object_to(["desk"])
    assert objection.startswith("the routes lead to team, which no --receiver names")
    (objection,) = object_to()
    assert objection.startswith("the routes lead to desk, team, which no --receiver names")


def test_on_loopback_receivers_need_no_names_but_hold_if_there_are_any() -> None:
    """Our own machine's Alertmanager is not somebody's pager."""
    assert object_to(local=True) == []
    assert "which no --receiver names" in object_to(["desk"], local=True)[0]


def test_a_named_receiver_must_be_there_and_on_the_way() -> None:
    """Otherwise the drill would prove something else than it was asked to."""
    assert object_to(["desk", "team", "all"]) == ["the routes do not lead to all"]
    assert object_to(["desc"]) == ["--receiver desc: Alertmanager has no receiver of that name"]


def test_an_alert_that_is_active_is_left_alone() -> None:
    """Whether it fires in earnest or for a drill."""
    alert = make_alert(severity="critical")
    earnest = replace(alert, labels={"alertname": "Down", "severity": "critical"})
    for active in (alert, earnest):
        groups = [make_group("desk", {"alertname": "Down"}, active)]
        (objection,) = object_to(["desk", "team"], groups)
        assert objection.startswith("the alert is active already")


def test_an_open_page_is_left_alone() -> None:
    """A drill that is grouped with alerts in earnest would be told to whoever deals with them."""
    groups = [make_group("team", {"alertname": "Down"}, make_alert(severity="warning"))]
    (objection,) = object_to(["desk", "team"], groups)
    assert objection == 'the alert would join 1 other in a page that is open at team: {alertname="Down"}'
    assert object_to(["desk", "team"], [make_group("team", {"alertname": "X"}, make_alert("X"))]) == []


def test_rivals_are_groups_of_others_that_may_be_notified() -> None:
    """Not our own, and not those that are suppressed."""
    ours, other = make_alert(severity="critical"), make_alert("Other")
    groups = [
        make_group("desk", {}, ours),
        make_group("team", {}, other),
        make_group("all", {}, other, state="suppressed"),
    ]
    rivals = count_rivals(groups, ours.fingerprint, READING, list_senders(CONFIG))
    assert rivals == {("slack", ""): 1}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9093", True),
        ("http://127.8.0.1:9093", True),
        ("http://[::1]:9093", True),
        ("https://localhost/alertmanager", True),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1:9093", False),
        ("http://alertmanager:9093", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    """What a name resolves to is not looked at: it may be another place later on."""
    assert is_loopback(url) is expected


def test_marks_do_not_change_the_way() -> None:
    """The label that marks a drill is one that no route of these asks for."""
    plain = {"alertname": "Down", "severity": "warning"}
    marked = mark(labels=plain, annotations={}, generator_url="", source="")
    assert bind_alert(marked, CONFIG).destination.receivers == ("team",)
