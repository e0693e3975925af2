"""Webex: its section of a config, and its messages API, read and answered as Webex would. Pure.

Formats and bounds: Webex's developer documentation, "Create a Message". A message has no title, so its first
line is it. The tag stands in front of the message, and counts among the bytes after which Alertmanager cuts.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
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
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields
from alertdrill.core.card import Card, Part, Said

MAX_MESSAGE_BYTES = 7439
_UNAUTHORIZED = "The request requires a valid access token set in the Authorization request header."

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "room_id": TEXT,
    "message": TEXT,
    "api_url": SECRET,
    "http_config": SECRET,
}


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse(str(error), Attempt(answer=Answer(status=200)))
    room = message.get("roomId")
    markdown, told = take_text_tag(message.get("markdown"))
    message = {**message, "markdown": markdown}
    text = as_text(markdown)
    attempt = make_attempt(
        told,
        title=find_first_line(text),
        text=text,
        payload=message,
        answer=Answer(status=200, body={"id": uuid.uuid4().hex, **message}),
    )
    if not as_text(room).strip():
        return _refuse("roomId cannot be empty", attempt)
    if not text.strip():
        return _refuse("the message has no markdown", attempt)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
        return _refuse(f"the message is longer than {MAX_MESSAGE_BYTES} bytes", attempt)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its room."""
    text = Said(text=as_text(message.get("markdown")), markup="markdown")
    return Card(service="Webex", place=as_text(message.get("roomId")), parts=[Part(text=text)])


def _write(status: int, message: str) -> Answer:
    said = {
        "message": message,
        "errors": [{"description": message}],
        "trackingId": f"ALERTDRILL_{uuid.uuid4()}",
    }
    return Answer(status=status, body=said)


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write(status, _UNAUTHORIZED if status == 401 else sentence)


def _refuse(why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write(400, why), why=why)


WEBEX = ReceiverKind(
    integration="webex",
    fields=_FIELDS,
    shared_fields={"webex_api_url": SECRET},
    required=(Required(own=("http_config",)), Required(own=("room_id",))),
    point=tag_text("webex", url="api_url", text="message"),
    failing=FailingAnswers(
        rate_limit=_write(429, "Too many requests have been sent in a given amount of time."),
        error=_write(500, "Something went wrong on the server."),
    ),
    http=make_bearer_contract(read_message, _write_refusal),
    show=show_message,
)
