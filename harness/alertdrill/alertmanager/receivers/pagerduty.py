"""PagerDuty: its section of a config, and its Events API v2, read and answered as PagerDuty would. Pure.

Formats and bounds: PagerDuty's developer documentation, "Send an Alert Event" (POST /v2/enqueue).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    Does,
    as_text,
    count_bytes,
    is_same_key,
    parse_object,
    take_tag,
    write_details,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    RateBound,
    ReceiverKind,
    Request,
    Required,
    make_bearer_inbox,
)
from alertdrill.alertmanager.receivers.pagerduty_v1 import FIELDS as V1_FIELDS
from alertdrill.alertmanager.receivers.pagerduty_v1 import HOST as V1_HOST
from alertdrill.alertmanager.receivers.pagerduty_v1 import find_inbox as find_v1_inbox
from alertdrill.alertmanager.receivers.pagerduty_v1 import point as point_v1
from alertdrill.alertmanager.receivers.showing import as_object, find_colour, list_facts, list_links
from alertdrill.alertmanager.schema import FLAG, OPEN, SECRET, TEXT, TIMEOUT, Fields, ListOf, MapOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part

MAX_EVENT_BYTES = 512 * 1024
MAX_SUMMARY_CHARACTERS = 1024
MAX_DEDUP_KEY_CHARACTERS = 255
EVENTS_PER_MINUTE = 120
"""For each routing key, in a minute of rule time: what PagerDuty's support states for an integration key."""

ACTIONS: Mapping[str, Does] = {"trigger": "trigger", "acknowledge": "acknowledge", "resolve": "resolve"}
SEVERITIES = ("critical", "error", "warning", "info")

THROTTLED = Answer(
    status=429,
    body={
        "status": "throttle exceeded",
        "message": "Requests for this service are arriving too quickly.  Please retry later.",
    },
)

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "timeout": TIMEOUT,
    "client": TEXT,
    "client_url": TEXT,
    "description": TEXT,
    "details": MapOf(OPEN),
    "images": ListOf({"src": TEXT, "alt": TEXT, "href": TEXT}, null=()),
    "links": ListOf({"href": TEXT, "text": TEXT}, null=()),
    "source": TEXT,
    "severity": TEXT,
    "class": TEXT,
    "component": TEXT,
    "group": TEXT,
    "url": SECRET,
    "routing_key": SECRET,
    "routing_key_file": SECRET,
    "service_key": SECRET,
    "service_key_file": SECRET,
    "http_config": SECRET,
}
_SHARED: Fields = {"pagerduty_url": SECRET}


def read_event(address: Address, body: bytes, token: str) -> Attempt:
    """Return what an event says; it is addressed to the inbox whose routing key it has."""
    try:
        event = parse_object(body)
    except ValueError as error:
        return _refuse([str(error)], Attempt(answer=Answer(status=400)))
    payload = event.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    details, told = take_tag(payload.get("custom_details"))
    if "custom_details" in payload:
        event = {**event, "payload": {**payload, "custom_details": details}}
    key = event.get("dedup_key") or uuid.uuid4().hex
    attempt = Attempt(
        does=ACTIONS.get(as_text(event.get("event_action")), "trigger"),
        key=as_text(key) or None,
        group_key=as_text(event.get("dedup_key")),
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(payload.get("summary")),
        text=write_details(details),
        payload={name: value for name, value in event.items() if name != "routing_key"},
        answer=Answer(status=202, body={"status": "success", "message": "Event processed", "dedup_key": key}),
    )
    wanted = derive_key(token, address)
    errors = [*_check_key(event.get("routing_key"), wanted), *_check_event(event)]
    return _refuse(errors, attempt) if errors else attempt


def show_event(event: Mapping[str, Any]) -> Card:
    """Return how an incident looks, of either version of the API."""
    payload = as_object(event.get("payload"))
    action = as_text(event.get("event_action") or event.get("event_type"))
    badge = as_text(payload.get("severity")) if action == "trigger" else f"{action}d"
    about = {name: payload.get(name) for name in ("source", "component", "group", "class")}
    part = Part(
        colour=find_colour(badge or "critical"),
        title=as_text(payload.get("summary") or event.get("description")),
        url=as_text(event.get("client_url")),
        facts=list_facts({**about, **as_object(payload.get("custom_details") or event.get("details"))}),
        links=list_links(event.get("links"), "text", "href"),
        footer=as_text(event.get("client")),
    )
    return Card(is_titled=True, service="PagerDuty", badge=badge, parts=[part])


