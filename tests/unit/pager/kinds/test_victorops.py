"""What Splunk On-Call's REST endpoint takes, as Alertmanager calls it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from support.receiver_requests import FIRING, RECEIVER, answer, deliver, make_request, open_inbox

from alertdrill.alertmanager.addresses import Address
from alertdrill.core.clock import Clock
from alertdrill.pager.journal import Journal
from alertdrill.pager.rule_time import RuleTime


def make_alert(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends; None takes a field away."""
    alert = {
        "message_type": "CRITICAL",
        "entity_id": "group",
        "entity_display_name": "it is slow",
        "state_message": "very",
        "monitoring_tool": "Alertmanager",
        "zone": "a",
        "alertdrill-tag": FIRING,
    } | changes
    return {name: value for name, value in alert.items() if value is not None}


def test_an_alert_succeeds_with_its_entity() -> None:
    """The entity is the incident's key; custom fields stay, without the tag."""
    attempt = deliver("victorops", make_alert())
    assert (answer(attempt).status, answer(attempt).body) == (
        200,
        {"result": "success", "entity_id": "group"},
    )
    assert (attempt.does, attempt.key, attempt.title, attempt.text) == (
        "trigger",
        "group",
        "it is slow",
        "very",
    )
    assert attempt.group_labels == {"alertname": "Slow"}
    assert attempt.payload["zone"] == "a"
    assert "alertdrill-tag" not in attempt.payload


def test_a_recovery_closes_and_an_acknowledgement_acknowledges() -> None:
    """The type of a message says what it does."""
    assert deliver("victorops", make_alert(message_type="RECOVERY")).does == "resolve"
    assert deliver("victorops", make_alert(message_type="acknowledgement")).does == "acknowledge"
    assert deliver("victorops", make_alert(message_type="WARNING")).does == "trigger"


def test_an_info_is_shown_and_pages_nobody() -> None:
    """It is in the journal as a notification that opened no incident, with the reason."""
    rule_time = RuleTime(1.0)
    rule_time.change(Clock(speed=1.0, origin_s=time.time()))
    journal = Journal(rule_time)
    attempt = deliver("victorops", make_alert(message_type="INFO"))
    address = Address(receiver=RECEIVER, integration="victorops")
    written = journal.accept(address, attempt, received_s=time.time(), answer="200")
    assert written is not None
    assert (written["is_accepted"], written["effect"], written["incident"]) == (True, "none", None)
    assert "opens no incident" in written["why"]
    assert journal.list_incidents() == []


@pytest.mark.parametrize(
    ("alert", "why"),
    [
        (make_alert(message_type="FATAL"), "message_type is not one of CRITICAL, WARNING"),
        (make_alert(message_type=None), "message_type is not one of"),
        (make_alert(entity_id="e" * 513), "entity_id is longer than 512 characters"),
        (make_alert(state_message="s" * 20_481), "state_message is longer than 20480 characters"),
        (make_alert(entity_display_name=7), "entity_display_name is not a string"),
        (b"[]", "the body is not a JSON object"),
    ],
)
def test_an_alert_that_breaks_the_contract_fails(alert: Any, why: str) -> None:
    """It is answered 400 with the result in a word."""
    attempt = deliver("victorops", alert)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["result"]) == (400, "failure")
    assert attempt.why.startswith(why)


def test_an_alert_without_a_routing_key_reaches_nobody() -> None:
    """A template that rendered nothing leaves the address without one."""
    request = make_request("victorops")
    unrouted = replace(request, path=request.path.removesuffix("team"))
    assert deliver("victorops", make_alert(), unrouted).why == "the address has no routing key"


def test_the_key_is_in_the_path() -> None:
    """A receiver's name may have a slash in it; another key leaves the inbox shut."""
    request = make_request("victorops")
    inbox = open_inbox("victorops", request)
    assert inbox.is_open
    assert inbox.address.receiver == RECEIVER
    start, key, end = request.path.rsplit("/", 2)
    assert not open_inbox("victorops", replace(request, path=f"{start}/{key[::-1]}/{end}")).is_open
