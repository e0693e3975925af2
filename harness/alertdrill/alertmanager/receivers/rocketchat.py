"""Rocket.Chat: its section of a config, and its REST API, read and answered as Rocket.Chat would. Pure.

Formats: Rocket.Chat's developer documentation, "Post Message" and "Rate Limiter". A token and the user's id
are two headers. The tag is a field of the attachment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
    make_attempt,
    parse_object,
    take_field_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import show_attachments
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields, ListOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Said

MAX_TEXT_CHARACTERS = 5000
"""Of a message's own text, unless the workspace's administrator set another bound."""
USER = "alertdrill"
_END = "/api/v1/chat.postMessage"
_SECRETS = ("token", "token_file", "token_id", "token_id_file")

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "channel": TEXT,
    "color": TEXT,
    "title": TEXT,
    "title_link": TEXT,
    "text": TEXT,
    "fields": ListOf({"title": TEXT, "value": TEXT, "short": FLAG}),
    "short_fields": FLAG,
    "emoji": TEXT,
    "icon_url": TEXT,
    "image_url": TEXT,
    "thumb_url": TEXT,
    "link_names": FLAG,
    "actions": ListOf({"type": TEXT, "text": TEXT, "url": TEXT, "msg": TEXT}),
    **dict.fromkeys(("api_url", *_SECRETS, "http_config"), SECRET),
}


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse("error-invalid-json", str(error), Attempt(answer=Answer(status=200)))
    attachments = message.get("attachments")
    kept, told = take_field_tag(attachments)
    if isinstance(attachments, list):
        message = {**message, "attachments": kept}
    first = next((one for one in kept if isinstance(one, dict)), {})
    lines = (as_text(message.get("text")), as_text(first.get("text")))
    text = "\n".join(line for line in lines if line)
    taken = {"success": True, "channel": as_text(message.get("channel")), "message": {"msg": lines[0]}}
    attempt = make_attempt(
        told,
        title=as_text(first.get("title")) or find_first_line(text),
        text=text,
        payload=message,
        answer=Answer(status=200, body=taken),
    )
    if not as_text(message.get("channel")):
        why = "the message has neither a channel nor a room"
        return _refuse("error-roomid-param-not-provided", why, attempt)
    if attachments is not None and (
        not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments)
    ):
        return _refuse("error-invalid-attachments", "attachments is not a list of objects", attempt)
    if not text.strip() and not attempt.title:
        return _refuse("error-empty-message", "the message has neither text nor attachments", attempt)
    if len(lines[0]) > MAX_TEXT_CHARACTERS:
        why = f"the text has more than {MAX_TEXT_CHARACTERS} characters"
        return _refuse("error-message-size-exceeded", why, attempt)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its channel."""
    return Card(
        is_titled=True,
        service="Rocket.Chat",
        sender=as_text(message.get("alias")),
        place=as_text(message.get("channel")),
        lead=Said(text=as_text(message.get("text")), markup="markdown"),
        parts=show_attachments(message.get("attachments"), "markdown"),
    )


def _write_refusal(status: int, sentence: str) -> Answer:
    if status == 401:
        return Answer(status=401, body={"status": "error", "message": "You must be logged in to do this."})
    return Answer(status=status, body={"success": False, "error": sentence})


def _refuse(error: str, why: str, attempt: Attempt) -> Attempt:
    said = {"success": False, "error": f"{why} [{error}]", "errorType": error}
    return replace(attempt, refusal=Answer(status=400, body=said), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "api_url": f"{target.url}/{address.path}",
        "token": derive_key(target.token, address),
        "token_id": USER,
        "http_config": {"tls_config": target.trust(address)},
        "fields": [*stated.get("fields", ()), {"title": TAG_NAME, "value": TAG, "short": False}],
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    if not request.path.endswith(_END):
        raise ValueError(f"{request.path!r} is nothing of Rocket.Chat's")
    address = parse_path(request.path.removesuffix(_END))
    return Inbox(
        address=address,
        is_open=request.shows("x-auth-token", derive_key(token, address))
        and request.shows("x-user-id", USER),
        read=lambda body: read_message(address, body),
    )


_TOO_MANY = "Error, too many requests. Please slow down. [error-too-many-requests]"

ROCKETCHAT = ReceiverKind(
    integration="rocketchat",
    fields=_FIELDS,
    shared_fields=dict.fromkeys([f"rocketchat_{name}" for name in ("api_url", *_SECRETS)], SECRET),
    required=(
        Required(own=("token", "token_file"), shared=("rocketchat_token", "rocketchat_token_file")),
        Required(
            own=("token_id", "token_id_file"), shared=("rocketchat_token_id", "rocketchat_token_id_file")
        ),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body={"success": False, "error": _TOO_MANY}),
        error=Answer(status=500, body={"success": False, "error": "Internal server error"}),
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_message,
)
