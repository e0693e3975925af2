"""How each kind's notification looks at its receiver, by what Alertmanager sends it."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.showing import find_colour
from alertdrill.core.expectation import Integration

ALERT = {
    "status": "firing",
    "labels": {"alertname": "Slow", "zone": "b"},
    "annotations": {"summary": "it is slow"},
}
ATTACHMENT = {
    "color": "danger",
    "title": "Slow",
    "title_link": "https://am.example/",
    "pretext": "look:",
    "text": "it is slow",
    "footer": "Alertmanager",
    "fields": [{"title": "zone", "value": "b", "short": True}],
    "actions": [{"type": "button", "text": "Silence", "url": "https://am.example/silence"}],
}
CHAT = {"channel": "#ops", "username": "bot", "text": "hello", "attachments": [ATTACHMENT]}
RED, GREEN = "#a30200", "#2eb886"
PAYLOADS: dict[Integration, tuple[dict[str, Any], dict[str, Any]]] = {
    "slack": (
        CHAT,
        {
            "sender": "bot",
            "place": "#ops",
            "lead": "hello",
            "colour": RED,
            "facts": {"zone": "b"},
            "links": ["Silence"],
            "footer": "Alertmanager",
            "above": "look:",
        },
    ),
    "mattermost": (
        {**CHAT, "priority": {"priority": "urgent"}},
        {"place": "#ops", "badge": "urgent", "colour": RED},
    ),
    "rocketchat": ({**CHAT, "alias": "bot"}, {"place": "#ops", "sender": "bot", "colour": RED}),
    "discord": (
        {
            "username": "bot",
            "content": "hello",
            "embeds": [{"title": "Slow", "description": "it is slow", "color": 0xA30200}],
        },
        {"sender": "bot", "lead": "hello", "colour": RED},
    ),
    "msteams": ({"title": "Slow", "text": "it is slow", "themeColor": "a30200"}, {"colour": RED}),
    "msteamsv2": (
        {
            "attachments": [
                {"content": {"body": [{"text": "Slow", "color": "Attention"}, {"text": "it is slow"}]}}
            ]
        },
        {"colour": RED},
    ),
    "pagerduty": (
        {
            "event_action": "trigger",
            "client": "Alertmanager",
            "client_url": "https://am.example/",
            "links": [{"href": "https://r.example/", "text": "runbook"}],
            "payload": {
                "summary": "Slow",
                "severity": "critical",
                "component": "db",
                "custom_details": {"note": "it is slow"},
            },
        },
        {
            "badge": "critical",
            "colour": RED,
            "facts": {"component": "db", "note": "it is slow"},
            "text": "",
            "links": ["runbook"],
            "footer": "Alertmanager",
        },
    ),
    "opsgenie": (
        {
            "message": "Slow",
            "description": "it is slow",
            "priority": "P1",
            "tags": ["a", "b"],
            "details": {"zone": "b"},
            "responders": [{"type": "team", "name": "core"}],
        },
        {"badge": "P1", "place": "core", "facts": {"tags": "a, b", "zone": "b"}, "colour": RED},
    ),
    "victorops": (
        {
            "message_type": "RECOVERY",
            "entity_id": "1",
            "entity_display_name": "Slow",
            "state_message": "it is slow",
            "monitoring_tool": "Alertmanager",
            "zone": "b",
        },
        {"badge": "RECOVERY", "colour": GREEN, "facts": {"zone": "b"}, "footer": "Alertmanager"},
    ),
    "telegram": (
        {"chat_id": -1, "text": "Slow\nit is slow"},
        {"place": "-1", "title": "", "text": "Slow\nit is slow"},
    ),
    "webex": (
        {"roomId": "r", "markdown": "Slow\nit is slow"},
        {"place": "r", "title": "", "text": "Slow\nit is slow"},
    ),
    "wechat": (
        {"msgtype": "text", "touser": "@all", "text": {"content": "Slow\nit is slow"}},
        {"place": "@all", "title": "", "text": "Slow\nit is slow"},
    ),
    "pushover": (
        {
            "title": "Slow",
            "message": "it is slow",
            "priority": "2",
            "url": "https://r.example/",
            "url_title": "runbook",
        },
        {"badge": "emergency", "links": ["runbook"]},
    ),
    "sns": (
        {
            "TopicArn": "arn:aws:sns:eu:1:a",
            "Subject": "Slow",
            "Message": "it is slow",
            "MessageAttributes": {"zone": "b"},
        },
        {"place": "arn:aws:sns:eu:1:a", "facts": {"zone": "b"}},
    ),
    "jira": (
        {
            "fields": {
                "project": {"key": "OPS"},
                "issuetype": {"name": "Bug"},
                "priority": {"name": "High"},
                "summary": "Slow",
                "description": {"type": "doc", "content": [{"type": "text", "text": "it is slow"}]},
                "labels": ["x"],
            }
        },
        {"place": "OPS", "sender": "Bug", "badge": "High", "facts": {"labels": "x"}},
    ),
    "email": (
        {
            "headers": {"From": "am@x.example", "To": "me@x.example", "Subject": "Slow"},
            "text": "",
            "html": "<p>it is slow",
        },
        {
            "sender": "am@x.example",
            "place": "to me@x.example",
            "lead": "Slow",
            "title": "",
            "page": "<p>it is slow",
        },
    ),
    "webhook": (
        {"status": "firing", "alerts": [ALERT]},
        {
            "badge": "firing",
            "title": "Slow {zone=b}",
            "colour": RED,
            "text": "",
            "facts": {"summary": "it is slow"},
        },
    ),
    "incidentio": (
        {"status": "firing", "alerts": [ALERT]},
        {"badge": "firing", "title": "Slow {zone=b}", "text": "", "facts": {"summary": "it is slow"}},
    ),
}


def describe(integration: Integration, payload: dict[str, Any]) -> dict[str, Any]:
    """Return what stands where in the card of a notification."""
    card = RECEIVER_KINDS[integration].show(payload)
    (part,) = card.parts
    return {
        "sender": card.sender,
        "place": card.place,
        "badge": card.badge,
        "lead": card.lead.text,
        "page": card.page,
        "colour": part.colour,
        "above": part.lead.text,
        "title": part.title,
        "text": part.text.text,
        "facts": {fact.name: fact.said.text for fact in part.facts},
        "links": [link.text for link in part.links],
        "footer": part.footer,
    }


@pytest.mark.parametrize("integration", RECEIVER_KINDS)
def test_a_notification_looks_as_its_receiver_shows_it(integration: Integration) -> None:
    """Every kind puts what it was sent where its service does: title, text, colour, fields, and the rest."""
    payload, wanted = PAYLOADS[integration]
    shown = describe(integration, payload)
    assert shown | {"title": "Slow", "text": "it is slow"} | wanted == shown


def test_the_older_api_of_pagerduty_is_shown_alike() -> None:
    """Its fields have other names, and stand in other places."""
    event = {
        "event_type": "resolve",
        "description": "Slow",
        "details": {"note": "x"},
        "client": "Alertmanager",
    }
    shown = describe("pagerduty", event)
    assert (shown["title"], shown["badge"], shown["colour"]) == ("Slow", "resolved", GREEN)
    assert shown["facts"] == {"note": "x"}


def test_a_payload_of_ones_own_is_shown_field_by_field() -> None:
    """Nobody knows what its service makes of it."""
    shown = describe("webhook", {"title": "Slow", "to": ["a"], "empty": ""})
    assert shown["facts"] == {"title": "Slow", "to": '["a"]'}


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ("#ABC", "#aabbcc"),
        ("a30200", RED),
        ("good", GREEN),
        (0xA30200, RED),
        ("red; background: url(x)", ""),
        (True, ""),
        (-1, ""),
        (None, ""),
        ("", ""),
    ],
)
def test_a_colour_is_one_or_none(value: Any, colour: str) -> None:
    """What is no colour cannot get into a style."""
    assert find_colour(value) == colour
