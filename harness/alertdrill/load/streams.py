"""Streamed answers: when each piece of one came, and which pieces have tokens.

Server-sent events, as in OpenAI's chat completions, completions and responses, and Anthropic's messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol

_DATA = b"data:"
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls")
"""Where a choice of a chat completion has what a model says."""

Piece = tuple[float, bytes]
"""A line of an answer, and when it came."""


class Body(Protocol):
    """An answer whose body is still to come."""

    def readline(self, sep: bytes) -> bytes:
        """Return the next line with what ends it, as soon as it is there; nothing when there is none left."""

    def read(self) -> bytes:
        """Return all that is left."""


def read_pieces(body: Body, now: Callable[[], float]) -> tuple[bytes, list[Piece]]:
    """Return a whole body, and its lines of data, each with when it came. Raises what reading it raises."""
    lines: list[bytes] = []
    pieces: list[Piece] = []
    while line := body.readline(b"\n"):
        lines.append(line)
        if line.startswith(_DATA):
            pieces.append((now(), line))
    lines.append(body.read())
    return b"".join(lines), pieces


def find_token_instants(pieces: list[Piece]) -> list[float]:
    """Return when each piece came that has tokens; what opens and ends a stream, or counts it, has none."""
    return [at_s for at_s, line in pieces if _has_tokens(line)]


def list_gaps(instants: list[float]) -> list[float]:
    """Return how long after the one before each piece came."""
    return [later - earlier for earlier, later in pairwise(instants)]


def _has_tokens(line: bytes) -> bool:
    try:
        document = json.loads(line[len(_DATA) :])
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    choices = document.get("choices")
    if isinstance(choices, list):
        return any(map(_says_something, choices))
    kind, delta = document.get("type"), document.get("delta")
    return isinstance(kind, str) and kind.endswith(("_delta", ".delta")) and _is_said(kind, delta)


def _says_something(choice: Any) -> bool:
    if not isinstance(choice, dict):
        return False
    delta = choice.get("delta")
    return bool(choice.get("text")) or (isinstance(delta, dict) and any(map(delta.get, _TEXTS)))


def _is_said(kind: str, delta: Any) -> bool:
    """Say whether an event of Anthropic's, or of OpenAI's responses, has something that a model says."""
    if kind == "message_delta":  # why it stopped, and what it used
        return False
    if isinstance(delta, dict):
        return any(map(delta.get, ("text", "partial_json", "thinking")))
    return isinstance(delta, str) and bool(delta)
