"""Microsoft Teams, by a workflow: its section of a config, and its adaptive cards. Pure.

Formats and bounds: Microsoft's "Create incoming webhooks with Workflows", and the schema of its trigger. A
workflow takes what it is sent before it posts it: a card that is too large is taken with 202, and lost. The
tag stands in front of the card's text.
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
    take_listed_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    ReceiverKind,
    Required,
    make_bearer_contract,
    tag_text,
)
from alertdrill.alertmanager.receivers.showing import as_object, find_colour, list_links, list_objects
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields
from alertdrill.core.card import Card, Part, Said

MAX_CARD_BYTES = 28 * 1024
CARD = "application/vnd.microsoft.card.adaptive"

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "title": TEXT,
    "text": TEXT,
    "webhook_url": SECRET,
    "webhook_url_file": SECRET,
    "http_config": SECRET,
}
_TAKEN = Answer(status=202)


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message with a card says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse(str(error), Attempt(answer=_TAKEN))
    attachments = message.get("attachments")
    first = attachments[0] if isinstance(attachments, list) and attachments else None
    content = first.get("content") if isinstance(first, dict) else None
    content = content if isinstance(content, dict) else {}
    kept, told = take_listed_tag(content.get("body"), "text")
    blocks = list_objects(kept)
    if isinstance(first, dict) and "content" in first and isinstance(attachments, list):
        first = {**first, "content": {**content, "body": kept}}
        message = {**message, "attachments": [first, *attachments[1:]]}
    shown = [as_text(block.get("text")) for block in blocks]
    attempt = make_attempt(
        told,
        title=shown[0] if shown else "",
        text=as_text("\n".join(shown[1:])),
        payload=message,
        answer=_TAKEN,
    )
    if why := _check(message, first, content):
        return _refuse(why, attempt)
    size = count_bytes(message)
    if size > MAX_CARD_BYTES:
        why = f"the card is {size} bytes, the limit is {MAX_CARD_BYTES}, and the workflow fails after 202"
        return replace(attempt, refusal=_TAKEN, why=why)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its channel: the first text of a card is its title."""
    parts = []
    for attachment in list_objects(message.get("attachments")):
        content = as_object(attachment.get("content"))
        blocks = list_objects(content.get("body"))
        first = blocks[0] if blocks else {}
        texts = (as_text(block.get("text")) for block in blocks[1:])
        parts.append(
            Part(
                colour=find_colour(first.get("color")),
                title=as_text(first.get("text")),
                text=Said(text="\n".join(filter(None, texts)), markup="markdown"),
                links=list_links(content.get("actions"), "title", "url"),
            )
        )
    return Card(is_titled=True, service="Microsoft Teams", parts=parts)


def _check(message: Mapping[str, Any], first: Any, content: Mapping[str, Any]) -> str:
    if message.get("type") != "message":
        return "type is not message"
    if not isinstance(first, dict):
        return "attachments is not a list with a card in it"
    if first.get("contentType") != CARD:
        return f"contentType is not {CARD}"
    if content.get("type") != "AdaptiveCard":
        return "the content's type is not AdaptiveCard"
    if not isinstance(content.get("body"), list):
        return "the card has no body"
    return ""


def _write(status: int, code: str, sentence: str) -> Answer:
    return Answer(status=status, body={"error": {"code": code, "message": sentence}})


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write(status, "DirectApiAuthorizationRequired" if status == 401 else "BadRequest", sentence)


def _refuse(why: str, attempt: Attempt) -> Attempt:
    said = (
        f"The input body for trigger 'manual' of type 'Request' did not match its schema definition: {why}."
    )
    return replace(attempt, refusal=_write(400, "TriggerInputSchemaMismatch", said), why=why)


MSTEAMSV2 = ReceiverKind(
    integration="msteamsv2",
    fields=_FIELDS,
    required=(Required(own=("webhook_url", "webhook_url_file")),),
    point=tag_text("msteamsv2", url="webhook_url", text="text"),
    failing=FailingAnswers(
        rate_limit=_write(429, "TooManyRequests", "Rate limit is exceeded. Try again later."),
        error=_write(500, "InternalServerError", "Encountered internal server error."),
    ),
    http=make_bearer_contract(read_message, _write_refusal),
    show=show_message,
)
