"""What the connectors and the workflows of Microsoft Teams take, as Alertmanager calls them."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import TEXT_TAG, answer, deliver

from alertdrill.alertmanager.receivers.msteams import MAX_CARD_BYTES


def make_card(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends to a connector; None takes a field away."""
    card = {
        "@context": "http://schema.org/extensions",
        "type": "MessageCard",
        "title": "it is slow",
        "summary": f"{TEXT_TAG}it is slow!",
        "text": "very",
        "themeColor": "8C1A1A",
    } | changes
    return {name: value for name, value in card.items() if value is not None}


def make_message(text: str = "very", **changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends to a workflow."""
    card = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": "it is slow", "weight": "Bolder"},
            {"type": "TextBlock", "text": TEXT_TAG + text},
        ],
        **changes,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def test_a_connector_answers_a_card_with_1() -> None:
    """Title and text are the card's, and the tag is taken out of the summary."""
    attempt = deliver("msteams", make_card())
    assert (answer(attempt).status, answer(attempt).body) == (200, "1")
    assert (attempt.title, attempt.text, attempt.payload["summary"]) == ("it is slow", "very", "it is slow!")
    assert attempt.group_labels == {"alertname": "Slow"}


def test_a_summary_is_no_title() -> None:
    """It is for notices and lists: a card without a title begins with its text."""
    assert deliver("msteams", make_card(title="")).title == ""


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (make_card(summary=TEXT_TAG, text=None), "Summary or Text is required."),
        (make_card(text=7), "Bad payload received by generic incoming webhook."),
        (b"{", "Bad payload received by generic incoming webhook."),
    ],
)
def test_a_connector_refuses_what_is_no_card(card: Any, said: str) -> None:
    """It is answered 400, in words."""
    attempt = deliver("msteams", card)
    assert (answer(attempt).status, answer(attempt).body) == (400, said)


def test_a_card_that_is_too_large_is_lost_by_a_connector_with_200() -> None:
    """Only the words tell that Teams did not take it; the pager counts it as refused."""
    attempt = deliver("msteams", make_card(text="x" * MAX_CARD_BYTES))
    assert answer(attempt).status == 200
    assert "HTTP error 413" in str(answer(attempt).body)
    assert attempt.refusal
    assert f"the limit is {MAX_CARD_BYTES}" in attempt.why


def test_a_workflow_accepts_a_card() -> None:
    """The first block is the title, the others are the text, and the tag is taken out."""
    attempt = deliver("msteamsv2", make_message())
    assert answer(attempt).status == 202
    assert attempt.refusal is None
    assert (attempt.title, attempt.text) == ("it is slow", "very")
    assert "alertdrill-tag" not in str(attempt.payload)
    assert attempt.group_labels == {"alertname": "Slow"}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (make_message() | {"type": "card"}, "type is not message"),
        (make_message() | {"attachments": []}, "attachments is not a list with a card in it"),
        (make_message(type="Card"), "the content's type is not AdaptiveCard"),
        (make_message(body="very"), "the card has no body"),
        (b"[]", "the body is not a JSON object"),
    ],
)
def test_a_workflow_refuses_what_does_not_match_its_schema(message: Any, why: str) -> None:
    """It is answered 400 with the code of a trigger."""
    attempt = deliver("msteamsv2", message)
    body = answer(attempt).body
    assert answer(attempt).status == 400
    assert not isinstance(body, str)
    assert body["error"]["code"] == "TriggerInputSchemaMismatch"
    assert attempt.why == why


def test_a_card_that_is_too_large_is_lost_by_a_workflow_with_202() -> None:
    """The workflow has taken it by then; the pager counts it as refused."""
    attempt = deliver("msteamsv2", make_message("x" * MAX_CARD_BYTES))
    assert answer(attempt).status == 202
    assert attempt.refusal
    assert "the workflow fails after 202" in attempt.why
