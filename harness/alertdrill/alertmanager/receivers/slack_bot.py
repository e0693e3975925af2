"""Slack's web API for a bot, which a config with `app_token` or `update_message` uses. Pure.

Formats: Slack's documentation, "chat.postMessage" and "chat.update". Errors are told with 200. Alertmanager
has the address of updates compiled in. Which inbox is meant, the bot's token says. A message's timestamp
comes of its group, so an update of another's message is known for one. Slack notifies nobody of an update.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, as_text
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.alertmanager.target import Target

HOST = "slack.com"
POST, UPDATE = "/api/chat.postMessage", "/api/chat.update"
FIELDS = ("app_token", "app_token_file", "update_message")
"""Of a config that speaks as a bot."""


def read_call(address: Address, attempt: Attempt, path: str) -> Attempt:
    """Return what a call says, given what its message says as that of an incoming webhook."""
    if attempt.refusal:
        error = str(attempt.refusal.body)
        return replace(attempt, refusal=_fail(error))
    channel = as_text(attempt.payload.get("channel"))
    if not channel:
        return _refuse("channel_not_found", "the message has no channel", attempt)
    known, at = _name_message(address, attempt.key or "")
    if path == UPDATE and (channel, attempt.payload.get("ts")) != (known, at):
        return _refuse("message_not_found", "there is no such message of this group in the channel", attempt)
    taken = {
        "ok": True,
        "channel": known,
        "ts": at,
        "message": {"text": as_text(attempt.payload.get("text"))},
    }
    return replace(attempt, answer=Answer(status=200, body=taken))


def _name_message(address: Address, group: str) -> tuple[str, str]:
    """Return the channel's id, and the timestamp of a group's message."""
    digest = hashlib.sha256(f"{address.path} {group}".encode()).hexdigest()
    channel = hashlib.sha256(address.path.encode()).hexdigest()[:10].upper()
    return f"C{channel}", f"1{int(digest[:12], 16) % 10**9:09}.{int(digest[12:20], 16) % 10**6:06}"


def _fail(error: str) -> Answer:
    return Answer(status=200, body={"ok": False, "error": error})


def _refuse(error: str, why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_fail(error), why=f"{error}: {why}")


def _make_bot_token(token: str, address: Address) -> str:
    named = base64.urlsafe_b64encode(address.path.encode()).decode()
    return f"xoxb-{named}-{derive_key(token, address)}"


def point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    """Return what takes the place of the bot's token, and leads to the pager by a proxy.

    Alertmanager 0.33.1 breaks off at an `app_token` of a receiver's own; as an authorization it takes one.
    """
    return {
        "api_url": f"https://{HOST}{POST}",
        "http_config": {
            "authorization": {"credentials": _make_bot_token(target.token, address)},
            "proxy_url": target.url,
            "tls_config": target.trust(address),
        },
        "fields": [*stated.get("fields", ()), {"title": TAG_NAME, "value": TAG}],
    }


def find_address(request: Request) -> Address:
    """Return the address that a bot's token names; raises ValueError where it names none."""
    if request.path not in (POST, UPDATE):
        raise ValueError(f"{request.path!r} is nothing of Slack's")
    given = request.headers.get("authorization", "").removeprefix("Bearer xoxb-").rpartition("-")[0]
    try:
        path = base64.b64decode(given, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError("there is no bot of this token") from None
    return parse_path(path)


def is_open(request: Request, token: str, address: Address) -> bool:
    """Say whether a request has a bot's whole token."""
    return request.shows("authorization", f"Bearer {_make_bot_token(token, address)}")
