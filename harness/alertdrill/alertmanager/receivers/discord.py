"""Discord: its section of a config, and its webhooks, read and answered as Discord would. Pure.

Formats and bounds: Discord's documentation, "Execute Webhook" and "Embed Limits". The tag stands in front of
the embed's description, and counts among the characters after which Alertmanager cuts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    take_listed_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    ReceiverKind,
    Required,
    make_bearer_contract,
    tag_text,
)
from alertdrill.alertmanager.receivers.showing import find_colour, list_objects
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields
from alertdrill.core.card import Card, Part, Said

MAX_CONTENT_CHARACTERS = 2000
MAX_USERNAME_CHARACTERS = 80
MAX_EMBEDS = 10
MAX_EMBED_CHARACTERS: Mapping[str, int] = {"title": 256, "description": 4096}
MAX_ALL_EMBEDS_CHARACTERS = 6000
_NOT_IN_USERNAME = ("clyde", "discord")
_INVALID = 50035
_EMPTY = 50006
_UNAUTHORIZED = 50027

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "content": TEXT,
    "title": TEXT,
    "message": TEXT,
    "username": TEXT,
    "avatar_url": TEXT,
    "webhook_url": SECRET,
    "webhook_url_file": SECRET,
    "http_config": SECRET,
}


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse({"": str(error)}, Attempt(answer=Answer(status=204)))
    embeds, told = take_listed_tag(message.get("embeds"), "description")
    if isinstance(message.get("embeds"), list):
        message = {**message, "embeds": embeds}
    first = embeds[0] if embeds and isinstance(embeds[0], dict) else {}
    lines = (as_text(message.get("content")), as_text(first.get("description")))
    text = "\n".join(line for line in lines if line)
    attempt = make_attempt(
        told,
        title=as_text(first.get("title")) or find_first_line(text),
        text=text,
        payload=message,
        answer=Answer(status=204),
    )
    wrong = dict(_check(message))
    if wrong:
        return _refuse(wrong, attempt)
    if not text.strip() and not attempt.title:
        why = "Cannot send an empty message"
        return replace(attempt, refusal=_write(400, why, _EMPTY), why=why)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its channel."""
    return Card(
        is_titled=True,
        service="Discord",
        sender=as_text(message.get("username")),
        lead=Said(text=as_text(message.get("content")), markup="markdown"),
        parts=[
            Part(
                colour=find_colour(embed.get("color")),
                title=as_text(embed.get("title")),
                url=as_text(embed.get("url")),
                text=Said(text=as_text(embed.get("description")), markup="markdown"),
            )
            for embed in list_objects(message.get("embeds"))
        ],
    )


def _check(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path of each field that is wrong, and what is wrong with it."""
    yield from _check_length(message, "content", MAX_CONTENT_CHARACTERS)
    yield from _check_length(message, "username", MAX_USERNAME_CHARACTERS)
    name = as_text(message.get("username")).lower()
    for word in _NOT_IN_USERNAME:
        if word in name:
            yield "username", f'Username cannot contain "{word}"'
    embeds = message.get("embeds", [])
    if not isinstance(embeds, list) or not all(isinstance(embed, dict) for embed in embeds):
        yield "embeds", "Only dictionaries may be used in a list of embeds."
        return
    if len(embeds) > MAX_EMBEDS:
        yield "embeds", f"Must be {MAX_EMBEDS} or fewer in length."
    total = 0
    for index, embed in enumerate(embeds):
        for field, most in MAX_EMBED_CHARACTERS.items():
            total += len(as_text(embed.get(field)))
            for at, what in _check_length(embed, field, most):
                yield f"embeds.{index}.{at}", what
    if total > MAX_ALL_EMBEDS_CHARACTERS:
        yield "embeds", f"Embed size exceeds maximum size of {MAX_ALL_EMBEDS_CHARACTERS}"


def _check_length(holder: Mapping[str, Any], name: str, most: int) -> Iterator[tuple[str, str]]:
    value = holder.get(name) or ""
    if not isinstance(value, str):
        yield name, "Could not interpret this as string."
    elif len(value) > most:
        yield name, f"Must be {most} or fewer in length."


def _write(status: int, message: str, code: int = 0, **more: Any) -> Answer:
    return Answer(status=status, body={"message": message, "code": code, **more})


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write(401, "Invalid Webhook Token", _UNAUTHORIZED) if status == 401 else _write(status, sentence)


def _refuse(wrong: Mapping[str, str], attempt: Attempt) -> Attempt:
    errors: dict[str, Any] = {}
    for path, what in wrong.items():
        place = errors
        for name in filter(None, path.split(".")):
            place = place.setdefault(name, {})
        place["_errors"] = [{"message": what}]
    why = "; ".join(f"{path}: {what}" if path else what for path, what in wrong.items())
    return replace(attempt, refusal=_write(400, "Invalid Form Body", _INVALID, errors=errors), why=why)


DISCORD = ReceiverKind(
    integration="discord",
    fields=_FIELDS,
    required=(Required(own=("webhook_url", "webhook_url_file")),),
    point=tag_text("discord", url="webhook_url", text="message"),
    failing=FailingAnswers(
        rate_limit=_write(429, "You are being rate limited.", retry_after=1.0, **{"global": False}),
        error=_write(500, "500: Internal Server Error"),
    ),
    http=make_bearer_contract(read_message, _write_refusal),
    show=show_message,
)
