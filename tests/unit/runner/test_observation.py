"""What a run reads of its paging path."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from support.canned_path import CLOCK, CannedApi, make_raw

from alertdrill.alertmanager.config import parse_config
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.timeline import Event
from alertdrill.runner.observation import watch_pages

CONFIG = """
route:
  receiver: oncall
  routes:
    - {receiver: oncall, matchers: [team="pay"]}
    - {receiver: oncall, matchers: [team="search"]}
receivers:
  - {name: oncall, slack_configs: [{api_url: "https://hooks.example/x", channel: "#a"}]}
"""
TEAMS = ("pay", "search")


def tell(number: int, team: str, status: str, **changed: Any) -> dict[str, Any]:
    """Return what the pager has of a notification of the team's group."""
    labels = {"alertname": "Slow", "team": team}
    alert = {"fingerprint": fingerprint(labels), "status": status}
    return make_raw(number, alert, status=status, group_labels={}, **changed)


def test_a_run_knows_groups_by_the_routes_of_its_config() -> None:
    """The page of the second team does not close with that of the first."""
    notices = [
        tell(1, "pay", "firing"),
        tell(2, "search", "firing", effect="updated"),
        tell(3, "pay", "resolved", effect="closed"),
    ]
    order = cast(Any, SimpleNamespace(alertmanager=parse_config(CONFIG, "alertmanager.yml")))
    stack = cast(Any, SimpleNamespace(endpoints=SimpleNamespace(open_alertmanagers=dict)))
    watch = watch_pages(order, stack, CannedApi(notices={"notices": notices}), CLOCK)
    watch.look(0.0)
    events = [Event(at_s=0, kind="firing", alert="Slow", labels={"team": team}) for team in TEAMS]
    told = watch.read(events, (), ()).notifications
    assert [(one.effect, one.incident) for one in told] == [
        ("opened", "i1"),
        ("opened", "i1.2"),
        ("closed", "i1"),
    ]
