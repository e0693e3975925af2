"""Google's Gemini: generateContent, and streamGenerateContent as server-sent events.

Formats: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/troubleshooting and
google.rpc.Status (https://cloud.google.com/apis/design/errors). Tools: https://ai.google.dev/api/caching#Tool.
A stream has no end marker of its own: its last event is the one that says why the answer ended. A call of a
function comes whole, and need not have an id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from alertdrill.core.error_classes import ErrorClass
from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest, Message, name_calls
from alertdrill.gateway.dialects.dialect import (
    explain_calls,
    read_event_data,
    read_finish_reason,
    read_object,
    read_text,
)
from alertdrill.gateway.tooling import Mode, Tool, ToolCall, make_call, make_piece

CLASS_OF_STATUS: Mapping[str, ErrorClass] = {
    "INVALID_ARGUMENT": "invalid_request",
    # Billing that is not enabled, or a country that is not served: nothing that the request could mend.
    "FAILED_PRECONDITION": "auth",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "NOT_FOUND": "invalid_request",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "INTERNAL": "server_error",
    "UNAVAILABLE": "server_error",
    "DEADLINE_EXCEEDED": "timeout",
}
OVERFLOW_PHRASE = "exceeds the maximum number of tokens"
BAD_KEY_PHRASE = "api key not valid"
TOO_LONG = "MAX_TOKENS"
MODES: Mapping[Mode, str] = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
"""What the modes of a tool choice are called here."""


class Gemini:
    """The dialect `gemini`."""

    can: frozenset[Ability] = frozenset({"tools", "tool_choice", "json_object", "json_schema"})

    def write_path(self, model: str, chat: ChatRequest) -> str:
        """Return the model's method; which one says whether the answer is streamed."""
        method = "streamGenerateContent?alt=sse" if chat.stream else "generateContent"
        return f"/v1beta/models/{quote(model, safe='')}:{method}"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the key."""
        return {"x-goog-api-key": api_key}

    def write_body(self, _model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a request for content; system messages stand apart, and assistants are called models."""
        system = "\n\n".join(message.text for message in chat.messages if message.role == "system")
        options = {
            "maxOutputTokens": chat.max_tokens,
            "temperature": chat.temperature,
            "topP": chat.top_p,
            "stopSequences": list(chat.stop) or None,
            "responseMimeType": "application/json" if chat.schema or "json_object" in chat.needs else None,
            "responseJsonSchema": chat.schema["schema"] if chat.schema else None,
        }
        config = {name: value for name, value in options.items() if value is not None}
        parts: dict[str, Any] = {
            "systemInstruction": {"parts": [{"text": system}]} if system else None,
            "generationConfig": config or None,
            "tools": [{"functionDeclarations": _write_tools(chat.tools)}] if chat.tools else None,
            "toolConfig": _write_choice(chat),
        }
        return {
            "contents": _write_contents(chat.messages),
        } | {name: value for name, value in parts.items() if value is not None}

    def read_completion(self, document: Any) -> Completion:
        """Return the text and the calls of the first candidate."""
        _raise_error(document)
        candidate = document["candidates"][0]
        text, calls = _read_candidate(candidate)
        reason = read_finish_reason(candidate.get("finishReason"), TOO_LONG) or "stop"
        return Completion(
            text=text,
            calls=calls,
            finish_reason=explain_calls(reason, has_calls=bool(calls)),
            usage=_read_usage(document["usageMetadata"]),
        )

    def start_stream(self) -> _Stream:
        """Return a reader of events, each of which is a piece of the answer."""
        return _Stream()

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class by the error's status and message, else by the HTTP status."""
        return _classify(status, document)


