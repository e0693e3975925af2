"""incident.io: its section of a config, and its alert source for Alertmanager. Pure.

Formats and bounds: incident.io's documentation, "Alert events" and "Rate limits". What it is sent is what a
webhook is, with a version of its own, so it needs no tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    RateBound,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import show_alerts
from alertdrill.alertmanager.receivers.webhook import read_notification
from alertdrill.alertmanager.schema import FLAG, NUMBER, SECRET, TIMEOUT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card

MAX_EVENT_BYTES = 512 * 1024
EVENTS_PER_MINUTE = 1200
VERSION = "1"

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "timeout": TIMEOUT,
    "max_alerts": NUMBER,
    **dict.fromkeys(
        ("url", "url_file", "alert_source_token", "alert_source_token_file", "http_config"), SECRET
    ),
}


def read_event(address: Address, body: bytes) -> Attempt:
    """Return what an event says."""
    attempt = read_notification(address, body, VERSION)
    why = attempt.why
    if not why and len(body) > MAX_EVENT_BYTES:
        why = f"the event is {len(body)} bytes, and the limit is {MAX_EVENT_BYTES}"
    if why:
        return replace(attempt, refusal=_write(422, "validation_error", why), why=why)
    taken = {
        "status": "success",
        "message": "Event accepted for processing",
        "deduplication_key": attempt.group_key,
    }
    return replace(attempt, answer=Answer(status=202, body=taken))


def show_event(payload: Mapping[str, Any]) -> Card:
    """Return how an alert looks, of each that the event is about."""
    return show_alerts("incident.io", payload)


def _write(status: int, kind: str, message: str) -> Answer:
    return Answer(
        status=status, body={"type": kind, "status": status, "errors": [{"code": kind, "message": message}]}
    )


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write(status, "authentication_error" if status == 401 else "invalid_request", sentence)


def _point(_: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "url": f"{target.url}/{address.path}",
        "alert_source_token": derive_key(target.token, address),
        "http_config": {"tls_config": target.trust(address)},
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    address = parse_path(request.path)
    return Inbox(
        address=address,
        is_open=request.shows("authorization", f"Bearer {derive_key(token, address)}"),
        read=lambda body: read_event(address, body),
    )


_TOO_MANY = _write(429, "too_many_requests", "You have been rate limited.")

INCIDENTIO = ReceiverKind(
    integration="incidentio",
    fields=_FIELDS,
    required=(Required(own=("url", "url_file")),),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_TOO_MANY, error=_write(500, "internal_error", "Something went wrong.")
    ),
    rate_bound=RateBound(
        per_minute=EVENTS_PER_MINUTE, answer=_TOO_MANY, why="more events than incident.io takes in a minute"
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_event,
)
