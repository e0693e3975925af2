"""Telegram: its section of a config, and its bot API, read and answered as Telegram would. Pure.

Formats and bounds: Telegram's documentation of the bot API, "sendMessage" and "Formatting options". The bot's
token is part of the path. Nothing of a message but its text is templated, so the tag stands in front of that,
and counts among the characters after which Alertmanager cuts it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from typing import Any

from alertdrill.alertmanager.addresses import TEXT_TAG, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
    is_same_key,
    make_attempt,
    parse_object,
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
from alertdrill.alertmanager.receivers.showing import say
from alertdrill.alertmanager.schema import FLAG, NUMBER, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Markup, Part, Said

MAX_TEXT_CHARACTERS = 4096
"""After the markup is taken out."""
RETRY_AFTER_S = 1
PARSE_MODES = ("", "HTML", "Markdown", "MarkdownV2")
_TAGS = (
    *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "tg-emoji"),
    *("tg-time", "a", "code", "pre", "blockquote"),
)
_TAG = re.compile(r"<(/?)([A-Za-z0-9-]*)[^>]*>?")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\((?:\\.|[^)\\])*\)")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_RESERVED = re.compile(r"[#+\-={}.!]|(?<!\|)\|(?!\|)")
_PATH = re.compile(r"(.+)/bot([^/]*)/sendMessage")

_TOO_LONG = "Alertmanager notification could not be sent"
"""How the notice begins that Alertmanager sends in place of HTML that is too long."""
_MARKUPS: Mapping[str, Markup] = {"HTML": "html", "Markdown": "markdown", "MarkdownV2": "markdown"}

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "chat_id": NUMBER,
    "message_thread_id": NUMBER,
    "message": TEXT,
    "disable_notifications": FLAG,
    "parse_mode": TEXT,
    "chat_id_file": SECRET,
    "bot_token": SECRET,
    "bot_token_file": SECRET,
    "api_url": SECRET,
    "http_config": SECRET,
}
_SHARED: Fields = dict.fromkeys(("telegram_api_url", "telegram_bot_token", "telegram_bot_token_file"), SECRET)


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse(str(error), Attempt(answer=_write(200)))
    text, told = take_text_tag(message.get("text"))
    message = {**message, "text": text}
    mode = as_text(message.get("parse_mode"))
    shown = _show(as_text(text), mode)
    sent = {"message_id": 1, "date": 0, "text": shown, "chat": {"id": _read_chat(message), "type": "group"}}
    attempt = make_attempt(
        told,
        title=find_first_line(shown),
        text=shown,
        payload=message,
        answer=Answer(status=200, body={"ok": True, "result": sent}),
    )
    if not told.is_told and shown.startswith(_TOO_LONG):
        attempt = replace(attempt, cut="the message is longer than Telegram takes, and a notice came instead")
    why = _check(message, mode, shown)
    return _refuse(why, attempt) if why else attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its chat."""
    markup = _MARKUPS.get(as_text(message.get("parse_mode")), "plain")
    return Card(
        service="Telegram",
        place=say(message.get("chat_id", "")),
        badge="silent" if message.get("disable_notification") is True else "",
        parts=[Part(text=Said(text=as_text(message.get("text")), markup=markup))],
    )


def _read_chat(message: Mapping[str, Any]) -> int:
    """Return the chat's number; 0 where there is none."""
    chat = str(message.get("chat_id", ""))
    return int(chat) if re.fullmatch(r"-?[0-9]{1,18}", chat) else 0


def _check(message: Mapping[str, Any], mode: str, shown: str) -> str:
    if not _read_chat(message):
        return "chat_id is empty"
    if mode not in PARSE_MODES:
        return "unsupported parse_mode"
    wrong = {"HTML": _check_html, "MarkdownV2": _check_markdown_v2, "Markdown": _check_markdown}.get(mode)
    if wrong and (what := wrong(as_text(message.get("text")))):
        return f"can't parse entities: {what}"
    if not shown.strip():
        return "message text is empty"
    if len(shown) > MAX_TEXT_CHARACTERS:
        return "message is too long"
    return ""


def _check_html(text: str) -> str:
    is_open: list[str] = []
    for found in _TAG.finditer(text):
        name = found[2].lower()
        if not found[1]:
            if name not in _TAGS:
                return f'Unsupported start tag "{name}" at byte offset {_count_bytes(text, found.start())}'
            is_open.append(name)
        elif not is_open or is_open.pop() != name:
            return f"Unmatched end tag at byte offset {_count_bytes(text, found.start())}"
    return f'Can\'t find end tag corresponding to start tag "{is_open[-1]}"' if is_open else ""


def _check_markdown_v2(text: str) -> str:
    found = _RESERVED.search(_LINK_TARGET.sub("]", _ESCAPED.sub("", _CODE.sub("", text))).replace("![", "["))
    return f"Character '{found[0]}' is reserved and must be escaped with the preceding '\\'" if found else ""


def _check_markdown(text: str) -> str:
    rest = _LINK_TARGET.sub("]", _ESCAPED.sub("", _CODE.sub("", text)))
    if all(rest.count(mark) % 2 == 0 for mark in "_*`"):
        return ""
    return "Can't find end of the entity"


def _count_bytes(text: str, characters: int) -> int:
    return len(text[:characters].encode("utf-8", "surrogatepass"))


def _show(text: str, mode: str) -> str:
    return unescape(_TAG.sub("", text)) if mode == "HTML" else text


def _write(status: int, description: str = "") -> Answer:
    return Answer(status=status, body={"ok": False, "error_code": status, "description": description})


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write(status, "Unauthorized" if status == 401 else sentence)


def _refuse(why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write(400, f"Bad Request: {why}"), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    message = stated.get("message", '{{ template "telegram.default.message" . }}')
    return {
        "api_url": f"{target.url}/{address.path}",
        "bot_token": derive_key(target.token, address),
        "chat_id": stated.get("chat_id", 1),  # in place of a file that has it
        "http_config": {"tls_config": target.trust(address)},
        "message": f"{TEXT_TAG}{message}",
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    match = _PATH.fullmatch(request.path)
    if match is None:
        raise ValueError(f"{request.path!r} is nothing of Telegram's")
    address = parse_path(match[1])
    return Inbox(
        address=address,
        is_open=is_same_key(match[2], derive_key(token, address)),
        read=lambda body: read_message(address, body),
    )


_TOO_MANY = f"Too Many Requests: retry after {RETRY_AFTER_S}"

TELEGRAM = ReceiverKind(
    integration="telegram",
    fields=_FIELDS,
    shared_fields=_SHARED,
    required=(
        Required(
            own=("bot_token", "bot_token_file"), shared=("telegram_bot_token", "telegram_bot_token_file")
        ),
        Required(own=("chat_id", "chat_id_file")),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(
            status=429,
            body={
                "ok": False,
                "error_code": 429,
                "description": _TOO_MANY,
                "parameters": {"retry_after": RETRY_AFTER_S},
            },
        ),
        error=_write(500, "Internal Server Error"),
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_message,
)
