"""PagerDuty's Events API v1, which a config with a `service_key` uses. Pure.

Formats and bounds: PagerDuty's developer documentation, "Events API v1". Alertmanager has its address
compiled in; which inbox is meant, the user of `Authorization` says, which PagerDuty would not look at.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    Does,
    as_text,
    is_same_key,
    parse_object,
    take_tag,
    write_details,
)
from alertdrill.alertmanager.receivers.kind import Inbox, Request
from alertdrill.alertmanager.target import Target

HOST = "events.pagerduty.com"
PATH = "/generic/2010-04-15/create_event.json"
MAX_DESCRIPTION_CHARACTERS = 1024
TYPES: Mapping[str, Does] = {"trigger": "trigger", "acknowledge": "acknowledge", "resolve": "resolve"}
FIELDS = ("service_key", "service_key_file")
"""Of a config that speaks this version."""
THROTTLED = Answer(
    status=403,
    body={"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."},
)
"""This version has no 429; Alertmanager tries again after 403 at once."""


def read_event(address: Address, body: bytes, token: str) -> Attempt:
    """Return what an event says; it is addressed to the inbox whose service key it has."""
    try:
        event = parse_object(body)
    except ValueError as error:
        return _refuse([str(error)], Attempt(answer=Answer(status=200), throttled=THROTTLED))
    details, told = take_tag(event.get("details"))
    if "details" in event:
        event = {**event, "details": details}
    key = as_text(event.get("incident_key")) or uuid.uuid4().hex
    taken = {"status": "success", "message": "Event processed", "incident_key": key}
    attempt = Attempt(
        does=TYPES.get(as_text(event.get("event_type")), "trigger"),
        key=key,
        group_key=as_text(event.get("incident_key")),
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(event.get("description")),
        text=write_details(details),
        payload={name: value for name, value in event.items() if name != "service_key"},
        answer=Answer(status=200, body=taken),
        throttled=THROTTLED,
    )
    errors = list(_check(event, derive_key(token, address)))
    return _refuse(errors, attempt) if errors else attempt


def _check(event: Mapping[str, Any], wanted: str) -> Iterator[str]:
    if not is_same_key(as_text(event.get("service_key")), wanted):
        yield "Service key is the wrong length or invalid"
    action = event.get("event_type")
    if not isinstance(action, str) or action not in TYPES:
        yield f"Event type is not one of {', '.join(TYPES)}"
    if action == "trigger" and not as_text(event.get("description")):
        yield "Description is missing or blank"
    if action != "trigger" and not as_text(event.get("incident_key")):
        yield "Incident key is missing or blank"
    if len(as_text(event.get("description"))) > MAX_DESCRIPTION_CHARACTERS:
        yield f"Description is longer than {MAX_DESCRIPTION_CHARACTERS} characters"


def _refuse(errors: list[str], attempt: Attempt) -> Attempt:
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return replace(attempt, refusal=Answer(status=400, body=said), why="; ".join(errors))


def point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    """Return what takes the place of the service key, and leads to the pager by a proxy."""
    key = derive_key(target.token, address)
    return {
        "service_key": key,
        "http_config": {
            "proxy_url": target.url,
            "tls_config": target.trust(address),
            "basic_auth": {"username": address.path, "password": key},
        },
        "details": {**stated.get("details", {}), TAG_NAME: TAG},
    }


def find_inbox(request: Request, token: str) -> Inbox:
    """Return the inbox that the user of `Authorization` is; raises ValueError where there is none."""
    if request.path != PATH:
        raise ValueError(f"{request.path!r} is nothing of PagerDuty's Events API v1")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        path, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("there is no user") from None
    address = parse_path(path)
    wanted = derive_key(token, address)
    return Inbox(
        address=address,
        is_open=scheme == "Basic" and is_same_key(key, wanted),
        read=lambda body: read_event(address, body, token),
    )
