"""E-mail: its section of a config, and its messages, read as a strict mail server does. Pure.

Formats: RFC 5322 (header fields, and 998 characters to a line), RFC 2046 (multipart). Alertmanager writes
each header field on one line, so the tag is taken out before lines are measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, Told, as_text, read_tag
from alertdrill.alertmanager.receivers.kind import FailingAnswers, ReceiverKind, Required
from alertdrill.alertmanager.receivers.showing import as_object
from alertdrill.alertmanager.schema import FLAG, NAMED_TEXTS, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part, Said

MAX_LINE_CHARACTERS = 998
ONCE = ("From", "To", "Subject", "Date")
"""The header fields that must be there, each once."""

_TAG_HEADER = f"x-{TAG_NAME}:".encode()
_UNSEEN = {"head", "script", "style", "title"}
_WHITE = {ord("\r"): None, ord("\t"): " "}
"""What HTML shows as nothing, or as a space."""

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "to": TEXT,
    "from": TEXT,
    "hello": TEXT,
    "headers": NAMED_TEXTS,
    "html": TEXT,
    "text": TEXT,
    "threading": {"enabled": FLAG, "thread_by_date": TEXT},
    "smarthost": SECRET,
    "auth_username": SECRET,
    "auth_password": SECRET,
    "auth_password_file": SECRET,
    "auth_secret": SECRET,
    "auth_secret_file": SECRET,
    "auth_identity": SECRET,
    "require_tls": SECRET,
    "tls_config": SECRET,
    "force_implicit_tls": SECRET,
}
_SHARED: Fields = {
    "smtp_from": TEXT,
    "smtp_hello": TEXT,
    **dict.fromkeys(
        [
            "smtp_auth_identity",
            "smtp_auth_password",
            "smtp_auth_password_file",
            "smtp_auth_secret",
            "smtp_auth_secret_file",
            "smtp_auth_username",
            "smtp_force_implicit_tls",
            "smtp_require_tls",
            "smtp_smarthost",
            "smtp_tls_config",
        ],
        SECRET,
    ),
}
_UNREADABLE = (MessageError, LookupError, ValueError, RecursionError, AttributeError, TypeError)
"""What Python's parsers raise for odd messages; the last two are mistakes of their own, in some versions."""
_BUSY = Answer(status=451, body="4.3.0 told to fail")


def read_mail(_address: Address, content: bytes, *, sender: str, recipients: Sequence[str]) -> Attempt:
    """Return what a message says, and the envelope that it came in."""
    rest, told = _take_tag(content)
    why = ""
    try:
        message = message_from_bytes(rest, policy=policy.SMTP)
        text, html = _read_body(message, "plain"), _read_body(message, "html")
        headers = {name: str(value) for name, value in message.items()}
        why = _check(rest, message)
    except _UNREADABLE as error:
        text, html, headers = "", "", {}
        why = f"the message cannot be read: {error}"
    attempt = Attempt(
        does=told.does,
        key=told.key,
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(headers.get("Subject")),
        text=as_text(text or _show(html)),
        payload=_write_payload(sender, recipients, headers, text, html),
        answer=Answer(status=250, body="OK"),
    )
    return replace(attempt, refusal=Answer(status=554, body=f"5.6.0 {why}"), why=why) if why else attempt


def show_mail(payload: Mapping[str, Any]) -> Card:
    """Return how a mail looks, in HTML if it has that."""
    headers = as_object(payload.get("headers"))
    text = as_text(payload.get("text")) or _show(as_text(payload.get("html")))
    return Card(
        service="E-mail",
        sender=as_text(headers.get("From")) or as_text(payload.get("from")),
        place=f"to {as_text(headers.get('To'))}" if headers.get("To") else "",
        lead=Said(text=as_text(headers.get("Subject"))),
        parts=[Part(text=Said(text=text))],
        page=as_text(payload.get("html")).translate(_WHITE),
    )


def _write_payload(
    sender: str, recipients: Sequence[str], headers: Mapping[str, str], text: str, html: str
) -> dict[str, Any]:
    return {
        "from": sender,
        "to": list(recipients),
        "headers": dict(headers),
        "text": as_text(text),
        "html": as_text(html),
    }


def _check(content: bytes, message: EmailMessage) -> str:
    if b"\n" in content.replace(b"\r\n", b"") or b"\r" in content.replace(b"\r\n", b""):
        return "a line does not end with CRLF"
    if any(len(line) > MAX_LINE_CHARACTERS for line in content.split(b"\r\n")):
        return f"a line is longer than {MAX_LINE_CHARACTERS} characters"
    for name in ONCE:
        if len(message.get_all(name, [])) != 1:
            return f"{name} is not there once"
    if message["Date"].datetime is None:
        return "Date is no date"
    for name in ("From", "To"):
        if not message[name].addresses or message[name].defects:
            return f"{name} has no address, or one that is none"
    for part in message.walk():
        if part.defects:
            return f"the message is malformed: {type(part.defects[0]).__name__}"
    return ""


def _read_body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    content = part.get_content() if part is not None else ""
    return content if isinstance(content, str) else ""


def _take_tag(content: bytes) -> tuple[bytes, Told]:
    """Return the message without the header field that is the tag, and what that told."""
    head, separator, body = content.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [field for field in fields if not field.lower().startswith(_TAG_HEADER)]
    told = Told()
    for field in fields:
        if field.lower().startswith(_TAG_HEADER):
            told = read_tag(field.partition(b":")[2].decode("ascii", "replace"))
    return b"\r\n".join(kept) + separator + body, told


class _Shown(HTMLParser):
    """The text of an HTML document as far as it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - HTMLParser's own signature
        self._unseen += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.extend(data.split())


def _show(html: str) -> str:
    shown = _Shown()
    shown.feed(html)
    shown.close()
    return " ".join(shown.words)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "smarthost": target.smarthost,
        "auth_username": address.path,
        "auth_password": derive_key(target.token, address),
        "require_tls": True,
        "tls_config": target.trust(address),
        "headers": {**stated.get("headers", {}), f"X-{TAG_NAME}": TAG},
    }


EMAIL = ReceiverKind(
    integration="email",
    fields=_FIELDS,
    shared_fields=_SHARED,
    required=(
        Required(own=("smarthost",), shared=("smtp_smarthost",)),
        Required(own=("to",)),
        Required(own=("from",), shared=("smtp_from",)),
    ),
    point=_point,
    failing=FailingAnswers(rate_limit=_BUSY, error=_BUSY),
    http=None,
    show=show_mail,
)
