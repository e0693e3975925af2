"""What Webex's messages API takes, as Alertmanager calls it."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import TEXT_TAG, answer, deliver

from alertdrill.alertmanager.receivers.webex import WEBEX


def test_a_message_comes_back_with_an_id() -> None:
    """Its first line is the title, and the tag is taken out."""
    attempt = deliver("webex", {"roomId": "room", "markdown": f"{TEXT_TAG}it is slow\nvery"})
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert answer(attempt).status == 200
    assert body["id"]
    assert body["markdown"] == "it is slow\nvery"
    assert (attempt.title, attempt.text) == ("it is slow", "it is slow\nvery")
    assert attempt.group_labels == {"alertname": "Slow"}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"roomId": " ", "markdown": "a"}, "roomId cannot be empty"),
        ({"roomId": "room", "markdown": TEXT_TAG}, "the message has no markdown"),
        ({"roomId": "room", "markdown": "é" * 3720}, "the message is longer than 7439 bytes"),
        (b"{", "the body is not JSON"),
    ],
)
def test_a_message_that_breaks_the_contract_is_a_bad_request(message: Any, why: str) -> None:
    """It is answered 400 with a description and an id to track it by."""
    attempt = deliver("webex", message)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert answer(attempt).status == 400
    assert body["errors"][0]["description"].startswith(why)
    assert body["trackingId"]
    assert attempt.why.startswith(why)


def test_without_a_valid_token_webex_says_which_header_it_wants() -> None:
    """The words are those of its API."""
    assert WEBEX.http is not None
    said = WEBEX.http.write_refusal(401, "no").body
    assert "Authorization request header" in str(said)
