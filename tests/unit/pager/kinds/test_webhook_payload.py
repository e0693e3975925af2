"""A webhook's payload of the user's own: the tag goes in where the config is written, and comes out again."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import FIRING, answer, deliver

from alertdrill.alertmanager.addresses import TAG, TAG_NAME
from alertdrill.alertmanager.receivers.webhook_payload import add_tag


@pytest.mark.parametrize(
    ("payload", "title", "text", "shown"),
    [
        (
            {"title": "it is slow", "zone": "a"},
            "it is slow",
            "title: it is slow\nzone: a",
            {"title": "it is slow", "zone": "a"},
        ),
        ({"status": "firing", "alerts": [1]}, "status: firing", "status: firing\nalerts: [1]", None),
        ("it is slow\nvery", "it is slow", "it is slow\nvery", {"payload": "it is slow\nvery"}),
        (["a", 1], '["a", 1]', '["a", 1]', {"payload": ["a", 1]}),
    ],
)
def test_whatever_a_payload_is_it_tells_its_group(
    payload: Any, title: str, text: str, shown: dict[str, Any] | None
) -> None:
    """What a service would show first is the title, every field is a line of the text."""
    sent = {name: FIRING if value == TAG else value for name, value in add_tag(payload).items()}
    attempt = deliver("webhook", sent)
    assert answer(attempt).status == 200
    assert attempt.refusal is None
    assert (attempt.title, attempt.text) == (title, text)
    assert attempt.payload == (payload if shown is None else shown)
    assert attempt.group_labels == {"alertname": "Slow"}
    assert TAG_NAME not in str(attempt.payload)


def test_without_the_tag_it_is_held_to_alertmanagers_own_format() -> None:
    """Whoever else sends JSON to the inbox is refused."""
    assert deliver("webhook", {"title": "it is slow"}).why.startswith("not an Alertmanager webhook")


def test_what_is_a_secret_by_its_name_does_not_leave_the_config() -> None:
    """Neither the pager nor a report gets it, however deep it stands; what is rendered is kept."""
    payload = {
        "auth_token": "s3cret",
        "card": [{"password": "s3cret", "apiKey": "s3cret", "title": "it is slow"}],
        "dedup": {"signature": "{{ .GroupKey }}"},
    }
    written = add_tag(payload)
    assert "s3cret" not in str(written)
    assert written["card"][0]["title"] == "it is slow"
    assert written["dedup"] == payload["dedup"]
    assert payload["auth_token"] == "s3cret"
