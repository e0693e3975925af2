"""Opsgenie: its section of a config, and its alert API, read and answered as Opsgenie would. Pure.

Formats and bounds: Opsgenie's documentation, "Alert API" (Create Alert, Close Alert, Update Alert Message,
Update Alert Description). It states bounds for other fields than these too, but not that Opsgenie refuses
what is longer, and Alertmanager does not keep to them. An alert's alias tells it apart. To close one there is
no field for a tag. Alertmanager's `update_alerts` changes message and description after each creation; that
is no notification of its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import unquote

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, Does, as_text, parse_object, take_tag
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import (
    AMBER,
    BLUE,
    RED,
    as_object,
    list_facts,
    list_objects,
    say,
)
from alertdrill.alertmanager.schema import FLAG, NAMED_TEXTS, SECRET, TEXT, Fields, ListOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part, Said

MAX_MESSAGE_CHARACTERS = 130
MAX_ALIAS_CHARACTERS = 512
MAX_DESCRIPTION_CHARACTERS = 15_000
_TEXTS = ("message", "alias", "description", "entity", "source", "note")
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")

Action = Literal["create", "close", "message", "description"]
ACTIONS: Mapping[str | None, Action] = {
    None: "create",
    "close": "close",
    "message": "message",
    "description": "description",
}
_DOES: Mapping[Action, Does] = {
    "create": "trigger",
    "close": "resolve",
    "message": "edit",
    "description": "edit",
}
_PATH = re.compile(r"/opsgenie/(.+)/([0-9]{1,4})/v2/alerts(?:/([^/]+)/(close|message|description))?")

_COLOURS: Mapping[str, str] = {"P1": RED, "P2": RED, "P3": AMBER, "P4": BLUE, "P5": BLUE}

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "message": TEXT,
    "description": TEXT,
    "source": TEXT,
    "details": NAMED_TEXTS,
    "entity": TEXT,
    "responders": ListOf({"id": TEXT, "name": TEXT, "username": TEXT, "type": TEXT}),
    "tags": TEXT,
    "note": TEXT,
    "priority": TEXT,
    "actions": TEXT,
    "update_alerts": FLAG,
    "api_key": SECRET,
    "api_key_file": SECRET,
    "api_url": SECRET,
    "http_config": SECRET,
}
_SHARED: Fields = dict.fromkeys(("opsgenie_api_key", "opsgenie_api_key_file", "opsgenie_api_url"), SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API: of which inbox, and what it does to the alert of which alias."""

    address: Address
    action: Action
    alias: str | None


def parse_call(method: str, path: str) -> Call:
    """Return what a request asks for; raises ValueError.

    Alertmanager adds to `api_url` in a way that loses how a slash in the receiver's name was quoted.
    """
    match = _PATH.fullmatch(unquote(path))
    if match is None:
        raise ValueError(f"{path!r} is nothing of Opsgenie's")
    receiver, index, alias, action = match.groups()
    call = Call(
        address=Address(receiver=receiver, integration="opsgenie", index=int(index)),
        action=ACTIONS[action],
        alias=alias,
    )
    if method != ("PUT" if _DOES[call.action] == "edit" else "POST"):
        raise ValueError(f"{method} is nothing that can be done to {path!r}")
    return call


def read_call(call: Call, body: bytes) -> Attempt:
    """Return what a call says."""
    try:
        document = parse_object(body)
    except ValueError as error:
        return _refuse({"body": str(error)}, Attempt(does=_DOES[call.action], answer=Answer(status=422)))
    details, told = take_tag(document.get("details"))
    if "details" in document:
        document = {**document, "details": details}
    alias = call.alias or as_text(document.get("alias")) or uuid.uuid4().hex
    attempt = Attempt(
        does=_DOES[call.action],
        key=alias,
        group_key=alias,
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(document.get("message")),
        text=as_text(document.get("description")),
        payload=document,
        answer=Answer(status=202, body={"result": "Request will be processed", **_make_receipt()}),
    )
    if len(attempt.text) > MAX_DESCRIPTION_CHARACTERS:
        said = f"the text has {len(attempt.text)} characters, and Opsgenie keeps {MAX_DESCRIPTION_CHARACTERS}"
        attempt = replace(attempt, cut=said)
    errors = dict(_check(call, document))
    return _refuse(errors, attempt) if errors else attempt