class _Stream:
    def __init__(self) -> None:
        self._calls = 0
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        data = read_event_data(line)
        if data is None:
            return None
        event = read_object(data)
        _raise_error(event)
        usage = event.get("usageMetadata")
        candidates = event.get("candidates")
        if not candidates:
            return Chunk(usage=_read_usage(usage)) if usage else None
        reason = read_finish_reason(candidates[0].get("finishReason"), TOO_LONG)
        self.done = reason is not None
        text, calls = _read_candidate(candidates[0])
        first, self._calls = self._calls, self._calls + len(calls)
        return Chunk(
            text=text,
            calls=tuple(make_piece(first + place, call) for place, call in enumerate(calls)),
            finish_reason=reason and explain_calls(reason, has_calls=self._calls > 0),
            usage=_read_usage(usage) if usage else None,
        )


def _write_contents(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the conversation; results of tools that follow each other are one turn of the user here."""
    contents: list[dict[str, Any]] = []
    names = name_calls(messages := tuple(messages))
    was_result = False
    for message in messages:
        if message.role == "system":
            continue
        parts = _write_parts(message, names)
        is_result = message.role == "tool"
        if is_result and was_result:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
        was_result = is_result
    return contents


def _write_parts(message: Message, names: Mapping[str, str]) -> list[dict[str, Any]]:
    if message.call_id is not None:
        # A result is an object here, of which these are the names that Google suggests.
        said = {"error" if message.is_error else "output": message.text}
        result = {"id": message.call_id, "name": names[message.call_id], "response": said}
        return [{"functionResponse": result}]
    text = [] if message.calls and not message.text else [{"text": message.text}]
    return [*text, *map(_write_call, message.calls)]


def _write_call(call: ToolCall) -> dict[str, Any]:
    signed = {"thoughtSignature": call.signature} if call.signature else {}
    args = json.loads(call.arguments or "{}")
    return {"functionCall": {"id": call.id, "name": call.name, "args": args}, **signed}


def _write_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    return [
        {
            "name": tool.name,
            **({"description": tool.description} if tool.description else {}),
            **({"parametersJsonSchema": tool.parameters} if tool.parameters else {}),
        }
        for tool in tools
    ]


def _write_choice(chat: ChatRequest) -> dict[str, Any] | None:
    choice = chat.tool_choice
    if choice is None:
        return None
    named = {"allowedFunctionNames": [choice.name]} if choice.name else {}
    return {"functionCallingConfig": {"mode": MODES[choice.mode], **named}}


def _read_candidate(candidate: Mapping[str, Any]) -> tuple[str, tuple[ToolCall, ...]]:
    # An answer whose limit was used up by thinking has no parts at all.
    parts = candidate.get("content", {}).get("parts", ())
    text = "".join(read_text(part.get("text")) for part in parts if not part.get("thought"))
    called = [part for part in parts if part.get("functionCall") is not None]
    return text, tuple(_read_call(part["functionCall"], part.get("thoughtSignature")) for part in called)


def _read_call(call: Mapping[str, Any], signature: object) -> ToolCall:
    return make_call(call.get("id"), call.get("name"), call.get("args"), signature)


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    # Counts of nothing are left out. Thoughts are charged as output, and are not in the candidates' count.
    return Usage(
        prompt_tokens=count_tokens(usage.get("promptTokenCount", 0)),
        completion_tokens=count_tokens(usage.get("candidatesTokenCount", 0))
        + count_tokens(usage.get("thoughtsTokenCount", 0)),
    )


def _raise_error(document: Mapping[str, Any]) -> None:
    error = document.get("error")
    if error is not None:
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) else 500
        raise UpstreamFailed(_classify(status, document), "the provider broke its answer off with an error")
    feedback = document.get("promptFeedback")
    if not document.get("candidates") and isinstance(feedback, dict) and feedback.get("blockReason"):
        raise UpstreamFailed("invalid_request", "the provider blocked the prompt")


def _classify(status: int, document: object) -> ErrorClass:
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return classify_status(status)
    message = error.get("message")
    said = message.lower() if isinstance(message, str) else ""
    # The status is INVALID_ARGUMENT for all of these; only the message tells.
    if OVERFLOW_PHRASE in said:
        return "context_overflow"
    if BAD_KEY_PHRASE in said:
        return "auth"
    return CLASS_OF_STATUS.get(str(error.get("status"))) or classify_status(status)
