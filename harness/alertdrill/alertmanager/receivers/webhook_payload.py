"""The payload that a webhook's config states itself: with the tag, and read without it. Pure.

It may be anything that JSON has. Alertmanager renders each text in it, and reads what it rendered as YAML.
What its service makes of it nobody knows, so nothing of it is checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
    make_attempt,
    take_tag,
    write_details,
)

TITLES = ("title", "subject", "summary", "name", "text", "message", "content")
"""Names that services give what they show first."""
HIDDEN = "<secret>"
_SECRET = re.compile(
    r"token|secret|passw|credential|authori[sz]ation|api_?key|routing_?key|signature", re.IGNORECASE
)
_WRAPPED = f"{TAG_NAME}-payload"


def add_tag(payload: Any) -> dict[str, Any]:
    """Return a payload with the tag: among an object's fields, or beside what is none; no secrets."""
    payload = _hide(payload)
    return {**(payload if isinstance(payload, dict) else {_WRAPPED: payload}), TAG_NAME: TAG}


def _hide(value: Any, name: str = "") -> Any:
    """Return a value without its secrets: texts of no template, under names that secrets have."""
    if isinstance(value, Mapping):
        return {key: _hide(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_hide(one, name) for one in value]
    is_secret = isinstance(value, str) and "{{" not in value and _SECRET.search(name)
    return HIDDEN if is_secret else value


def read_payload(body: bytes) -> Attempt | None:
    """Return what a payload of the user's own says; None for a body without its tag."""
    try:
        payload, told = take_tag(json.loads(body))
    except (ValueError, RecursionError):
        return None
    if not told.is_told:
        return None
    payload = payload.get(_WRAPPED, payload)
    fields = payload if isinstance(payload, dict) else {}
    text = write_details(fields) if fields else as_text(payload) or as_text(json.dumps(payload))
    titles = (as_text(fields.get(name)) for name in TITLES)
    return make_attempt(
        told,
        title=find_first_line(next(filter(None, titles), "") or text),
        text=text,
        payload=fields or {"payload": payload},
        answer=Answer(status=200),
    )
