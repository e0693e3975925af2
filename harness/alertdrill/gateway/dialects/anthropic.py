"""Anthropic's messages.

Formats: https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming and /en/api/errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.dialects.dialect import read_event_data, read_finish_reason, read_object, read_text
from alertdrill.gateway.tooling import Mode, ToolCall, ToolCallPiece, make_call

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
CHOICES: Mapping[Mode, str] = {"auto": "auto", "none": "none", "required": "any"}
"""What the modes of a tool choice are called here."""
OVERFLOW_PHRASES = ("prompt is too long", "exceed context limit")


class Anthropic:
    """The dialect `anthropic`."""

    can: frozenset[Ability] = frozenset({"tools", "tool_choice", "json_schema", "parallel_tool_calls"})
    count_path = "/v1/messages/count_tokens"

    def write_path(self, _model: str, _chat: ChatRequest) -> str:
        """Return the one path of all chats."""
        return "/v1/messages"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the key and the version of the API."""
        return {"x-api-key": api_key, "anthropic-version": VERSION}

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a messages request; system messages stand apart from the conversation here."""
        options: dict[str, Any] = {
            "stream": chat.stream or None,
            # OpenAI's scale goes to 2, this one to 1.
            "temperature": None if chat.temperature is None else min(chat.temperature, 1),
            "top_p": chat.top_p,
            "stop_sequences": list(chat.stop) or None,
        }
        if chat.schema is not None:
            options["output_config"] = {"format": {"type": "json_schema", "schema": chat.schema["schema"]}}
        return {
            "max_tokens": chat.max_tokens or DEFAULT_MAX_TOKENS,
            **self.write_count(model, chat),
        } | {name: value for name, value in options.items() if value is not None}

    def write_count(self, model: str, chat: ChatRequest) -> dict[str, Any]:
        """Return what a prompt is, and nothing of how it is to be answered."""
        system = "\n\n".join(message.text for message in chat.messages if message.role == "system")
        turns = [message for message in chat.messages if message.role != "system"]
        body: dict[str, Any] = {"model": model}
        if chat.needs:
            body["messages"] = _write_turns(turns)
            body |= _write_tools(chat)
        else:
            body["messages"] = [{"role": message.role, "content": message.text} for message in turns]
        if system:
            body["system"] = system
        return body

    def read_completion(self, document: Any) -> Completion:
        """Return the text blocks and the tool calls of a message."""
        usage, blocks = document["usage"], document["content"]
        return Completion(
            text="".join(read_text(block.get("text")) for block in blocks),
            calls=tuple(_read_call(block) for block in blocks if block.get("type") == "tool_use"),
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
        self._calls = 0
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
            delta = event["delta"]
            if delta.get("type") == "input_json_delta":
                arguments = read_text(delta.get("partial_json"))
                return Chunk(calls=(ToolCallPiece(index=self._calls - 1, arguments=arguments),))
            return Chunk(text=read_text(delta.get("text")))
        if kind == "content_block_start" and event["content_block"].get("type") == "tool_use":
            call = _read_call(event["content_block"])
            self._calls += 1
            return Chunk(calls=(ToolCallPiece(index=self._calls - 1, id=call.id, name=call.name),))
        if kind == "message_delta":
            reason = read_finish_reason(event["delta"].get("stop_reason"), "max_tokens")
            return Chunk(finish_reason=reason, usage=self._sum(event["usage"]["output_tokens"]))
        self.done = self.done or kind == "message_stop"
        return None

    def _sum(self, output_tokens: object) -> Usage:
        return Usage(prompt_tokens=self._prompt_tokens, completion_tokens=count_tokens(output_tokens))


def _read_call(block: Mapping[str, Any]) -> ToolCall:
    return make_call(read_text(block["id"]), read_text(block["name"]), block.get("input"))


def _write_turns(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the conversation; results of tools that follow each other are one turn of the user here."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            result: dict[str, Any] = {
                "type": "tool_result",
                "tool_use_id": message.call_id,
                "content": message.text,
            }
            result |= {"is_error": True} if message.is_error else {}
            if turns and turns[-1]["role"] == "user" and isinstance(turns[-1]["content"], list):
                turns[-1]["content"].append(result)
            else:
                turns.append({"role": "user", "content": [result]})
        elif message.calls:
            text = [{"type": "text", "text": message.text}] if message.text else []
            calls = [
                {
                    "type": "tool_use",
                    "id": call.id,
                    "name": call.name,
                    "input": json.loads(call.arguments or "{}"),
                }
                for call in message.calls
            ]
            turns.append({"role": "assistant", "content": [*text, *calls]})
        else:
            turns.append({"role": message.role, "content": message.text})
    return turns


def _write_tools(chat: ChatRequest) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if chat.tools:
        fields["tools"] = [
            {
                "name": tool.name,
                **({"description": tool.description} if tool.description else {}),
                "input_schema": tool.parameters or {"type": "object", "properties": {}},
            }
            for tool in chat.tools
        ]
    choice = chat.tool_choice
    one_at_a_time = (chat.options or {}).get("parallel_tool_calls") is False
    if choice is not None or one_at_a_time:
        mode = CHOICES[choice.mode] if choice else "auto"
        named = {"type": "tool", "name": choice.name} if choice and choice.name else {"type": mode}
        # Where no call may be made there is no word of how many.
        fields["tool_choice"] = named | (
            {"disable_parallel_tool_use": True} if one_at_a_time and mode != "none" else {}
        )
    return fields
