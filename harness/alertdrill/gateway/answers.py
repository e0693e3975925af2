"""What a provider answered, without its dialect, and how it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.tooling import ToolCall, ToolCallPiece

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
MAX_TOKEN_COUNT = 100_000_000


class UpstreamFailed(Exception):
    """An attempt at a provider failed; the message is for the client and holds no secret.

    `asked_wall_s` is how long the provider asks to be left alone, if it does.
    """

    def __init__(self, error_class: ErrorClass, message: str, asked_wall_s: float | None = None) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.asked_wall_s = asked_wall_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a call used, as far as the provider has said."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers to a request, most of which have but one."""

    text: str
    finish_reason: FinishReason
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer: its first choice, and the others that were asked for."""

    text: str
    finish_reason: FinishReason
    usage: Usage
    calls: tuple[ToolCall, ...] = ()
    others: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a streamed answer, of its `choice`th choice.

    `usage` is the total so far, where the provider states it.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    calls: tuple[ToolCallPiece, ...] = ()
    choice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Embeddings, as `data` lists them; how many there are and how they are encoded is as it was asked."""

    data: list[dict[str, Any]]
    usage: Usage


def count_tokens(value: object) -> int:
    """Return a token count as a provider states it; raises ValueError if it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKEN_COUNT:
        raise ValueError("a token count is missing or impossible")
    return value


def classify_status(status: int) -> ErrorClass:
    """Return the class of an HTTP error status alone, where the body says nothing better."""
    if status == 429:
        return "rate_limit"
    if status in (401, 402, 403):
        return "auth"
    if status == 408:
        return "timeout"
    if status == 413:
        return "context_overflow"
    if status in (400, 404, 405, 415, 422):
        return "invalid_request"
    return "server_error" if 500 <= status <= 599 else "unknown"
