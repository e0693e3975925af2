"""What a dialect is. Pure: bytes and documents in, values out; the network is elsewhere.

Whatever a provider sends that its format does not allow surfaces as AttributeError, IndexError, KeyError,
TypeError or ValueError; the caller takes these for an `unknown` failure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.answers import Chunk, Completion, FinishReason
from alertdrill.gateway.chat import ChatRequest

OTHER_REASONS: Mapping[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "SAFETY": "content_filter",
}
"""What providers call the rarer reasons for an answer's end."""


class StreamReader(Protocol):
    """Understands one streamed answer, line by line."""

    done: bool
    """Whether the provider has said that the answer is complete."""

    def read(self, line: bytes) -> Chunk | None:
        """Return what a line adds to the answer, if anything; raises UpstreamFailed if it is an error."""


class Dialect(Protocol):
    """One provider's language; a request that needs what it cannot is not sent."""

    can: frozenset[Ability]

    def write_path(self, model: str, chat: ChatRequest) -> str:
        """Return where a chat goes, below the provider's base URL."""

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the headers that prove who is calling, and say which version is spoken."""

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return the request's document."""

    def read_completion(self, document: Any) -> Completion:
        """Return a whole answer; raises UpstreamFailed if it is an error in spite of its status."""

    def start_stream(self) -> StreamReader:
        """Return a reader for one streamed answer."""

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class of an error answer; `document` is None if its body is not JSON."""


def read_event_data(line: bytes) -> bytes | None:
    """Return the data of a line of server-sent events; None for other fields, comments and blank lines.

    Format: https://html.spec.whatwg.org/multipage/server-sent-events.html. These providers put each event's
    data on one line.
    """
    return line[5:].strip() if line.startswith(b"data:") else None


def read_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in some bytes; raises ValueError if there is none."""
    document = json.loads(data)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def read_finish_reason(reason: object, too_long: str) -> FinishReason | None:
    """Return why an answer ended; `too_long` is what the provider calls a reached token limit."""
    if reason is None:
        return None
    if reason == "stop":
        return "stop"
    return "length" if reason == too_long else OTHER_REASONS.get(str(reason), "stop")


def explain_calls(reason: FinishReason, *, has_calls: bool) -> FinishReason:
    """Return why an answer ended, of a provider for whom one that calls tools stops like any other."""
    return "tool_calls" if has_calls and reason == "stop" else reason


def read_text(value: object) -> str:
    """Return a text that a provider may leave out; raises ValueError for anything but text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("a text is not a string")
    return value
