"""Ollama's chat.

Format: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion. Ollama itself has
no keys; the bearer token is for the proxy before it, or for its cloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.dialects.dialect import read_finish_reason, read_object, read_text
from alertdrill.gateway.events import ErrorClass

OVERFLOW_PHRASES = ("context size", "context length", "context window")


class Ollama:
    """The dialect `ollama`; its format has tools, too, which are not passed on."""

    can: frozenset[Ability] = frozenset({"json_object", "json_schema", "seed"})

    def write_path(self, _model: str, _chat: ChatRequest) -> str:
        """Return the one path of all chats."""
        return "/api/chat"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the bearer token."""
        return {"Authorization": f"Bearer {api_key}"}

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a chat request; Ollama streams unless told otherwise."""
        options: dict[str, Any] = {
            "num_predict": chat.max_tokens,
            "temperature": chat.temperature,
            "top_p": chat.top_p,
            "stop": list(chat.stop) or None,
        } | dict(chat.options or {})
        form = _write_format(chat)
        return {
            "model": model,
            "messages": [{"role": message.role, "content": message.text} for message in chat.messages],
            "stream": chat.stream,
            "options": {name: value for name, value in options.items() if value is not None},
            **({} if form is None else {"format": form}),
        }

    def read_completion(self, document: Any) -> Completion:
        """Return the message of a chat answer."""
        _raise_error(document)
        return Completion(
            text=read_text(document["message"].get("content")),
            finish_reason=read_finish_reason(document.get("done_reason"), "length") or "stop",
            usage=_read_usage(document),
        )

    def start_stream(self) -> _Stream:
        """Return a reader of JSON lines."""
        return _Stream()

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class by the status; an overlong prompt shows only in the message."""
        return _classify(status, document)


def _write_format(chat: ChatRequest) -> object:
    """Return what makes the answer JSON: a schema, or `json` for any; None where it may be anything."""
    if chat.schema is not None:
        return chat.schema["schema"]
    return "json" if "json_object" in chat.needs else None


class _Stream:
    def __init__(self) -> None:
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        if not line.strip():
            return None
        document = read_object(line)
        _raise_error(document)
        text = read_text(document["message"].get("content"))
        if not document["done"]:
            return Chunk(text=text)
        self.done = True
        reason = read_finish_reason(document.get("done_reason"), "length") or "stop"
        return Chunk(text=text, finish_reason=reason, usage=_read_usage(document))


def _raise_error(document: Mapping[str, Any]) -> None:
    if document.get("error") is not None:
        # The status went out before the error: what breaks a running answer is the server's fault.
        raise UpstreamFailed(_classify(500, document), "the provider broke its answer off with an error")


def _classify(status: int, document: object) -> ErrorClass:
    message = document.get("error") if isinstance(document, dict) else None
    if isinstance(message, str) and any(phrase in message.lower() for phrase in OVERFLOW_PHRASES):
        return "context_overflow"
    return classify_status(status)


def _read_usage(document: Mapping[str, Any]) -> Usage:
    # A prompt that is cached whole is left out of the counts.
    return Usage(
        prompt_tokens=count_tokens(document.get("prompt_eval_count", 0)),
        completion_tokens=count_tokens(document.get("eval_count", 0)),
    )
