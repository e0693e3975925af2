"""What a client asks: the part of OpenAI's chat completion request that every provider understands.

Format: https://platform.openai.com/docs/api-reference/chat/create. Fields that would change the answer's
shape (tools, several choices, structured output) are refused; others that are not known are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from alertdrill.gateway.problems import Problem, refuse_parameter

Role = Literal["system", "user", "assistant"]
ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",  # what OpenAI's newer models call it
    "user": "user",
    "assistant": "assistant",
}
UNSUPPORTED = ("tools", "tool_choice", "functions", "function_call", "response_format")
MAX_MESSAGES = 1000
MAX_TOKENS = 1_000_000
MAX_STOPS = 4
MAX_STOP_LENGTH = 256
MAX_MODEL_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A validated request; `include_usage` asks for token counts at the end of a stream.

    Without `allow_fallbacks` no other model is tried when the wanted one fails.
    """

    model: str | None
    messages: tuple[Message, ...]
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    allow_fallbacks: bool = True


def parse_chat(document: object) -> ChatRequest:
    """Return the request in a JSON document; raises Problem (400) naming the parameter."""
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    for name in UNSUPPORTED:
        if document.get(name) is not None:
            raise refuse_parameter(name, "is not supported by this gateway")
    if document.get("n") not in (None, 1):
        raise refuse_parameter("n", "must be 1")
    stream = _read_flag(document, "stream")
    options = document.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise refuse_parameter("stream_options", "must be an object")
    return ChatRequest(
        model=_read_model(document.get("model")),
        messages=_read_messages(document.get("messages")),
        stream=stream,
        include_usage=_read_flag(options or {}, "include_usage"),
        max_tokens=_read_max_tokens(document),
        temperature=_read_number(document, "temperature", 2),
        top_p=_read_number(document, "top_p", 1),
        stop=_read_stop(document.get("stop")),
    )


def _read_flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        raise refuse_parameter(name, "must be true or false")
    return bool(value)


def _read_model(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_MODEL_LENGTH:
        raise refuse_parameter("model", f"must be a string of 1 to {MAX_MODEL_LENGTH} characters")
    return value


def _read_messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_MESSAGES:
        raise refuse_parameter("messages", f"must be a list of 1 to {MAX_MESSAGES} messages")
    messages = tuple(_read_message(entry, f"messages[{place}]") for place, entry in enumerate(value))
    if all(message.role == "system" for message in messages):
        raise refuse_parameter("messages", "must have at least one message that is not a system message")
    return messages


def _read_message(value: object, place: str) -> Message:
    if not isinstance(value, dict):
        raise refuse_parameter(place, "must be an object")
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise refuse_parameter(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    content = value.get("content")
    if isinstance(content, list):
        content = "".join(_read_part(part, f"{place}.content") for part in content)
    if not isinstance(content, str):
        raise refuse_parameter(f"{place}.content", "must be a string or a list of text parts")
    return Message(role=ROLES[role], text=content)


def _read_part(part: object, place: str) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return cast("str", part["text"])
    raise refuse_parameter(place, 'must have only parts like {"type": "text", "text": "…"}')


def _read_max_tokens(document: Mapping[str, Any]) -> int | None:
    newer = document.get("max_completion_tokens")
    name = "max_tokens" if newer is None else "max_completion_tokens"
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_TOKENS:
        raise refuse_parameter(name, f"must be a whole number from 1 to {MAX_TOKENS}")
    return value


def _read_number(document: Mapping[str, Any], name: str, most: int) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise refuse_parameter(name, f"must be a number from 0 to {most}")
    return value


def _read_stop(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    stops = [value] if isinstance(value, str) else value
    if (
        not isinstance(stops, list)
        or len(stops) > MAX_STOPS
        or not all(isinstance(stop, str) and 0 < len(stop) <= MAX_STOP_LENGTH for stop in stops)
    ):
        raise refuse_parameter(
            "stop", f"must be at most {MAX_STOPS} strings of 1 to {MAX_STOP_LENGTH} characters"
        )
    return tuple(stops)
