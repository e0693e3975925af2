"""Anthropic's messages.

Formats: https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming and /en/api/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.dialects.dialect import read_event_data, read_finish_reason, read_object, read_text
from alertdrill.gateway.events import ErrorClass

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 4096
"""The limit is mandatory here and optional in what clients send; every model allows this much."""
CLASS_OF_TYPE: Mapping[str, ErrorClass] = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "auth",
    "billing_error": "auth",
    "permission_error": "auth",
    "not_found_error": "invalid_request",
    "request_too_large": "context_overflow",
    "rate_limit_error": "rate_limit",
    "api_error": "server_error",
    "overloaded_error": "server_error",
    "timeout_error": "timeout",
}
OVERFLOW_PHRASES = ("prompt is too long", "exceed context limit")


class Anthropic:
    """The dialect `anthropic`."""

    def write_path(self, _model: str, _chat: ChatRequest) -> str:
        """Return the one path of all chats."""
        return "/v1/messages"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the key and the version of the API."""
        return {"x-api-key": api_key, "anthropic-version": VERSION}

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a messages request; system messages stand apart from the conversation here."""
        system = "\n\n".join(message.text for message in chat.messages if message.role == "system")
        options = {
            "system": system or None,
            "stream": chat.stream or None,
            # OpenAI's scale goes to 2, this one to 1.
            "temperature": None if chat.temperature is None else min(chat.temperature, 1),
            "top_p": chat.top_p,
            "stop_sequences": list(chat.stop) or None,
        }
        return {
            "model": model,
            "max_tokens": chat.max_tokens or DEFAULT_MAX_TOKENS,
            "messages": [
                {"role": message.role, "content": message.text}
                for message in chat.messages
                if message.role != "system"
            ],
        } | {name: value for name, value in options.items() if value is not None}

    def read_completion(self, document: Any) -> Completion:
        """Return the text blocks of a message."""
        usage = document["usage"]
        return Completion(
            text="".join(read_text(block.get("text")) for block in document["content"]),
            finish_reason=read_finish_reason(document.get("stop_reason"), "max_tokens") or "stop",
            usage=Usage(
                prompt_tokens=count_tokens(usage["input_tokens"]),
                completion_tokens=count_tokens(usage["output_tokens"]),
            ),
        )

    def start_stream(self) -> _Stream:
        """Return a reader of message events."""
        return _Stream(self)

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class by the error's type, else by the status."""
        error = document.get("error") if isinstance(document, dict) else None
        if not isinstance(error, dict):
            return classify_status(status)
        message = error.get("message")
        # The type is invalid_request_error; only the message tells.
        if isinstance(message, str) and any(phrase in message.lower() for phrase in OVERFLOW_PHRASES):
            return "context_overflow"
        return CLASS_OF_TYPE.get(str(error.get("type"))) or classify_status(status)


class _Stream:
    """Usage comes in two parts: the prompt's with the first event, the completion's running total later."""

    def __init__(self, dialect: Anthropic) -> None:
        self._dialect = dialect
        self._prompt_tokens = 0
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        data = read_event_data(line)
        if data is None:
            return None
        event = read_object(data)
        kind = event["type"]
        if kind == "error":
            error_class = self._dialect.classify(200, event)
            raise UpstreamFailed(error_class, "the provider broke its answer off with an error")
        if kind == "message_start":
            usage = event["message"]["usage"]
            self._prompt_tokens = count_tokens(usage["input_tokens"])
            return Chunk(usage=self._sum(usage["output_tokens"]))
        if kind == "content_block_delta":
            return Chunk(text=read_text(event["delta"].get("text")))
        if kind == "message_delta":
            reason = read_finish_reason(event["delta"].get("stop_reason"), "max_tokens")
            return Chunk(finish_reason=reason, usage=self._sum(event["usage"]["output_tokens"]))
        self.done = self.done or kind == "message_stop"
        return None

    def _sum(self, output_tokens: object) -> Usage:
        return Usage(prompt_tokens=self._prompt_tokens, completion_tokens=count_tokens(output_tokens))
