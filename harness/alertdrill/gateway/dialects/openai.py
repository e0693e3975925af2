"""OpenAI's chat completions, which OpenRouter and others speak too.

Formats: https://platform.openai.com/docs/api-reference/chat and /docs/guides/error-codes;
https://openrouter.ai/docs/api-reference/errors (errors may come with status 200, `code` being a status).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.abilities import OPTIONS, Ability
from alertdrill.gateway.answers import (
    Choice,
    Chunk,
    Completion,
    UpstreamFailed,
    Usage,
    Vectors,
    classify_status,
    count_tokens,
)
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.dialects.dialect import read_event_data, read_finish_reason, read_object, read_text
from alertdrill.gateway.embeddings import EmbeddingRequest
from alertdrill.gateway.tooling import Tool, ToolCall, ToolCallPiece, ToolChoice

CLASS_OF_CODE: Mapping[str, ErrorClass] = {
    "context_length_exceeded": "context_overflow",
    "insufficient_quota": "rate_limit",
    "invalid_api_key": "auth",
    "invalid_request_error": "invalid_request",
    "rate_limit_exceeded": "rate_limit",
    "server_error": "server_error",
}
OVERFLOW_PHRASES = ("maximum context length", "context window")


class OpenAI:
    """The dialect `openai`, which is also what clients speak, so that it can do all that they ask."""

    can: frozenset[Ability] = frozenset(
        {"tools", "tool_choice", "choices", "json_object", "json_schema", *OPTIONS}
    )
    embeddings_path = "/v1/embeddings"

    def write_path(self, _model: str, _chat: ChatRequest) -> str:
        """Return the one path of all chats."""
        return "/v1/chat/completions"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the bearer token."""
        return {"Authorization": f"Bearer {api_key}"}

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a chat completion request; a stream always states its usage, which the costs need."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.text} for message in chat.messages],
        }
        if chat.needs:
            body |= _write_needs(chat)
        if chat.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        options = {
            "max_completion_tokens": chat.max_tokens,
            "temperature": chat.temperature,
            "top_p": chat.top_p,
            "stop": list(chat.stop) or None,
        }
        return body | {name: value for name, value in options.items() if value is not None}

    def read_completion(self, document: Any) -> Completion:
        """Return the choices of a chat completion."""
        self._raise_error(document)
        first, *others = document["choices"]
        message = first["message"]
        return Completion(
            text=read_text(message.get("content")),
            finish_reason=read_finish_reason(first.get("finish_reason"), "length") or "stop",
            usage=_read_usage(document["usage"]),
            calls=_read_calls(message.get("tool_calls") or ()),
            others=tuple(_read_choice(choice) for choice in others) if others else (),
        )

    def write_embeddings(self, model: str, asked: EmbeddingRequest) -> Mapping[str, Any]:
        """Return a request for embeddings."""
        return {"model": model, **asked.fields}

    def read_embeddings(self, document: Any) -> Vectors:
        """Return embeddings; raises ValueError for what is none."""
        self._raise_error(document)
        data = document["data"]
        if not isinstance(data, list) or not all(
            isinstance(entry["embedding"], list | str) for entry in data
        ):
            raise ValueError("the embeddings are no vectors")
        return Vectors(data=data, usage=Usage(prompt_tokens=count_tokens(document["usage"]["prompt_tokens"])))

    def start_stream(self) -> _Stream:
        """Return a reader of chat completion chunks."""
        return _Stream(self)

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class by the code, where the status leaves more than one."""
        error = document.get("error") if isinstance(document, dict) else None
        if not isinstance(error, dict):
            return classify_status(status)
        code, kind, message = error.get("code"), error.get("type"), error.get("message")
        if status in (200, 400, 413):
            if code == "context_length_exceeded":
                return "context_overflow"
            if isinstance(message, str) and any(phrase in message.lower() for phrase in OVERFLOW_PHRASES):
                return "context_overflow"
        if status != 200:
            return classify_status(status)
        if isinstance(code, int):
            return classify_status(code)
        return CLASS_OF_CODE.get(str(code)) or CLASS_OF_CODE.get(str(kind)) or "unknown"

    def _raise_error(self, document: Mapping[str, Any]) -> None:
        if document.get("error") is not None:
            raise UpstreamFailed(self.classify(200, document), "the provider answered with an error")


class _Stream:
    def __init__(self, dialect: OpenAI) -> None:
        self._dialect = dialect
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        data = read_event_data(line)
        if data is None:
            return None
        if data == b"[DONE]":
            self.done = True
            return None
        document = read_object(data)
        self._dialect._raise_error(document)
        usage = _read_usage(document["usage"]) if document.get("usage") else None
        choice = document["choices"][0] if document["choices"] else {}
        delta = choice.get("delta", {})
        text = read_text(delta.get("content"))
        calls = _read_pieces(delta["tool_calls"]) if delta.get("tool_calls") else ()
        finish_reason = read_finish_reason(choice.get("finish_reason"), "length")
        if not text and not calls and finish_reason is None and usage is None:
            return None
        # Each event has one choice, wherever several were asked for.
        return Chunk(
            text=text,
            finish_reason=finish_reason,
            usage=usage,
            calls=calls,
            choice=count_tokens(choice.get("index", 0)),
        )


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=count_tokens(usage["prompt_tokens"]),
        completion_tokens=count_tokens(usage["completion_tokens"]),
    )


def _write_needs(chat: ChatRequest) -> dict[str, Any]:
    """Return the fields, and the messages, of a request that needs more than every provider has."""
    fields: dict[str, Any] = {str(name): value for name, value in (chat.options or {}).items()}
    fields["messages"] = [_write_message(message) for message in chat.messages]
    if chat.tools:
        fields["tools"] = [_write_tool(tool) for tool in chat.tools]
    if chat.tool_choice is not None:
        fields["tool_choice"] = _write_choice(chat.tool_choice)
    if chat.choices > 1:
        fields["n"] = chat.choices
    if chat.schema is not None:
        fields["response_format"] = {"type": "json_schema", "json_schema": chat.schema}
    elif "json_object" in chat.needs:
        fields["response_format"] = {"type": "json_object"}
    return fields


def _write_message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        written |= {"content": message.text or None, "tool_calls": write_calls(message.calls)}
    if message.call_id is not None:
        written["tool_call_id"] = message.call_id
    return written


def write_calls(calls: Iterable[ToolCall]) -> list[dict[str, Any]]:
    """Return the `tool_calls` of a message."""
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]


def _write_tool(tool: Tool) -> dict[str, Any]:
    optional = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    stated = {name: value for name, value in optional.items() if value is not None}
    return {"type": "function", "function": {"name": tool.name, **stated}}


def _write_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.name is None:
        return choice.mode
    return {"type": "function", "function": {"name": choice.name}}


def _read_choice(choice: Mapping[str, Any]) -> Choice:
    message = choice["message"]
    return Choice(
        text=read_text(message.get("content")),
        finish_reason=read_finish_reason(choice.get("finish_reason"), "length") or "stop",
        calls=_read_calls(message.get("tool_calls") or ()),
    )


def _read_calls(calls: Collection[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    if not calls:
        return ()
    return tuple(
        ToolCall(
            id=read_text(call["id"]),
            name=read_text(call["function"]["name"]),
            arguments=read_text(call["function"]["arguments"]),
        )
        for call in calls
    )


def _read_pieces(pieces: Iterable[Mapping[str, Any]]) -> tuple[ToolCallPiece, ...]:
    return tuple(
        ToolCallPiece(
            index=count_tokens(piece["index"]),
            id=read_text(piece.get("id")) or None,
            name=read_text(piece.get("function", {}).get("name")) or None,
            arguments=read_text(piece.get("function", {}).get("arguments")),
        )
        for piece in pieces
    )
