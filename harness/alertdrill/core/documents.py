"""Values of JSON documents: how they are written, and how they are read from a file that may say anything.

Whatever reads a value raises ValueError with a sentence that names the field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

Number = float | None
_Value = TypeVar("_Value")
_TYPES: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    list: "a list",
    dict: "an object",
}


def write_number(value: float) -> Number:
    """Round to milliseconds, since finer is noise of the division by the speed; an infinity becomes null."""
    return round(value, 3) if math.isfinite(value) else None


def take_number(document: Mapping[str, Any], name: str) -> float:
    """Return a number; what JSON cannot write, and a timeline has as null, is an infinity."""
    value = document.get(name)
    if value is None and name in document:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {_shorten(value)}, not a number")
    return float(value)


def take(document: Mapping[str, Any], name: str, kind: type[_Value], default: _Value | None = None) -> _Value:
    """Return a field of that type; without a default it must be there."""
    value = document.get(name, default)
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {_shorten(value)}, not {_TYPES[kind]}")
    return value


def take_objects(
    document: Mapping[str, Any], name: str, default: list[Any] | None = None
) -> list[dict[str, Any]]:
    """Return a field that is a list of objects; without a default it must be there."""
    items = take(document, name, list, default)
    if not all(isinstance(item, dict) for item in items):
        raise ValueError(f"{name} is not a list of objects")
    return items


def choose(value: object, among: tuple[Any, ...], name: str) -> Any:
    """Return a value that is one of some words."""
    if value not in among:
        raise ValueError(f"{name} is {_shorten(value)}, not one of {', '.join(among)}")
    return value


def _shorten(value: object) -> str:
    text = "missing" if value is None else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
