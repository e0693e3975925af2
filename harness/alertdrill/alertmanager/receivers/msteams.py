"""Microsoft Teams, by its connectors: their section of a config, and their message cards. Pure.

Formats and bounds: Microsoft's "Legacy actionable message card reference" and "Create Incoming Webhooks". A
card that is too large a connector takes with 200, and says only in words that Teams did not: they are not
read, and the card is lost. The tag stands in front of the summary, which no channel shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    count_bytes,
    make_attempt,
    parse_object,
    take_text_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    ReceiverKind,
    Required,
    make_bearer_contract,
    tag_text,
)
from alertdrill.alertmanager.receivers.showing import find_colour
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields
from alertdrill.core.card import Card, Part, Said

MAX_CARD_BYTES = 28 * 1024

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "title": TEXT,
    "summary": TEXT,
    "text": TEXT,
    "webhook_url": SECRET,
    "webhook_url_file": SECRET,
    "http_config": SECRET,
}


def read_card(_address: Address, body: bytes) -> Attempt:
    """Return what a message card says."""
    try:
        card = parse_object(body)
    except ValueError as error:
        return _refuse(_BAD_PAYLOAD, str(error), Attempt(answer=_TAKEN))
    summary, told = take_text_tag(card.get("summary"))
    card = {**card, "summary": summary}
    attempt = make_attempt(
        told,
        title=as_text(card.get("title")),  # `summary` is for notices and lists, and no card shows it
        text=as_text(card.get("text")),
        payload=card,
        answer=_TAKEN,
    )
    for name in ("title", "summary", "text", "themeColor"):
        if not isinstance(card.get(name, ""), str):
            return _refuse(_BAD_PAYLOAD, f"{name} is not a string", attempt)
    if not as_text(summary).strip() and not as_text(card.get("text")).strip():
        return _refuse("Summary or Text is required.", "the card has neither summary nor text", attempt)
    size = count_bytes(card)
    if size > MAX_CARD_BYTES:
        why = f"the card is {size} bytes, and the limit is {MAX_CARD_BYTES}"
        return replace(attempt, refusal=_TOO_LARGE, why=why)
    return attempt


def show_card(card: Mapping[str, Any]) -> Card:
    """Return how a message card looks in its channel."""
    part = Part(
        colour=find_colour(card.get("themeColor")),
        title=as_text(card.get("title")),
        text=Said(text=as_text(card.get("text")), markup="markdown"),
    )
    return Card(is_titled=True, service="Microsoft Teams", parts=[part])


def _say_failed(status: int) -> str:
    return (
        f"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status}"
    )


_BAD_PAYLOAD = "Bad payload received by generic incoming webhook."
_TAKEN = Answer(status=200, body="1")
_TOO_LARGE = Answer(status=200, body=_say_failed(413))


def _refuse(said: str, why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=Answer(status=400, body=said), why=why)


MSTEAMS = ReceiverKind(
    integration="msteams",
    fields=_FIELDS,
    required=(Required(own=("webhook_url", "webhook_url_file")),),
    point=tag_text("msteams", url="webhook_url", text="summary"),
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body=_say_failed(429)), error=Answer(status=500, body=_say_failed(500))
    ),
    http=make_bearer_contract(read_card),
    show=show_card,
)
