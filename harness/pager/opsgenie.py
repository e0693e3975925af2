"""Opsgenie's alert API as Alertmanager calls it: create, close, and change message or description. Pure.

Formats and bounds: Opsgenie's documentation, "Alert API" (Create Alert, Close Alert, Update Alert Message,
Update Alert Description). An alert's alias tells it apart. To close one there is no field for a tag.
Alertmanager's `update_alerts` changes message and description after each creation; that is no notification
of its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import unquote

from harness.inbox import Address
from harness.pager.attempt import Answer, Attempt, Does, as_text, parse_object, take_tag

MAX_ALIAS_CHARACTERS = 512
MAX_CHARACTERS: Mapping[str, int] = {
    "message": 130,
    "alias": MAX_ALIAS_CHARACTERS,
    "description": 15_000,
    "entity": 512,
    "source": 100,
    "note": 25_000,
}
MAX_TAGS = 20
MAX_TAG_CHARACTERS = 50
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
        return _refuse([str(error)], Attempt(does=_DOES[call.action], answer=Answer(status=422)))
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
        answer=_answer(202, "Request will be processed"),
    )
    errors = list(_check(call, document))
    return _refuse(errors, attempt) if errors else attempt


def _check(call: Call, document: Mapping[str, Any]) -> Iterator[str]:
    wanted = {"create": "message", "message": "message", "description": "description"}.get(call.action)
    if wanted and not as_text(document.get(wanted)).strip():
        yield f"{wanted} must not be empty"
    if len(call.alias or "") > MAX_ALIAS_CHARACTERS:
        yield f"alias is longer than {MAX_ALIAS_CHARACTERS} characters"
    for name, most in MAX_CHARACTERS.items():
        value = document.get(name, "")
        if not isinstance(value, str):
            yield f"{name} is not a string"
        elif len(value) > most:
            yield f"{name} is longer than {most} characters"
    if document.get("priority") and document["priority"] not in PRIORITIES:
        yield f"priority is not one of {', '.join(PRIORITIES)}"
    yield from _check_lists(document)
    details = document.get("details") or {}
    if not isinstance(details, dict) or not all(isinstance(value, str) for value in details.values()):
        yield "details is not an object of strings"


def _check_lists(document: Mapping[str, Any]) -> Iterator[str]:
    tags = document.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield "tags is not a list of strings"
    elif len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_CHARACTERS for tag in tags):
        yield f"there are more than {MAX_TAGS} tags, or one is longer than {MAX_TAG_CHARACTERS} characters"
    responders = document.get("responders") or []
    if not isinstance(responders, list) or not all(map(_is_responder, responders)):
        yield "a responder has no type, or neither id, name nor username"


def _is_responder(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in {"team", "user", "escalation", "schedule"}
        and any(as_text(value.get(name)) for name in ("id", "name", "username"))
    )


def _answer(status: int, said: str) -> Answer:
    name = "result" if status < 300 else "message"
    return Answer(status=status, body={name: said, "took": 0.0, "requestId": str(uuid.uuid4())})


def _refuse(errors: list[str], attempt: Attempt) -> Attempt:
    why = "; ".join(errors)
    return replace(attempt, refusal=_answer(422, why), why=why)
