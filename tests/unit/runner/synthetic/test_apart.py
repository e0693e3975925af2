"""Alerts that would meet in a page are led to their receivers by ways of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.page_records import bind_alert, make_alert, make_config

from alertdrill.alertmanager.routes import Match, match_routes, parse_routes
from alertdrill.runner.synthetic import apart
from alertdrill.runner.synthetic.apart import set_apart
from alertdrill.runner.synthetic.batches import plan_batches
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

TREE: Mapping[str, Any] = {
    "receiver": "desk",
    "group_by": ["team"],
    "routes": [
        {"match": {"severity": "page"}, "receiver": "pagers", "group_by": [], "continue": True},
        {"matchers": ['team="a"'], "group_wait": "1s", "mute_time_intervals": ["nights"], "continue": True},
        {
            "match_re": {"team": "a|b"},
            "receiver": "chat",
            "routes": [{"matchers": ['zone!=""'], "receiver": "mail"}],
        },
    ],
}
CONFIG = make_config(TREE, desk=["webhook"], pagers=["pagerduty"], chat=["slack"], mail=["email"])
ALERTS = [
    make_alert(name, **labels)
    for name in ("Up", "Down")
    for labels in ({}, {"severity": "page"}, {"team": "a"}, {"team": "b", "zone": 'é "\\\n'}, {"team": "c"})
]
ALERTS += [
    make_alert("Down", severity="page", team="a"),
    make_alert("Down", severity="page", team="a", zone="x"),
]


def lead(document: Mapping[str, Any], alert: SyntheticAlert) -> list[Match]:
    """Return what becomes of an alert, wherever its routes stand."""
    return [replace(match, pointer="") for match in match_routes(parse_routes(document), alert.labels)]


def set_alerts_apart(
    alerts: Sequence[SyntheticAlert], config: Mapping[str, Any]
) -> tuple[int, Mapping[str, Any]]:
    """Return in how many batches alerts are sent, and the config for it."""
    bound, document = set_apart([bind_alert(alert, config) for alert in alerts], config)
    return len(plan_batches(bound, ())), document


def test_alerts_of_one_group_are_sent_at_once_and_go_where_they_went() -> None:
    """By the same receivers, groupings, timers and time intervals; `continue` counts as before."""
    batches, document = set_alerts_apart(ALERTS, CONFIG)
    assert batches == 1
    assert [lead(document, alert) for alert in ALERTS] == [lead(CONFIG, alert) for alert in ALERTS]


def test_every_alert_has_the_first_route_for_itself() -> None:
    """Though another one has all of its labels, and more."""
    _, document = set_alerts_apart(ALERTS, CONFIG)
    root = parse_routes(document)
    for alert in ALERTS:
        first = next(route for route in root.routes if match_routes(route, alert.labels))
        assert {matcher.name: matcher.value for matcher in first.matchers} == alert.labels


def test_a_label_may_have_a_name_in_any_characters() -> None:
    """As newer Alertmanagers have them, which take those in quotes only."""
    alerts = [make_alert(name, **{"größe in cm": '"5\\'}) for name in ("Up", "Down")]
    batches, document = set_alerts_apart(alerts, CONFIG)
    assert batches == 1
    first, _ = parse_routes(document).routes[:2]
    assert {matcher.name: matcher.value for matcher in first.matchers} == alerts[0].labels


def test_a_config_whose_alerts_meet_nowhere_stays_as_it_is() -> None:
    """Nor does one whose alerts meet only where nobody is notified."""
    apart_already = make_config({"receiver": "desk", "group_by": ["..."]}, desk=["webhook"])
    nowhere = make_config({"receiver": "desk"}, desk=[])
    for config in (apart_already, nowhere):
        _, document = set_alerts_apart(ALERTS, config)
        assert document["route"]["routes"] == []


def test_alerts_with_the_same_labels_are_sent_one_after_another() -> None:
    """To Alertmanager they are one alert."""
    batches, _ = set_alerts_apart([make_alert("Up"), make_alert("Down"), make_alert("Up")], CONFIG)
    assert batches == 2


def test_a_config_does_not_grow_beyond_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts that would meet are then sent one after another."""
    monkeypatch.setattr(apart, "MAX_ROUTES", 9)
    batches, document = set_alerts_apart([make_alert("Up"), make_alert("Down")], CONFIG)
    assert (batches, document) == (2, CONFIG)
