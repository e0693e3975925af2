"""Slack: its section of a config, and its incoming webhooks, read and answered as Slack would. Pure.

Formats: Slack's documentation, "Sending messages using incoming webhooks" and "Legacy: attachments".
Alertmanager's message is one attachment, whose title and text are what its templates made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, as_text, parse_object, take_field_tag
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
    make_bearer_inbox,
)
from alertdrill.alertmanager.receivers.showing import show_attachments
from alertdrill.alertmanager.receivers.slack_bot import FIELDS as BOT_FIELDS
from alertdrill.alertmanager.receivers.slack_bot import HOST as BOT_HOST
from alertdrill.alertmanager.receivers.slack_bot import find_address as find_bot
from alertdrill.alertmanager.receivers.slack_bot import is_open as is_open_bot
from alertdrill.alertmanager.receivers.slack_bot import point as point_bot
from alertdrill.alertmanager.receivers.slack_bot import read_call
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, TEXTS, TIMEOUT, Fields, ListOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Said

MAX_ATTACHMENTS = 100
MAX_TEXT_CHARACTERS = 40_000
_TEXTS = ("title", "title_link", "pretext", "text", "fallback", "color", "footer", "callback_id")

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "timeout": TIMEOUT,
    "channel": TEXT,
    "username": TEXT,
    "color": TEXT,
    "title": TEXT,
    "title_link": TEXT,
    "pretext": TEXT,
    "text": TEXT,
    "message_text": TEXT,
    "fields": ListOf({"title": TEXT, "value": TEXT, "short": FLAG}),
    "short_fields": FLAG,
    "footer": TEXT,
    "fallback": TEXT,
    "callback_id": TEXT,
    "icon_emoji": TEXT,
    "icon_url": TEXT,
    "image_url": TEXT,
    "thumb_url": TEXT,
    "link_names": FLAG,
    "mrkdwn_in": TEXTS,
    "actions": ListOf(
        {
            "type": TEXT,
            "text": TEXT,
            "url": TEXT,
            "style": TEXT,
            "name": TEXT,
            "value": TEXT,
            "confirm": {"title": TEXT, "text": TEXT, "ok_text": TEXT, "dismiss_text": TEXT},
        }
    ),
    "update_message": FLAG,
    "api_url": SECRET,
    "api_url_file": SECRET,
    "app_token": SECRET,
    "app_token_file": SECRET,
    "app_url": SECRET,
    "http_config": SECRET,
}
_SHARED: Fields = dict.fromkeys(
    ("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file", "slack_app_url"),
    SECRET,
)


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse("invalid_payload", str(error), Attempt(answer=Answer(status=400)))
    attachments = message.get("attachments")
    kept, told = take_field_tag(attachments)
    if isinstance(attachments, list):
        attachments = kept
        message = {**message, "attachments": kept}
    first = attachments[0] if isinstance(attachments, list) and attachments else {}
    first = first if isinstance(first, dict) else {}
    attempt = Attempt(
        does=told.does,
        key=told.key,
        group_labels=told.group_labels,
        alerts=told.alerts,
        # `fallback` is for clients without attachments, such as a phone's notice: no channel shows it.
        title=as_text(first.get("title")) or as_text(message.get("text")),
        text=as_text(first.get("text")) or as_text(message.get("text")),
        payload=message,
        answer=Answer(status=200, body="ok"),
    )
    if (longest := max(len(attempt.text), len(as_text(message.get("text"))))) > MAX_TEXT_CHARACTERS:
        said = f"the text has {longest} characters, and Slack cuts it at {MAX_TEXT_CHARACTERS}"
        attempt = replace(attempt, cut=said)
    for name in ("text", "channel", "username", "icon_emoji", "icon_url"):
        if not isinstance(message.get(name, ""), str):
            return _refuse("invalid_payload", f"{name} is not a string", attempt)
    if wrong := _check_attachments(attachments):
        return _refuse("invalid_attachments", wrong, attempt)
    if not message.get("text") and not attachments and not message.get("blocks"):
        return _refuse("no_text", "the message has neither text nor attachments", attempt)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its channel."""
    return Card(
        is_titled=True,
        service="Slack",
        sender=as_text(message.get("username")),
        place=as_text(message.get("channel")),
        lead=Said(text=as_text(message.get("text")), markup="slack"),
        parts=show_attachments(message.get("attachments"), "slack"),
    )


def _check_attachments(attachments: Any) -> str:
    if attachments is None:
        return ""
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        return "attachments is not a list of objects"
    if len(attachments) > MAX_ATTACHMENTS:
        return f"there are more than {MAX_ATTACHMENTS} attachments"
    for attachment in attachments:
        for name in _TEXTS:
            if not isinstance(attachment.get(name, ""), str):
                return f"an attachment's {name} is not a string"
        fields = attachment.get("fields")
        if fields is not None and (
            not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields)
        ):
            return "an attachment's fields are not a list of objects"
    return ""


def _refuse(error: str, why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=Answer(status=400, body=error), why=f"{error}: {why}")


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    if any(stated.get(name) for name in BOT_FIELDS):
        return point_bot(stated, address, target)
    return {
        "api_url": f"{target.url}/{address.path}",
        "http_config": target.connect(address),
        "fields": [*stated.get("fields", ()), {"title": TAG_NAME, "value": TAG}],
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    if request.host != BOT_HOST:
        return make_bearer_inbox(request, token, read_message)
    address = find_bot(request)
    return Inbox(
        address=address,
        is_open=is_open_bot(request, token, address),
        read=lambda body: read_call(address, read_message(address, body), request.path),
    )


SLACK = ReceiverKind(
    integration="slack",
    fields=_FIELDS,
    shared_fields=_SHARED,
    required=(
        Required(
            own=("api_url", "api_url_file", "app_token", "app_token_file"),
            shared=("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"),
        ),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body="rate_limited"), error=Answer(status=500, body="rollup_error")
    ),
    http=HttpContract(find_inbox=_find_inbox, hosts=(BOT_HOST,)),
    show=show_message,
)
