"""What the guard makes of a request's parameters and body: what it has checked, built anew. Pure.

Docker reads the keys of JSON without regard to case and takes the last of several, so what one reader checked
need not be what another reads in the same bytes. Here a key is read as it is written in the API's reference,
once, or the request is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from alertdrill.stacks.guard.allowed import NAME

MAX_DOCUMENT_CHARACTERS = 16 * 1024
MAX_ALIASES = 20
_VALUE = re.compile(r"[ -~]{0,256}")
_FILTERS = "filters must be an object of lists of text"


class Unclear(Exception):
    """A request that does not say in one way only what it wants; the message is for the client."""


def rebuild_parameters(
    given: Iterable[tuple[str, str]], known: frozenset[str], label: str | None
) -> dict[str, str]:
    """Return a request's parameters, each once; with a label, filters ask for that label and no other.

    Raises Unclear.
    """
    rebuilt: dict[str, str] = {}
    for name, value in given:
        if name not in known or name in rebuilt:
            raise Unclear("a parameter is not let through, or comes twice")
        if name != "filters" and not _VALUE.fullmatch(value):
            raise Unclear(f"{name} is not plain text of at most 256 characters")
        rebuilt[name] = value
    if label is not None:
        rebuilt["filters"] = json.dumps(_read_filters(rebuilt.get("filters", "{}")) | {"label": [label]})
    return rebuilt


def rebuild_connection(body: bytes) -> dict[str, Any]:
    """Return the body with which a container is connected to a network, or disconnected; raises Unclear."""
    asked = _read_object(body.decode("utf-8", "replace"))
    _hold_to(asked, {"Container", "EndpointConfig", "Force"})
    rebuilt: dict[str, Any] = {"Container": _read_name(asked.get("Container"))}
    if "EndpointConfig" in asked:
        endpoint = asked["EndpointConfig"]
        if not isinstance(endpoint, dict):
            raise Unclear("EndpointConfig must be an object")
        _hold_to(endpoint, {"Aliases"})
        aliases = endpoint.get("Aliases", [])
        if not isinstance(aliases, list) or len(aliases) > MAX_ALIASES:
            raise Unclear(f"Aliases must be a list of at most {MAX_ALIASES} names")
        rebuilt["EndpointConfig"] = {"Aliases": [_read_name(alias) for alias in aliases]}
    if "Force" in asked:
        if not isinstance(asked["Force"], bool):
            raise Unclear("Force must be true or false")
        rebuilt["Force"] = asked["Force"]
    return rebuilt


def _read_filters(text: str) -> dict[str, list[str]]:
    """Return filters, which are lists of values or, as older clients write them, objects of switches."""
    filters = {}
    for name, values in _read_object(text).items():
        listed = (
            [one for one, is_on in values.items() if is_on is True] if isinstance(values, dict) else values
        )
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise Unclear(_FILTERS)
        filters[name] = listed
    return filters


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(NAME, value):
        raise Unclear("a name must have 1 to 128 letters, digits, dots, dashes or underscores")
    return value


def _hold_to(asked: Mapping[str, Any], known: set[str]) -> None:
    if asked.keys() - known:
        raise Unclear(f"only {', '.join(sorted(known))} are let through, written so")


def _read_object(text: str) -> dict[str, Any]:
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise Unclear(f"there are more than {MAX_DOCUMENT_CHARACTERS} characters")
    try:
        document = json.loads(text, object_pairs_hook=_take_once)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise Unclear("this is not JSON") from None
    if not isinstance(document, dict):
        raise Unclear("an object is wanted")
    return document


def _take_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    taken = dict(pairs)
    if len({name.casefold() for name in taken}) < len(pairs):
        raise Unclear("a key comes twice")
    return taken
