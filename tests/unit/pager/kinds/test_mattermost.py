"""What Mattermost's incoming webhooks take, as Alertmanager calls them."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import TEXT_TAG, answer, deliver


def make_post(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends; None takes a field away."""
    post = {
        "text": "#### it is slow\nvery",
        "channel": "town-square",
        "username": "Alertmanager",
        "props": {"card": TEXT_TAG},
    } | changes
    return {name: value for name, value in post.items() if value is not None}


def test_a_post_is_answered_ok() -> None:
    """The first line of a text is its title; a card that was only the tag is taken out whole."""
    attempt = deliver("mattermost", make_post())
    assert (answer(attempt).status, answer(attempt).body) == (200, "ok")
    assert (attempt.title, attempt.text) == ("#### it is slow", "#### it is slow\nvery")
    assert attempt.group_labels == {"alertname": "Slow"}
    assert "props" not in attempt.payload


def test_a_card_of_the_users_own_stays() -> None:
    """Only the tag is taken out of it."""
    attempt = deliver("mattermost", make_post(props={"card": f"{TEXT_TAG}see the runbook"}))
    assert attempt.payload["props"] == {"card": "see the runbook"}


def test_an_attachment_has_the_title_where_there_is_one() -> None:
    """What it shows is part of the text."""
    attempt = deliver("mattermost", make_post(attachments=[{"title": "Slow", "text": "its p99 is high"}]))
    assert attempt.title == "Slow"
    assert attempt.text.endswith("very\nSlow\nits p99 is high")


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (make_post(text=None), "No text specified."),
        (make_post(text=7), "Unable to parse incoming data."),
        (make_post(attachments=["a"]), "Unable to parse incoming data."),
        (make_post(priority={"priority": "high"}), "Invalid post priority."),
        (make_post(attachments=[{"text": "x" * 800_001}]), "Unable to save the post"),
        (b"{", "Unable to parse incoming data."),
    ],
)
def test_a_post_that_breaks_the_contract_is_an_error_of_the_app(post: Any, said: str) -> None:
    """It is answered 400, with the status in the body too."""
    attempt = deliver("mattermost", post)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["status_code"]) == (400, 400)
    assert body["message"].startswith(said)
    assert attempt.why


def test_a_text_longer_than_a_post_is_taken() -> None:
    """Mattermost makes several posts of it."""
    assert deliver("mattermost", make_post(text="x" * 20_000)).refusal is None