def show_alert(document: Mapping[str, Any]) -> Card:
    """Return how an alert looks in the list of alerts."""
    tags = document.get("tags")
    about = {
        "tags": ", ".join(map(say, tags)) if isinstance(tags, list) else "",
        **{name: document.get(name) for name in ("entity", "source", "note")},
        **as_object(document.get("details")),
    }
    responders = (
        as_text(one.get("name") or one.get("username")) for one in list_objects(document.get("responders"))
    )
    part = Part(
        colour=_COLOURS.get(as_text(document.get("priority")), ""),
        title=as_text(document.get("message")),
        text=Said(text=as_text(document.get("description"))),
        facts=list_facts(about),
    )
    return Card(
        is_titled=True,
        service="Opsgenie",
        place=", ".join(filter(None, responders)),
        badge=as_text(document.get("priority")),
        parts=[part],
    )


def _check(call: Call, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that is wrong, and what is wrong with it."""
    wanted = {"create": "message", "message": "message", "description": "description"}.get(call.action)
    if wanted and not as_text(document.get(wanted)).strip():
        yield wanted, "may not be empty"
    for name in _TEXTS:
        if not isinstance(document.get(name, ""), str):
            yield name, "should be a string"
    if len(as_text(document.get("message"))) > MAX_MESSAGE_CHARACTERS:
        yield "message", f"should not be longer than {MAX_MESSAGE_CHARACTERS} characters"
    if len(call.alias or as_text(document.get("alias"))) > MAX_ALIAS_CHARACTERS:
        yield "alias", f"should not be longer than {MAX_ALIAS_CHARACTERS} characters"
    if document.get("priority") and document["priority"] not in PRIORITIES:
        yield "priority", f"should be one of [ {', '.join(PRIORITIES)} ]"
    tags = document.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield "tags", "should be a list of strings"
    responders = document.get("responders") or []
    if not isinstance(responders, list) or not all(map(_is_responder, responders)):
        yield "responders", "should each have a type, and an id, name or username"
    details = document.get("details") or {}
    if not isinstance(details, dict) or not all(isinstance(value, str) for value in details.values()):
        yield "details", "should be an object of strings"


def _is_responder(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in ("team", "user", "escalation", "schedule")
        and any(as_text(value.get(name)) for name in ("id", "name", "username"))
    )


def _refuse(errors: Mapping[str, str], attempt: Attempt) -> Attempt:
    said = "Request body is not processable. Please check the errors."
    refusal = Answer(status=422, body={"message": said, "errors": dict(errors), **_make_receipt()})
    why = "; ".join(f"{name} {wrong}" for name, wrong in errors.items())
    return replace(attempt, refusal=refusal, why=why)


def _make_receipt() -> dict[str, Any]:
    return {"took": 0.001, "requestId": str(uuid.uuid4())}


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "api_url": f"{target.url}/{address.path}/",
        "api_key": derive_key(target.token, address),
        # Its own key is the authorization.
        "http_config": {"tls_config": target.trust(address)},
        "details": {**stated.get("details", {}), TAG_NAME: TAG},
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    call = parse_call(request.method, request.path)
    return Inbox(
        address=call.address,
        is_open=request.shows("authorization", f"GenieKey {derive_key(token, call.address)}"),
        read=lambda body: read_call(call, body),
    )


def _write_refusal(status: int, sentence: str) -> Answer:
    return Answer(status=status, body={"message": sentence})


OPSGENIE = ReceiverKind(
    integration="opsgenie",
    fields=_FIELDS,
    shared_fields=_SHARED,
    required=(
        Required(own=("api_key", "api_key_file"), shared=("opsgenie_api_key", "opsgenie_api_key_file")),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body={"message": "You are making too many requests!"}),
        error=Answer(status=500, body={"message": "Internal Server Error"}),
    ),
    http=HttpContract(methods=("POST", "PUT"), find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_alert,
)
