"""What Slack's incoming webhooks take for a message, and what they answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.alertmanager.addresses import TAG_NAME, Address
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.slack import read_message

ADDRESS = Address(receiver="ticket", integration="slack")
SEVERITY = {"title": "severity", "value": "high", "short": True}


def make_message(*statuses: str, **changes: Any) -> dict[str, Any]:
    """Return a message as Alertmanager sends it, about alerts with these statuses."""
    alerts = "".join(f"{number:04}={status}&" for number, status in enumerate(statuses))
    tag = {"title": TAG_NAME, "value": f"alertname=Slow&;{alerts}"}
    attachment = {"title": "it is slow", "text": "very", "fallback": "slow", "fields": [SEVERITY, tag]}
    return {"channel": "#on-call", "username": "Alertmanager", "attachments": [attachment]} | changes


def read(message: Any) -> Attempt:
    """Return what a message says."""
    return read_message(ADDRESS, json.dumps(message).encode())


def test_a_message_is_answered_ok() -> None:
    """Title and text are the attachment's; the tag is taken out and the other fields are left."""
    attempt = read(make_message("firing"))
    assert attempt.refusal is None
    assert (attempt.answer.status, attempt.answer.body) == (200, "ok")
    assert (attempt.title, attempt.text) == ("it is slow", "very")
    assert attempt.payload["attachments"][0]["fields"] == [SEVERITY]
    assert attempt.group_labels == {"alertname": "Slow"}


@pytest.mark.parametrize(
    ("statuses", "does"),
    [(("firing",), "trigger"), (("firing", "resolved"), "trigger"), (("resolved", "resolved"), "resolve")],
)
def test_a_message_resolves_when_all_its_alerts_are(statuses: tuple[str, ...], does: str) -> None:
    """A message has no status of its own: as long as one alert fires, the group does."""
    attempt = read(make_message(*statuses))
    assert (attempt.does, attempt.key) == (does, '{alertname="Slow"}')


def test_a_message_without_a_tag_is_about_no_group() -> None:
    """It is accepted, as Slack would, but nothing can be told of it."""
    attempt = read({"text": "good morning"})
    assert attempt.refusal is None
    assert attempt.key is None
    assert attempt.title == "good morning"


def test_a_fallback_is_no_title() -> None:
    """An attachment's fallback is for clients that show no attachments: no channel shows it."""
    untitled = {"title": "", "text": "it is down", "fallback": "[FIRING:1] Slow | http://am/#/alerts"}
    assert read({"attachments": [untitled]}).title == ""


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"attachments": []}, "no_text"),
        ([], "invalid_payload"),
        ({"text": ["hello"]}, "invalid_payload"),
        ({"text": "hello", "channel": 7}, "invalid_payload"),
        ({"attachments": "none"}, "invalid_attachments"),
        ({"attachments": ["none"]}, "invalid_attachments"),
        ({"attachments": [{"title": 7}]}, "invalid_attachments"),
        ({"attachments": [{"text": "a", "fields": "none"}]}, "invalid_attachments"),
        ({"attachments": [{"text": "a"}] * 101}, "invalid_attachments"),
    ],
)
def test_a_message_that_breaks_the_contract_is_refused_in_slacks_words(message: Any, error: str) -> None:
    """It is answered 400 and the one word that Slack has for it."""
    attempt = read(message)
    assert attempt.refusal is not None
    assert (attempt.refusal.status, attempt.refusal.body) == (400, error)


def test_what_is_not_json_is_an_invalid_payload() -> None:
    """Garbage is refused too."""
    attempt = read_message(ADDRESS, b"{")
    assert attempt.refusal is not None
    assert attempt.refusal.body == "invalid_payload"
