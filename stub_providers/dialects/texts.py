"""What stubs say and how much of it there is: texts, their tokens and pieces, and vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeGuard

CHARS_PER_TOKEN = 4
MAX_MODEL_CHARS = 200
DIMENSIONS = 16
"""Of an embedding, unless the request says how many; real ones have hundreds, which no alert looks at."""
MAX_DIMENSIONS = 4_096
MAX_PIECES = 4
"""So many pieces a stream has, unless the times between its tokens are told."""
_TEXT = (
    "The smoke detector in the hall was tested this morning and answered at once so the crew rolled up "
    "its hoses walked back to the station wrote down what it had seen and put the kettle on while the "
    "bell stayed silent for the rest of the day as it should when nothing burns and somebody has checked "
    "that it would ring"
)
_WORDS = tuple(_TEXT.split())
ANY_JSON = '{"answer": "The smoke detector was tested and answered at once."}'
"""What is said where JSON of any kind is asked for."""


def encode(payload: object) -> bytes:
    """Return compact JSON."""
    return json.dumps(payload, separators=(",", ":")).encode()


def estimate_tokens(texts: Iterable[str]) -> int:
    """Estimate the tokens of a prompt from its length, at least 1."""
    return max(1, -(-sum(map(len, texts)) // CHARS_PER_TOKEN))


def message_texts(messages: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the texts of messages whose content is a string or a list of parts with `text`."""
    for message in messages:
        yield from content_texts(message.get("content"))


def content_texts(content: object) -> Iterable[str]:
    """Yield the texts of one content: a string, or a list of parts of which some have `text`."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


def is_count(value: object, least: int, most: int | None = None) -> TypeGuard[int]:
    """Say whether a JSON value is a whole number from `least` to `most`."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and value >= least and (most is None or value <= most)  # type: ignore[operator] # is_whole


def is_number(value: object, least: float, most: float) -> bool:
    """Say whether a JSON value is a number from `least` to `most`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def is_model(value: object) -> TypeGuard[str]:
    """Say whether a JSON value can be a model's name."""
    return isinstance(value, str) and 1 <= len(value) <= MAX_MODEL_CHARS and value.isprintable()


def are_messages(value: object) -> bool:
    """Say whether a JSON value is a list of objects that each have a role and a usable content."""
    return isinstance(value, list) and all(
        isinstance(message, dict)
        and isinstance(message.get("role"), str)
        and isinstance(message.get("content"), str | list | None)
        for message in value
    )


def are_texts(value: object, most: int) -> TypeGuard[list[str]]:
    """Say whether a JSON value is a list of one to `most` texts, none of them empty."""
    return (
        isinstance(value, list)
        and 1 <= len(value) <= most
        and all(isinstance(text, str) and text for text in value)
    )


@lru_cache(maxsize=256)
def compose_pieces(completion_tokens: int, most: int = MAX_PIECES) -> tuple[str, ...]:
    """Return a completion's text in at most so many pieces, a word a token.

    The text ends after some 60 words, or the `most` pieces of a word each, however many tokens are counted:
    work stays bounded.
    """
    count = min(completion_tokens, max(len(_WORDS), most))
    words = [f"{_WORDS[number % len(_WORDS)]} " for number in range(count)]
    return _split(words, most) or ("",)


def split_pieces(text: str, most: int = MAX_PIECES) -> tuple[str, ...]:
    """Return a text in at most so many pieces."""
    return _split(text, most) or ("",)


def _split(parts: Sequence[str], most: int) -> tuple[str, ...]:
    size = max(1, -(-len(parts) // most))
    return tuple("".join(parts[at : at + size]) for at in range(0, len(parts), size))


@lru_cache(maxsize=16)
def make_vector(dimensions: int) -> tuple[float, ...]:
    """Return an embedding: of length 1, in no direction that means anything."""
    return (dimensions**-0.5,) * dimensions
