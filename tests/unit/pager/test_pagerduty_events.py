"""What PagerDuty takes for an event, and what it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.alertmanager.addresses import TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Attempt, TaggedAlert
from alertdrill.alertmanager.receivers.pagerduty import MAX_EVENT_BYTES, read_event

ADDRESS = Address(receiver="page", integration="pagerduty")
KEY = derive_key("sesame", ADDRESS)
TAG = "alertname=Slow&;0123=firing&4567=resolved&"


def make_event(payload: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a trigger as Alertmanager sends it, changed; None takes a field away."""
    whole = {"summary": "it is slow", "source": "Alertmanager", "severity": "error"} | (payload or {})
    event = {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "group",
        "payload": {name: value for name, value in whole.items() if value is not None},
    } | changes
    return {name: value for name, value in event.items() if value is not None}


def read(event: Any) -> Attempt:
    """Return what an event says."""
    return read_event(ADDRESS, json.dumps(event).encode(), "sesame")


def test_a_trigger_is_accepted_with_its_dedup_key() -> None:
    """The answer is PagerDuty's 202, and the incident is told apart by the dedup key."""
    attempt = read(make_event())
    assert attempt.refusal is None
    assert attempt.answer.status == 202
    assert attempt.answer.body == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": "group",
    }
    assert (attempt.does, attempt.key, attempt.title) == ("trigger", "group", "it is slow")


def test_a_trigger_without_a_dedup_key_is_given_one() -> None:
    """PagerDuty makes up a key and answers it."""
    attempt = read(make_event(dedup_key=None))
    assert attempt.refusal is None
    assert isinstance(attempt.answer.body, dict)
    assert attempt.answer.body["dedup_key"] == attempt.key
    assert attempt.group_key == ""


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (make_event(routing_key=None), "'routing_key' is missing or blank"),
        (make_event(routing_key="short"), "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (make_event(routing_key="0" * 32), "Invalid routing key"),
        (make_event(event_action="open"), "'event_action' is missing or not one of"),
        (make_event(event_action=["trigger"]), "'event_action' is missing or not one of"),
        (make_event(dedup_key="k" * 256), "'dedup_key' is longer than 255 characters"),
        (make_event(dedup_key=7), "'dedup_key' is not a string"),
        (make_event(event_action="resolve", dedup_key=None), "'dedup_key' is missing or blank"),
        (make_event(event_action="acknowledge", dedup_key=""), "'dedup_key' is missing or blank"),
        (make_event(payload={"summary": None}), "'payload.summary' is missing or blank"),
        (make_event(payload={"summary": ""}), "'payload.summary' is missing or blank"),
        (make_event(payload={"summary": "s" * 1025}), "'payload.summary' is longer than 1024 characters"),
        (make_event(payload={"source": None}), "'payload.source' is missing or blank"),
        (make_event(payload={"severity": None}), "'payload.severity' is missing or blank"),
        (make_event(payload={"severity": "page"}), "'payload.severity' is not one of"),
        (make_event(payload={"component": 7}), "'payload.component' is not a string"),
        ({"routing_key": KEY, "event_action": "trigger"}, "'payload' is missing or not an object"),
        (make_event(client=7), "'client' is not a string"),
        (make_event(links=[{"text": "where?"}]), "'links' has an entry without href"),
        (make_event(images="none"), "'images' is not a list of objects"),
        ([], "the body is not a JSON object"),
    ],
)
def test_an_event_that_breaks_the_contract_is_invalid(event: Any, error: str) -> None:
    """It is answered 400 with PagerDuty's words for an invalid event, and the errors."""
    attempt = read(event)
    assert attempt.refusal is not None
    assert attempt.refusal.status == 400
    body = attempt.refusal.body
    assert isinstance(body, dict)
    assert (body["status"], body["message"]) == ("invalid event", "Event object is invalid")
    assert [one for one in body["errors"] if one.startswith(error)]


@pytest.mark.parametrize("text", ["{", "", '{"a": NaN}', "[" * 100_000, "\udcff"])
def test_what_is_not_json_is_invalid(text: str) -> None:
    """Neither garbage nor nesting without end is more than an invalid event."""
    attempt = read_event(ADDRESS, text.encode("utf-8", "surrogateescape"), "sesame")
    assert attempt.refusal is not None
    assert attempt.refusal.status == 400


def test_what_is_as_long_as_may_be_is_accepted() -> None:
    """Summary and dedup key are measured in characters, and the bounds are among what is allowed."""
    assert read(make_event(payload={"summary": "é" * 1024}, dedup_key="é" * 255)).refusal is None


def test_size_is_measured_without_the_tag() -> None:
    """An event is refused for its own size, not for what the tag added to it."""
    large = "d" * (MAX_EVENT_BYTES - 1000)
    tag = "alertname=Slow&;" + "0123456789abcdef=firing&" * 400
    fits = make_event(payload={"custom_details": {"firing": large, TAG_NAME: tag}})
    attempt = read(fits)
    assert attempt.refusal is None
    assert len(attempt.alerts) == 400
    too_large = read(make_event(payload={"custom_details": {"firing": large + "d" * 1000}}))
    assert "the limit is 524288" in too_large.why


def test_the_tag_tells_and_is_taken_out() -> None:
    """Group labels and alerts are known from it, and the payload is as it would be without."""
    details = {"firing": "one", TAG_NAME: TAG}
    attempt = read(make_event(payload={"custom_details": details}))
    assert attempt.group_labels == {"alertname": "Slow"}
    assert attempt.alerts == (
        TaggedAlert(fingerprint="0123", status="firing"),
        TaggedAlert(fingerprint="4567", status="resolved"),
    )
    assert attempt.payload["payload"]["custom_details"] == {"firing": "one"}
    assert attempt.text == "firing: one"


def test_the_routing_key_is_kept_nowhere() -> None:
    """Neither an accepted nor a refused event has the key in what is journalled or answered."""
    for event in (
        make_event(),
        make_event(payload={"severity": "page"}),
        make_event(routing_key=KEY[:-1] + "x"),
    ):
        attempt = read(event)
        assert event["routing_key"] not in repr(attempt)
        assert KEY not in repr(attempt)
