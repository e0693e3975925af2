"""Strict reading of JSON values that the control API is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Place = tuple[str | int, ...]
"""Where a value stands within what is read: names of fields, and numbers of items."""


class BadInstruction(Exception):
    """An instruction that cannot be followed; the message is one sentence that says why.

    For who knows where each value was written, the same in parts: the value at `place` is wrong because of
    `why`, which goes on from its name. `known` are the names or words that it could have been, if it is none
    of them.
    """

    def __init__(
        self, why: str, place: Place = (), *, known: Collection[str] = (), whole: str = "The body"
    ) -> None:
        super().__init__(f"{say_place(place) or whole} {why}.")
        self.place = place
        self.why = why
        self.known = tuple(known)


class UnknownField(BadInstruction):
    """A field at `place` that is none of `known`, which are those of `owner`."""

    def __init__(self, place: Place, known: Collection[str], owner: str) -> None:
        super().__init__(
            f"is unknown: {owner} may only have the fields {', '.join(sorted(known))}", place, known=known
        )


def say_place(place: Place) -> str:
    """Return a place as programs write it: `spells[0].errors.share`."""
    said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return said.removeprefix(".")


def read_fields(told: object, place: Place, known: Collection[str], owner: str = "") -> Mapping[str, Any]:
    """Return an object that has no other fields, or raise BadInstruction; `owner` is its name in messages."""
    if not isinstance(told, dict):
        raise BadInstruction("must be an object", place, whole=owner or "The body")
    for name in told:
        if name not in known:
            raise UnknownField((*place, str(name)), known, owner or say_place(place) or "the body")
    return told


def read_number(value: object, place: Place, most: float, least: float = 0) -> float:
    """Return a number from `least` to `most`, or raise BadInstruction."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadInstruction(f"must be a number from {least:g} to {most:g}", place)
    return float(value)


def read_whole(value: object, place: Place, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`, or raise BadInstruction."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInstruction(f"must be a whole number from {least} to {most}", place)
    return value


def read_flag(value: object, place: Place) -> bool:
    """Return true or false, or raise BadInstruction."""
    if not isinstance(value, bool):
        raise BadInstruction("must be true or false", place)
    return value


def read_word(value: object, place: Place, known: Collection[str]) -> str:
    """Return one of some words, or raise BadInstruction."""
    if not isinstance(value, str) or value not in known:
        raise BadInstruction(f"must be one of {', '.join(known)}", place, known=known)
    return value
