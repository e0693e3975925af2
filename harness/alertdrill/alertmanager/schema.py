"""What a field of Alertmanager's config file may hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Scalar(Enum):
    """What a field holds."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    OPTIONAL = "an optional text"
    """A text that is not stated where it has no value; others are empty then."""
    TIMEOUT = "an optional timeout"
    """Such a text, as `5s`; or a number, of nanoseconds."""
    OPEN = "anything"
    SECRET = "<secret>"  # noqa: S105 - as Alertmanager itself shows one
    """Whatever it holds is forgotten while the file is read, secret or not: it is replaced or left out."""
    ADDRESS = "an address"
    """A text that is kept for what it says of a service, and written nowhere: it is replaced or left out."""


TEXT, FLAG, NUMBER, OPEN, SECRET = Scalar.TEXT, Scalar.FLAG, Scalar.NUMBER, Scalar.OPEN, Scalar.SECRET
ADDRESS, OPTIONAL, TIMEOUT = Scalar.ADDRESS, Scalar.OPTIONAL, Scalar.TIMEOUT


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of thing; `null` is what an item without a value comes to, if it may be there."""

    item: Field
    null: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys the user chooses."""

    value: Field


Fields = Mapping[str, Any]
"""A mapping's fields, each a Field; see `Field`."""
Field = Scalar | ListOf | MapOf | Fields

OTHER_SECTIONS = "*_configs"
"""Among the fields of a mapping: the field of every other key that ends like that."""
TEXTS = ListOf(TEXT)
NAMED_TEXTS = MapOf(TEXT)
