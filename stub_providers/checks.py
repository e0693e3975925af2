"""Strict reading of JSON values that the control API is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class BadInstruction(Exception):
    """An instruction that cannot be followed; the message is one sentence that says why."""


def read_fields(told: object, what: str, known: Collection[str]) -> Mapping[str, Any]:
    """Return an object that has no other fields, or raise BadInstruction."""
    if not isinstance(told, dict):
        raise BadInstruction(f"{what} must be an object.")
    if told.keys() - set(known):
        raise BadInstruction(f"{what} may only have the fields {', '.join(sorted(known))}.")
    return told


def read_number(value: object, what: str, most: float, least: float = 0) -> float:
    """Return a number from `least` to `most`, or raise BadInstruction."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadInstruction(f"{what} must be a number from {least:g} to {most:g}.")
    return float(value)


def read_whole(value: object, what: str, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`, or raise BadInstruction."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInstruction(f"{what} must be a whole number from {least} to {most}.")
    return value


def read_flag(value: object, what: str) -> bool:
    """Return true or false, or raise BadInstruction."""
    if not isinstance(value, bool):
        raise BadInstruction(f"{what} must be true or false.")
    return value
