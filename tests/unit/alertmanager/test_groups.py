"""Notifications of groups with the same labels are told apart by the routes of their alerts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import pytest
from support.notified import make_notification

from alertdrill.alertmanager.groups import Groups, Inbox
from alertdrill.alertmanager.routes import parse_routes
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Effect, Notification

INBOX: Inbox = ("oncall", "slack", 0)
PAY: Labels = {"team": "pay"}
ALSO_PAY: Labels = {"team": "pay", "model": "b"}
SEARCH: Labels = {"team": "search"}
TEAMS = [{"matchers": [f'team="{team}"'], "receiver": "oncall"} for team in ("pay", "search")]


def read_routes(*routes: dict[str, Any], group_by: Iterable[str] = ()) -> Groups:
    """Return the groups of a config with these routes."""
    return Groups(
        parse_routes({"route": {"receiver": "desk", "group_by": [*group_by], "routes": list(routes)}})
    )


def tell(
    number: int,
    effect: Effect,
    incident: str | None,
    *labels: Labels,
    status: Literal["firing", "resolved"] = "firing",
    **changed: Any,
) -> Notification:
    """Return a notification of Slack, and what the pager says that it did."""
    stated = {"integration": "slack", "group_key": "", "group_labels": {}, "status": status}
    every: dict[str, Any] = {**stated, "incident": incident, **changed}
    return make_notification(number, 60.0 * number, effect, *labels, **every)


MERGED = [
    tell(1, "opened", "1", PAY),
    tell(2, "updated", "1", SEARCH),
    tell(3, "closed", "1", PAY, status="resolved"),
    tell(4, "opened", "2", SEARCH),
    tell(5, "closed", "2", SEARCH, status="resolved"),
    tell(6, "none", None, PAY, status="resolved"),
]
"""Two groups, which the pager takes for one; and a repeated end."""


def list_effects(
    groups: Groups, notifications: list[Notification], inboxes: list[Inbox] | None = None
) -> list[tuple[Effect, str | None]]:
    """Return what each notification did, and to which incident."""
    told = groups.tell_apart(notifications, inboxes or [INBOX] * len(notifications))
    assert [one.number for one in told] == [one.number for one in notifications]
    return [(one.effect, one.incident) for one in told]


def test_groups_of_two_routes_have_incidents_of_their_own() -> None:
    """The end of the first closes no other."""
    assert list_effects(read_routes(*TEAMS), MERGED) == [
        ("opened", "1"),
        ("opened", "1.2"),
        ("closed", "1"),
        ("updated", "1.2"),
        ("closed", "1.2"),
        ("none", None),
    ]


def test_a_group_is_one_incident_whoever_is_in_it() -> None:
    """An alert may be silenced for a while: who is left is of the same group."""
    notifications = [
        tell(1, "opened", "1", PAY),
        tell(2, "updated", "1", ALSO_PAY),
        tell(3, "updated", "1", PAY, ALSO_PAY),
        tell(4, "updated", "1", SEARCH),
        tell(5, "closed", "1", PAY, ALSO_PAY, status="resolved"),
    ]
    assert list_effects(read_routes(*TEAMS), notifications) == [
        ("opened", "1"),
        ("updated", "1"),
        ("updated", "1"),
        ("opened", "1.4"),
        ("closed", "1"),
    ]


def test_inboxes_are_told_apart_as_before() -> None:
    """Two integrations of a receiver have an incident each, of each group."""
    inboxes: list[Inbox] = [INBOX, ("oncall", "slack", 1), INBOX, ("oncall", "slack", 1)]
    notifications = [
        tell(1, "opened", "1", PAY),
        tell(2, "opened", "2", PAY),
        tell(3, "updated", "1", SEARCH),
        tell(4, "updated", "2", SEARCH),
    ]
    assert list_effects(read_routes(*TEAMS), notifications, inboxes) == [
        ("opened", "1"),
        ("opened", "2"),
        ("opened", "1.3"),
        ("opened", "2.4"),
    ]


@pytest.mark.parametrize(
    ("groups", "notifications"),
    [
        (read_routes({"receiver": "oncall"}), MERGED),
        (read_routes(*[{**route, "continue": True} for route in TEAMS], {"receiver": "oncall"}), MERGED),
        (
            read_routes(*TEAMS),
            [
                tell(1, "opened", "1", PAY, group_key="a"),
                tell(2, "opened", "2", SEARCH, group_key="b"),
                tell(3, "closed", "1", PAY, status="resolved", group_key="a"),
            ],
        ),
        (
            read_routes(*TEAMS, group_by=["team"]),
            [
                tell(1, "opened", "1", PAY, group_labels=PAY),
                tell(2, "opened", "2", SEARCH, group_labels=SEARCH),
                tell(3, "closed", "1", PAY, status="resolved", group_labels=PAY),
            ],
        ),
        (
            read_routes(*TEAMS),
            [
                tell(1, "opened", "1", PAY),
                tell(2, "none", None, SEARCH, is_accepted=False),
                tell(3, "none", None, SEARCH, why="its service shows it, and opens no incident for it"),
                tell(4, "updated", "1", alerts=()),
            ],
        ),
    ],
    ids=[
        "one route",
        "more than one route may be meant",
        "keys of groups",
        "labels of groups",
        "no incident",
    ],
)
def test_what_is_known_or_cannot_be_is_left(groups: Groups, notifications: list[Notification]) -> None:
    """It is as the pager says."""
    assert list_effects(groups, notifications) == [(one.effect, one.incident) for one in notifications]
