"""Mattermost: its section of a config, and its incoming webhooks, read and answered as it would. Pure.

Formats and bounds: Mattermost's documentation, "Incoming webhooks" and "Message attachments". A text that is
longer than a post becomes several posts. The tag stands in the card beside the post.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TEXT_TAG, Address
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    Told,
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
)
from alertdrill.alertmanager.receivers.showing import as_object, show_attachments
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields, ListOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Said

MAX_ATTACHMENTS_CHARACTERS = 800_000
"""As JSON: attachments are properties of a post, which have a bound together."""
PRIORITIES = ("", "standard", "important", "urgent")
_TEXTS = ("text", "channel", "username", "icon_url", "icon_emoji", "type")
_SHOWN = ("pretext", "title", "text")

_FIELD: Fields = {"title": TEXT, "value": TEXT, "short": FLAG}
_ATTACHMENT: Fields = {
    "fallback": TEXT,
    "color": TEXT,
    "pretext": TEXT,
    "text": TEXT,
    "author_name": TEXT,
    "author_link": TEXT,
    "author_icon": TEXT,
    "title": TEXT,
    "title_link": TEXT,
    "fields": ListOf(_FIELD),
    "thumb_url": TEXT,
    "footer": TEXT,
    "footer_icon": TEXT,
    "image_url": TEXT,
}
_FIELDS: Fields = {
    **_ATTACHMENT,
    "send_resolved": FLAG,
    "channel": TEXT,
    "username": TEXT,
    "icon_url": TEXT,
    "icon_emoji": TEXT,
    "attachments": ListOf(_ATTACHMENT),
    "type": TEXT,
    "props": {"card": TEXT},
    "priority": {"priority": TEXT, "requested_ack": FLAG, "persistent_notifications": FLAG},
    "webhook_url": SECRET,
    "webhook_url_file": SECRET,
    "http_config": SECRET,
}


def read_post(_address: Address, body: bytes) -> Attempt:
    """Return what a post says."""
    try:
        post = parse_object(body)
    except ValueError as error:
        return _refuse("Unable to parse incoming data.", str(error), Attempt(answer=_TAKEN))
    post, told = _take_tag(post)
    attachments = post.get("attachments") or []
    listed = attachments if isinstance(attachments, list) else []
    shown = [as_text(one.get(name)) for one in listed if isinstance(one, dict) for name in _SHOWN]
    text = "\n".join(line for line in (as_text(post.get("text")), *shown) if line)
    titles = [as_text(one.get("title")) for one in listed if isinstance(one, dict)]
    attempt = make_attempt(
        told,
        title=next(filter(None, titles), "") or find_first_line(text),
        text=text,
        payload=post,
        answer=_TAKEN,
    )
    for name in _TEXTS:
        if not isinstance(post.get(name, ""), str):
            return _refuse("Unable to parse incoming data.", f"{name} is not a string", attempt)
    if listed != attachments or not all(isinstance(one, dict) for one in listed):
        return _refuse("Unable to parse incoming data.", "attachments is not a list of objects", attempt)
    priority = post.get("priority")
    if isinstance(priority, dict) and priority.get("priority", "") not in PRIORITIES:
        return _refuse(
            "Invalid post priority.", f"priority is not one of {', '.join(PRIORITIES[1:])}", attempt
        )
    if len(json.dumps(attachments)) > MAX_ATTACHMENTS_CHARACTERS:
        why = f"the attachments have more than {MAX_ATTACHMENTS_CHARACTERS} characters"
        return _refuse("Unable to save the post: its properties are too long.", why, attempt)
    if not as_text(post.get("text")) and not listed:
        return _refuse("No text specified.", "the post has neither text nor attachments", attempt)
    return attempt


def show_post(post: Mapping[str, Any]) -> Card:
    """Return how a post looks in its channel."""
    return Card(
        is_titled=True,
        service="Mattermost",
        sender=as_text(post.get("username")),
        place=as_text(post.get("channel")),
        badge=as_text(as_object(post.get("priority")).get("priority")),
        lead=Said(text=as_text(post.get("text")), markup="markdown"),
        parts=show_attachments(post.get("attachments"), "markdown"),
    )


def _take_tag(post: dict[str, Any]) -> tuple[dict[str, Any], Told]:
    """Return a post without the tag, and what that told."""
    props = post.get("props")
    if not isinstance(props, dict):
        return post, Told()
    card, told = take_text_tag(props.get("card"))
    rest = {name: value for name, value in post.items() if name != "props"}
    return (rest if card == "" else {**rest, "props": {**props, "card": card}}), told


_TAKEN = Answer(status=200, body="ok")


def _write(status: int, message: str) -> Answer:
    said = {"id": "web.incoming_webhook.app_error", "message": message, "detailed_error": ""}
    return Answer(status=status, body={**said, "status_code": status})


def _refuse(message: str, why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write(400, message), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    card = stated.get("props", {}).get("card", "")
    return {
        "webhook_url": f"{target.url}/{address.path}",
        "http_config": target.connect(address),
        "props": {"card": f"{TEXT_TAG}{card}"},
    }


MATTERMOST = ReceiverKind(
    integration="mattermost",
    fields=_FIELDS,
    shared_fields=dict.fromkeys(("mattermost_webhook_url", "mattermost_webhook_url_file"), SECRET),
    required=(
        Required(
            own=("webhook_url", "webhook_url_file"),
            shared=("mattermost_webhook_url", "mattermost_webhook_url_file"),
        ),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body="limit exceeded"),
        error=_write(500, "We encountered an error while processing the webhook."),
    ),
    http=make_bearer_contract(read_post, _write),
    show=show_post,
)