def _check_key(given: Any, wanted: str) -> Iterator[str]:
    if not isinstance(given, str) or not given:
        yield "'routing_key' is missing or blank"
    elif len(given) != len(wanted):
        yield f"Length of 'routing_key' is incorrect (should be {len(wanted)} characters)"
    elif not is_same_key(given, wanted):
        yield "Invalid routing key"


def _check_event(event: Mapping[str, Any]) -> Iterator[str]:
    size = count_bytes(event)
    if size > MAX_EVENT_BYTES:
        yield f"Event is {size} bytes, and the limit is {MAX_EVENT_BYTES}"
    action = as_text(event.get("event_action"))
    if action not in ACTIONS:
        yield "'event_action' is missing or not one of trigger, acknowledge, resolve"
    key = event.get("dedup_key", "")
    if not isinstance(key, str):
        yield "'dedup_key' is not a string"
    elif len(key) > MAX_DEDUP_KEY_CHARACTERS:
        yield f"'dedup_key' is longer than {MAX_DEDUP_KEY_CHARACTERS} characters"
    elif not key and action in {"acknowledge", "resolve"}:
        yield "'dedup_key' is missing or blank"
    for name in ("client", "client_url"):
        if not isinstance(event.get(name, ""), str):
            yield f"'{name}' is not a string"
    yield from _check_items(event, "links", "href")
    yield from _check_items(event, "images", "src")
    if action == "trigger":
        yield from _check_payload(event.get("payload"))


def _check_payload(payload: Any) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or not an object"
        return
    for name in ("summary", "source", "severity"):
        if not isinstance(payload.get(name), str) or not payload[name]:
            yield f"'payload.{name}' is missing or blank"
    if len(as_text(payload.get("summary"))) > MAX_SUMMARY_CHARACTERS:
        yield f"'payload.summary' is longer than {MAX_SUMMARY_CHARACTERS} characters"
    if as_text(payload.get("severity")) and payload["severity"] not in SEVERITIES:
        yield f"'payload.severity' is not one of {', '.join(SEVERITIES)}"
    for name in ("timestamp", "component", "group", "class"):
        if not isinstance(payload.get(name, ""), str):
            yield f"'payload.{name}' is not a string"


def _check_items(event: Mapping[str, Any], name: str, wanted: str) -> Iterator[str]:
    items = event.get(name)
    if items is None:
        return
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        yield f"'{name}' is not a list of objects"
    elif not all(isinstance(item.get(wanted), str) and item[wanted] for item in items):
        yield f"'{name}' has an entry without {wanted}"


def _refuse(errors: list[str], attempt: Attempt) -> Attempt:
    refusal = Answer(
        status=400,
        body={"status": "invalid event", "message": "Event object is invalid", "errors": errors},
    )
    return replace(attempt, refusal=refusal, why="; ".join(errors))


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    if any(stated.get(name) for name in V1_FIELDS):
        return point_v1(stated, address, target)
    return {
        "url": f"{target.url}/{address.path}/v2/enqueue",
        "routing_key": derive_key(target.token, address),
        "http_config": target.connect(address),
        "details": {**stated.get("details", {}), TAG_NAME: TAG},
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    if request.host == V1_HOST:
        return find_v1_inbox(request, token)
    return make_bearer_inbox(
        request,
        token,
        lambda address, body: read_event(address, body, token),
        request.path.removesuffix("/v2/enqueue"),
    )


def _write_refusal(status: int, sentence: str) -> Answer:
    return Answer(status=status, body={"status": "error", "message": sentence, "errors": [sentence]})


PAGERDUTY = ReceiverKind(
    integration="pagerduty",
    fields=_FIELDS,
    shared_fields=_SHARED,
    required=(Required(own=("routing_key", "routing_key_file", *V1_FIELDS)),),
    point=_point,
    failing=FailingAnswers(
        rate_limit=THROTTLED,
        error=Answer(status=500, body={"status": "error", "message": "Internal Server Error"}),
    ),
    rate_bound=RateBound(
        per_minute=EVENTS_PER_MINUTE,
        answer=THROTTLED,
        why="more events than PagerDuty takes in a minute",
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal, hosts=(V1_HOST,)),
    show=show_event,
)
