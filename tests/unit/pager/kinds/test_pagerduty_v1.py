"""What PagerDuty's Events API v1 takes, as Alertmanager calls it with a service key."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.receiver_requests import FIRING, RECEIVER, TOKEN, answer, deliver, open_inbox

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.alertmanager.receivers.pagerduty import EVENTS_PER_MINUTE
from alertdrill.pager.intake import Desk
from alertdrill.pager.rule_time import RuleTime

ADDRESS = Address(receiver=RECEIVER, integration="pagerduty", index=2)
KEY = derive_key(TOKEN, ADDRESS)


def make_request(
    user: str = ADDRESS.path, password: str = KEY, path: str = "/generic/2010-04-15/create_event.json"
) -> Request:
    """Return a request as the proxy leads it."""
    named = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {named}"}
    return Request(method="POST", path=path, host="events.pagerduty.com", headers=headers)


def read(**changes: Any) -> Attempt:
    """Return what an event says; None takes a field away."""
    event = {
        "service_key": KEY,
        "incident_key": "group",
        "event_type": "trigger",
        "description": "it is slow",
        "details": {"firing": [{"status": "firing"}], "zone": "a", "alertdrill-tag": FIRING},
    } | changes
    body = {name: value for name, value in event.items() if value is not None}
    return deliver("pagerduty", body, make_request())


def test_an_event_is_processed_with_its_incident_key() -> None:
    """The description is the title, each detail a line, and neither tag nor key are kept."""
    attempt = read()
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["incident_key"]) == (200, "group")
    assert (attempt.does, attempt.key, attempt.title) == ("trigger", "group", "it is slow")
    assert attempt.text == 'firing: [{"status": "firing"}]\nzone: a'
    assert not {"service_key", "alertdrill-tag"} & (
        attempt.payload.keys() | attempt.payload["details"].keys()
    )
    assert attempt.group_labels == {"alertname": "Slow"}
    assert read(event_type="resolve", description=None).does == "resolve"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"service_key": "x"}, "Service key is the wrong length or invalid"),
        ({"event_type": "open"}, "Event type is not one of trigger"),
        ({"description": None}, "Description is missing or blank"),
        ({"description": "d" * 1025}, "Description is longer than 1024 characters"),
        ({"event_type": "resolve", "incident_key": None}, "Incident key is missing or blank"),
    ],
)
def test_an_event_that_breaks_the_contract_is_invalid(changes: Any, error: str) -> None:
    """It is answered 400 with the list of errors."""
    attempt = read(**changes)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["status"]) == (400, "invalid event")
    assert body["errors"][0].startswith(error)
    assert attempt.why.startswith(error)


def test_the_user_of_the_authorization_is_the_inbox() -> None:
    """Another password leaves it shut; without a user, or elsewhere, there is none."""
    inbox = open_inbox("pagerduty", make_request())
    assert (inbox.address, inbox.is_open) == (ADDRESS, True)
    assert not open_inbox("pagerduty", make_request(password="other")).is_open
    for request in (make_request(user="nobody"), make_request(path="/v2/enqueue")):
        with pytest.raises(ValueError, match=r"unpack|nothing of PagerDuty"):
            open_inbox("pagerduty", request)
    with pytest.raises(ValueError, match="unpack"):
        open_inbox("pagerduty", Request(method="POST", path=make_request().path, host="events.pagerduty.com"))


def test_too_many_events_are_answered_403() -> None:
    """As PagerDuty's first version does, whether it is told to or there were too many."""
    desk = Desk(RuleTime(1.0))
    for _ in range(EVENTS_PER_MINUTE):
        assert take(desk).status == 200
    assert take(desk).status == 403
    desk.faults.begin(RECEIVER, "pagerduty", "rate_limit", None)
    assert take(desk).status == 403
    desk.faults.begin(RECEIVER, "pagerduty", "error", None)
    assert take(desk).status == 500


def take(desk: Desk) -> Answer:
    """Return what an event is answered."""
    said = desk.take(ADDRESS, read())
    assert isinstance(said, Answer)
    return said
