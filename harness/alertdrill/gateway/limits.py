"""What bounds the calls of a gateway: `limits` in its configuration, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from alertdrill.gateway.problems import quote

MOST: Mapping[str, float] = {
    "timeout_s": 86_400.0,
    "cooldown_s": 86_400.0,
    "calls": 100_000,
    "connections": 1_000_000,
}
WHOLE = ("calls", "connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long an attempt may take and a provider cools down, in rule time, and how much there is at once.

    An attempt runs from the first byte sent to the last byte received. A call that is one too many is refused
    with 503, and counts towards no quota; so is what comes on a client's connection that is one too many.
    """

    timeout_s: float = 120.0
    cooldown_s: float = 30.0
    calls: int = 10_000
    connections: int | None = None
    """None: as many as there are files for, at most `MOST_UNSTATED`."""


DEFAULTS = Limits()
MOST_UNSTATED = 50_000
OWN_FILES = 128
"""What a gateway has open besides: what it listens on, databases, logs, surplus connections it refuses."""


def fit_connections(limits: Limits, files: int) -> int:
    """Return how many connections of clients there may be where a process may open `files`.

    They are as many as stated, or fewer: each call in flight has a connection to its provider, too.
    """
    room = files - OWN_FILES
    return min(limits.connections or MOST_UNSTATED, max(room // 2, room - limits.calls))


def read_limits(document: object) -> Limits:
    """Return the limits that a document states; raises ValueError, whose sentence names what is wrong."""
    if not isinstance(document, dict):
        raise ValueError("limits must be an object")
    names = [field.name for field in fields(Limits)]
    for name, value in document.items():
        if name not in names:
            raise ValueError(f"limits: {quote(name)} is none of them; there are {', '.join(names)}")
        _check(name, value)
    stated: dict[str, Any] = document
    return Limits(**stated)


def _check(name: str, value: object) -> None:
    is_number = isinstance(value, int if name in WHOLE else int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MOST[name]:  # type: ignore[operator] # it is one
        kind = "whole number" if name in WHOLE else "number"
        raise ValueError(f"limits: {name} must be a {kind} above 0, at most {MOST[name]:.0f}")
