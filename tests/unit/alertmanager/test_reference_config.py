"""Tests of the reference routing."""

from __future__ import annotations

import pytest

from alertdrill.alertmanager.amtool import check_config
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.routes import match_routes, parse_routes
from alertdrill.alertmanager.target import Target
from alertdrill.core.rule import PAGING
from alertdrill.runtime.binaries import Engines

CONFIG = make_reference_config(["mantis", "metis"])
RECEIVERS = {receiver["name"]: receiver for receiver in CONFIG.document["receivers"]}


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"system": "metis", "severity": "critical"}, "metis-page"),
        ({"system": "mantis", "severity": "warning"}, "mantis-ticket"),
        ({"system": "metis", "severity": "info"}, "unrouted"),
        ({"system": "nobody", "severity": "critical"}, "unrouted"),
        ({}, "unrouted"),
    ],
)
def test_alerts_are_routed_by_system_and_severity(labels: dict[str, str], receiver: str) -> None:
    """A critical alert of a system pages, a warning makes a ticket, all else is unrouted; each is a group."""
    (match,) = match_routes(parse_routes(CONFIG.document), {"alertname": "A", **labels})
    assert match.receiver == receiver
    assert match.group_by == ("...",)
    assert (match.group_wait_s, match.group_interval_s, match.repeat_interval_s) == (30, 60, 4 * 3600)


def test_rules_for_the_paging_path_have_routes_of_their_own() -> None:
    """Their routes come before all others, so that no system's receiver hears of them, and no other rule."""
    route = parse_routes(CONFIG.document)
    labels = {"alertname": "A", "system": "metis", "severity": "critical"}
    matches = match_routes(route, {**labels, **PAGING})
    assert matches
    assert all(not match.receiver.startswith("metis-") for match in matches)


def test_pages_go_to_pagerduty_and_tickets_to_slack() -> None:
    """Both are told when it is over, and what no route takes goes to a webhook."""
    assert set(RECEIVERS["metis-page"]) == {"name", "pagerduty_configs"}
    assert set(RECEIVERS["metis-ticket"]) == {"name", "slack_configs"}
    assert RECEIVERS["metis-ticket"]["slack_configs"][0]["send_resolved"] is True
    assert set(RECEIVERS["unrouted"]) == {"name", "webhook_configs"}


def test_both_generations_take_the_reference_routing(each_engines: Engines, target: Target) -> None:
    """Alertmanager's own tool finds no fault with it once it is redirected."""
    written = write_config(CONFIG, target=target, speed=60)
    check_config(each_engines.amtool, each_engines.versions["alertmanager"], CONFIG, written)
