"""Ollama's chat.

Format: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion. Ollama itself has
no keys; the bearer token is for the proxy before it, or for its cloud. A call of a tool comes whole; older
versions give it no id, and tell results by the tool's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest, Message, name_calls
from alertdrill.gateway.dialects.dialect import explain_calls, read_finish_reason, read_object, read_text
from alertdrill.gateway.tooling import Tool, ToolCall, make_call, make_piece

OVERFLOW_PHRASES = ("context size", "context length", "context window")


class Ollama:
    """The dialect `ollama`, in which a model is offered tools, and cannot be made to call one."""

    can: frozenset[Ability] = frozenset({"tools", "json_object", "json_schema", "seed"})

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
        form, tools = _write_format(chat), _write_tools(chat)
        names = name_calls(chat.messages) if chat.needs else {}
        return {
            "model": model,
            "messages": [_write_message(message, names) for message in chat.messages],
            "stream": chat.stream,
            "options": {name: value for name, value in options.items() if value is not None},
            **({} if form is None else {"format": form}),
            **({"tools": tools} if tools else {}),
        }

    def read_completion(self, document: Any) -> Completion:
        """Return the message of a chat answer, and its calls."""
        _raise_error(document)
        calls = _read_calls(document["message"])
        reason = read_finish_reason(document.get("done_reason"), "length") or "stop"
        return Completion(
            text=read_text(document["message"].get("content")),
            calls=calls,
            finish_reason=explain_calls(reason, has_calls=bool(calls)),
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


def _write_message(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        written["tool_calls"] = [
            {
                "id": call.id,
                "function": {"name": call.name, "arguments": json.loads(call.arguments or "{}")},
            }
            for call in message.calls
        ]
    if message.call_id is not None:
        written |= {"tool_name": names[message.call_id], "tool_call_id": message.call_id}
    return written


def _write_tools(chat: ChatRequest) -> list[dict[str, Any]]:
    """Return the tools that are offered; that none be called is said by offering none."""
    if chat.tool_choice is not None and chat.tool_choice.mode == "none":
        return []
    return [{"type": "function", "function": _write_function(tool)} for tool in chat.tools]


def _write_function(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "parameters": tool.parameters or {"type": "object", "properties": {}},
    }


def _read_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    called = message.get("tool_calls")
    if not called:
        return ()
    return tuple(
        make_call(call.get("id"), call["function"].get("name"), call["function"].get("arguments"))
        for call in called
    )


class _Stream:
    def __init__(self) -> None:
        self._calls = 0
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        if not line.strip():
            return None
        document = read_object(line)
        _raise_error(document)
        text = read_text(document["message"].get("content"))
        calls = _read_calls(document["message"])
        first, self._calls = self._calls, self._calls + len(calls)
        pieces = tuple(make_piece(first + place, call) for place, call in enumerate(calls))
        if not document["done"]:
            return Chunk(text=text, calls=pieces)
        self.done = True
        reason = read_finish_reason(document.get("done_reason"), "length") or "stop"
        reason = explain_calls(reason, has_calls=self._calls > 0)
        return Chunk(text=text, calls=pieces, finish_reason=reason, usage=_read_usage(document))


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
