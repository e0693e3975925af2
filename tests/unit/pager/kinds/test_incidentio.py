"""What incident.io's alert source takes, as Alertmanager calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.receiver_requests import RECEIVER, answer, deliver, make_request, open_inbox


def make_event(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends."""
    alert = {"status": "firing", "labels": {"alertname": "Slow"}, "fingerprint": "0123456789abcdef"}
    return {
        "version": "1",
        "groupKey": '{}:{alertname="Slow"}',
        "receiver": RECEIVER,
        "status": "firing",
        "groupLabels": {"alertname": "Slow"},
        "commonAnnotations": {"summary": "it is slow"},
        "alerts": [alert],
    } | changes


def test_an_event_is_accepted_with_its_deduplication_key() -> None:
    """It is read as a webhook's notification is."""
    attempt = deliver("incidentio", make_event())
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["deduplication_key"]) == (202, '{}:{alertname="Slow"}')
    assert (attempt.does, attempt.title) == ("trigger", "it is slow")
    assert attempt.alerts[0].labels == {"alertname": "Slow"}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (make_event(version="4"), "not an Alertmanager webhook notification of version 1"),
        (make_event(alerts=[]), "a notification without alerts"),
        (make_event(commonAnnotations={"a": "x" * 512 * 1024}), "the event is "),
        (b"{", "the body is not JSON"),
    ],
)
def test_an_event_that_breaks_the_contract_is_not_valid(event: Any, why: str) -> None:
    """It is answered 422 with the kind of the error."""
    attempt = deliver("incidentio", event)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["type"]) == (422, "validation_error")
    assert attempt.why.startswith(why)


def test_the_alert_sources_own_token_opens_it() -> None:
    """The pager's does not."""
    request = make_request("incidentio")
    assert open_inbox("incidentio", request).is_open
    assert not open_inbox("incidentio", replace(request, headers={"authorization": "Bearer sesame"})).is_open
