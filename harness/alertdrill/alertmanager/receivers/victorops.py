"""VictorOps, now Splunk On-Call: its section of a config, and its REST endpoint. Pure.

Formats and bounds: Splunk's documentation, "REST Endpoint integration" and "Incident fields glossary". The
key is part of the path, and the routing key follows it. A message of type INFO is shown in the timeline and
pages nobody. The tag is a custom field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    Does,
    as_text,
    is_same_key,
    parse_object,
    take_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import find_colour, list_facts
from alertdrill.alertmanager.schema import FLAG, NAMED_TEXTS, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part, Said

MAX_STATE_MESSAGE_CHARACTERS = 20_480
MAX_ENTITY_ID_CHARACTERS = 512
MESSAGE_TYPES: Mapping[str, Does] = {
    "CRITICAL": "trigger",
    "WARNING": "trigger",
    "INFO": "note",
    "ACKNOWLEDGEMENT": "acknowledge",
    "RECOVERY": "resolve",
}

_SHOWN = ("message_type", "entity_id", "entity_display_name", "state_message", "monitoring_tool")
"""What has a place of its own in an incident."""

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "routing_key": TEXT,
    "message_type": TEXT,
    "state_message": TEXT,
    "entity_display_name": TEXT,
    "monitoring_tool": TEXT,
    "custom_fields": NAMED_TEXTS,
    **dict.fromkeys(("api_key", "api_key_file", "api_url", "http_config"), SECRET),
}


def read_alert(_address: Address, body: bytes, routing_key: str) -> Attempt:
    """Return what an alert says, and check that it is routed to somebody."""
    try:
        document = parse_object(body)
    except ValueError as error:
        return _refuse(str(error), Attempt(answer=Answer(status=200)))
    alert, told = take_tag(document)
    entity = as_text(alert.get("entity_id"))
    message_type = as_text(alert.get("message_type")).upper()
    attempt = Attempt(
        does=MESSAGE_TYPES.get(message_type, "trigger"),
        key=entity or told.key,
        group_key=entity,
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(alert.get("entity_display_name")) or entity,
        text=as_text(alert.get("state_message")),
        payload=alert,
        answer=Answer(status=200, body={"result": "success", "entity_id": entity}),
    )
    why = _check(alert, message_type, entity, routing_key)
    return _refuse(why, attempt) if why else attempt


def show_alert(alert: Mapping[str, Any]) -> Card:
    """Return how an incident looks in the timeline."""
    kind = as_text(alert.get("message_type"))
    details = {name: value for name, value in alert.items() if name not in _SHOWN}
    part = Part(
        colour=find_colour(kind),
        title=as_text(alert.get("entity_display_name")),
        text=Said(text=as_text(alert.get("state_message"))),
        facts=list_facts(details),
        footer=as_text(alert.get("monitoring_tool")),
    )
    return Card(is_titled=True, service="Splunk On-Call", badge=kind, parts=[part])


def _check(alert: Mapping[str, Any], message_type: str, entity: str, routing_key: str) -> str:
    if message_type not in MESSAGE_TYPES:
        return f"message_type is not one of {', '.join(MESSAGE_TYPES)}"
    if not routing_key.strip("/ "):
        return "the address has no routing key"
    if len(entity) > MAX_ENTITY_ID_CHARACTERS:
        return f"entity_id is longer than {MAX_ENTITY_ID_CHARACTERS} characters"
    if len(as_text(alert.get("state_message"))) > MAX_STATE_MESSAGE_CHARACTERS:
        return f"state_message is longer than {MAX_STATE_MESSAGE_CHARACTERS} characters"
    for name in ("entity_id", "entity_display_name", "state_message", "monitoring_tool"):
        if not isinstance(alert.get(name, ""), str):
            return f"{name} is not a string"
    return ""


def _write_refusal(status: int, sentence: str) -> Answer:
    return Answer(status=status, body={"result": "failure", "message": sentence})


def _refuse(why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write_refusal(400, why), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        # Alertmanager adds to it in a way that takes one quoting off.
        "api_url": f"{target.url}/{quote(address.path)}/",
        "api_key": derive_key(target.token, address),
        "http_config": {"tls_config": target.trust(address)},
        "custom_fields": {**stated.get("custom_fields", {}), TAG_NAME: TAG},
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    integration, receiver, index, key, *rest = unquote(request.path).strip("/").split("/", 4)
    address = parse_path(f"{integration}/{receiver}/{index}")
    routing_key = "".join(rest)
    return Inbox(
        address=address,
        is_open=is_same_key(key, derive_key(token, address)),
        read=lambda body: read_alert(address, body, routing_key),
    )


VICTOROPS = ReceiverKind(
    integration="victorops",
    fields=_FIELDS,
    shared_fields=dict.fromkeys(("victorops_api_key", "victorops_api_key_file", "victorops_api_url"), SECRET),
    required=(
        Required(own=("api_key", "api_key_file"), shared=("victorops_api_key", "victorops_api_key_file")),
        Required(own=("routing_key",)),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_write_refusal(429, "Too many requests"), error=_write_refusal(500, "Internal error")
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_alert,
)
