"""Pushover: its section of a config, and its message API, read and answered as Pushover would. Pure.

Formats and bounds: Pushover's documentation of its API, "Pushing Messages" and "Limitations". Alertmanager
has its address compiled in, and puts everything into the query; the user's key is the inbox's path. The tag
stands in front of the URL's title, which is never cut.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from alertdrill.alertmanager.addresses import TEXT_TAG, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    is_same_key,
    make_attempt,
    take_text_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.schema import FLAG, OPTIONAL, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Link, Markup, Part, Said

HOST = "api.pushover.net"
PATH = "/1/messages.json"
MAX_CHARACTERS: Mapping[str, int] = {"message": 1024, "title": 250, "url": 512, "url_title": 100}
PRIORITIES = ("-2", "-1", "0", "1", "2")
EMERGENCY = "2"
MIN_RETRY_S = 30
MAX_EXPIRE_S = 10_800
_INVALID_TOKEN = {"token": "invalid"}

_URGENCIES: Mapping[str, str] = {"-2": "lowest", "-1": "low", "1": "high", EMERGENCY: "emergency"}

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "title": TEXT,
    "message": TEXT,
    "url": TEXT,
    "url_title": TEXT,
    "device": TEXT,
    "sound": TEXT,
    "priority": TEXT,
    "retry": OPTIONAL,
    "expire": OPTIONAL,
    "ttl": OPTIONAL,
    "html": FLAG,
    "monospace": FLAG,
    **dict.fromkeys(("user_key", "user_key_file", "token", "token_file", "http_config"), SECRET),
}


def read_message(parameters: Mapping[str, str]) -> Attempt:
    """Return what a message says."""
    url_title, told = take_text_tag(parameters.get("url_title", ""))
    message = {**parameters, "url_title": url_title}
    taken = {"status": 1, "request": str(uuid.uuid4())}
    if message.get("priority") == EMERGENCY:
        taken["receipt"] = uuid.uuid4().hex[:30]
    attempt = make_attempt(
        told,
        title=as_text(message.get("title")) or as_text(message.get("message")),
        text=as_text(message.get("message")),
        payload={name: value for name, value in message.items() if name not in ("token", "user")},
        answer=Answer(status=200, body=taken),
    )
    wrong = dict(_check(message))
    return _refuse(wrong, attempt) if wrong else attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks on a phone."""
    markup: Markup = "html" if message.get("html") == "1" else "plain"
    url = as_text(message.get("url"))
    part = Part(
        title=as_text(message.get("title")),
        text=Said(text=as_text(message.get("message")), markup=markup),
        links=[Link(text=as_text(message.get("url_title")) or url, url=url)] if url else [],
    )
    urgency = _URGENCIES.get(as_text(message.get("priority")), "")
    return Card(
        is_titled=True, service="Pushover", place=as_text(message.get("device")), badge=urgency, parts=[part]
    )


def _check(message: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each parameter that is wrong, and what is wrong with it."""
    if not message.get("message", "").strip():
        yield "message", "cannot be blank"
    for name, most in MAX_CHARACTERS.items():
        if len(message.get(name, "")) > most:
            yield name, f"is too long (maximum is {most} characters)"
    priority = message.get("priority") or "0"
    if priority not in PRIORITIES:
        yield "priority", "is invalid, must be between -2 and 2"
    if priority == EMERGENCY:
        if not _is_within(message.get("retry", ""), MIN_RETRY_S, MAX_EXPIRE_S):
            yield "retry", f"must be supplied for emergency priority, and be at least {MIN_RETRY_S} seconds"
        if not _is_within(message.get("expire", ""), 1, MAX_EXPIRE_S):
            yield "expire", f"must be supplied for emergency priority, and be at most {MAX_EXPIRE_S} seconds"
    if message.get("html") == "1" and message.get("monospace") == "1":
        yield "html", "cannot be used with monospace"


def _is_within(number: str, least: int, most: int) -> bool:
    return number.isdecimal() and len(number) < 10 and least <= int(number) <= most


def _write_errors(status: int, errors: list[str], **more: str) -> Answer:
    return Answer(status=status, body={**more, "errors": errors, "status": 0, "request": str(uuid.uuid4())})


def _write_refusal(status: int, sentence: str) -> Answer:
    if status == 401:
        return _write_errors(400, ["application token is invalid"], **_INVALID_TOKEN)
    return _write_errors(status, [sentence])


def _refuse(wrong: Mapping[str, str], attempt: Attempt) -> Attempt:
    errors = [f"{name} {what}" for name, what in wrong.items()]
    return replace(attempt, refusal=_write_errors(400, errors, **wrong), why="; ".join(errors))


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "user_key": address.path,
        "token": derive_key(target.token, address),
        "http_config": {"proxy_url": target.url, "tls_config": target.trust(address)},
        "url_title": f"{TEXT_TAG}{stated.get('url_title', '')}",
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    if request.path != PATH:
        raise ValueError(f"{request.path!r} is nothing of Pushover's")
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    address = parse_path(parameters.get("user", ""))
    return Inbox(
        address=address,
        is_open=is_same_key(parameters.get("token", ""), derive_key(token, address)),
        read=lambda _body: read_message(parameters),
    )


PUSHOVER = ReceiverKind(
    integration="pushover",
    fields=_FIELDS,
    required=(Required(own=("user_key", "user_key_file")), Required(own=("token", "token_file"))),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_write_errors(429, ["application has exceeded its monthly message limit"]),
        error=_write_errors(500, ["internal error"]),
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal, hosts=(HOST,)),
    show=show_message,
)
