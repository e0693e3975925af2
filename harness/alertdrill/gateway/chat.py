"""What a client asks: OpenAI's chat completion request.

Format: https://platform.openai.com/docs/api-reference/chat/create. What not every provider has is noted among
the `needs` of a request. Fields that would change the answer, and that are passed to nobody, are refused;
others that are not known are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from alertdrill.gateway.abilities import Ability, Option
from alertdrill.gateway.options import read_choices, read_format, read_options
from alertdrill.gateway.problems import Problem, quote, refuse_parameter
from alertdrill.gateway.tooling import (
    Tool,
    ToolCall,
    ToolChoice,
    read_calls,
    read_choice,
    read_id,
    read_tools,
)

Role = Literal["system", "user", "assistant", "tool"]
ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",  # what OpenAI's newer models call it
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
UNSUPPORTED = (
    "audio",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "prediction",
    "top_logprobs",
    "web_search_options",
)
PLAIN = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "user",
    }
)
"""The fields of a request that every provider can be asked."""
NOTHING_ASKED: tuple[object, ...] = (None, False, [], {})
"""What any field says that asks for nothing; to Python, though not to a client, 0 and False are the same."""
DEFAULTS = {"best_of": 1, "frequency_penalty": 0, "n": 1, "presence_penalty": 0, "top_logprobs": 0}
"""What else some say that asks for nothing: a number that is so much as if they were not there."""
MAX_MESSAGES = 1000
MAX_TOKENS = 1_000_000
MAX_STOPS = 4
MAX_STOP_LENGTH = 256
MAX_MODEL_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation.

    An assistant's may have `calls`; a tool's is the result of the call with the id `call_id`, or says what
    went wrong with it.
    """

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A validated request; `include_usage` asks for token counts at the end of a stream.

    Without `allow_fallbacks` no other model is tried when the wanted one fails. `needs` is what a provider
    has to have for it; `schema` is the document of the format `json_schema`, as OpenAI nests it.
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
    needs: tuple[Ability, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    schema: Mapping[str, Any] | None = None
    choices: int = 1
    options: Mapping[Option, Any] | None = None


def parse_chat(document: object) -> ChatRequest:
    """Return the request in a JSON document; raises Problem (400) naming the parameter."""
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    stream_options = document.get("stream_options")
    if stream_options is not None and not isinstance(stream_options, dict):
        raise refuse_parameter("stream_options", "must be an object")
    chat = ChatRequest(
        model=read_model(document.get("model")),
        messages=_read_messages(document.get("messages")),
        stream=read_flag(document, "stream"),
        include_usage=read_flag(stream_options or {}, "include_usage"),
        max_tokens=_read_max_tokens(document),
        temperature=read_number(document, "temperature", 2),
        top_p=read_number(document, "top_p", 1),
        stop=read_stop(document.get("stop")),
    )
    has_tools = any(message.calls or message.call_id for message in chat.messages)
    # What is done for every call shows in the latencies, and most ask for nothing else.
    if not has_tools and PLAIN.issuperset(document):
        return chat
    return _add_needs(chat, document, has_tools=has_tools)


def _add_needs(chat: ChatRequest, document: Mapping[str, Any], *, has_tools: bool) -> ChatRequest:
    """Return a request with what not every provider has; `has_tools`: its messages do."""
    refuse_unsupported(document, UNSUPPORTED)
    if document.get("modalities") not in (None, ["text"]):
        raise refuse_parameter("modalities", 'must be ["text"]')
    demand_calls(chat.messages)
    tools = read_tools(document.get("tools"))
    choices = read_choices(document.get("n"))
    form, schema = read_format(document.get("response_format"))
    choice = read_choice(document.get("tool_choice"), tools)
    options = read_options(document)
    needs: tuple[Ability, ...] = (
        *(("tools",) if tools or has_tools else ()),
        *(("tool_choice",) if choice and choice.mode == "required" else ()),
        *(("choices",) if choices > 1 else ()),
        *((form,) if form else ()),
        *options,
    )
    return replace(
        chat,
        needs=needs,
        tools=tools,
        tool_choice=choice,
        schema=schema,
        choices=choices,
        options=options or None,
    )


def name_calls(messages: Iterable[Message]) -> dict[str, str]:
    """Return the names of the tools that were called in a conversation, by the ids of their calls."""
    return {call.id: call.name for message in messages for call in message.calls}


def demand_calls(messages: Sequence[Message]) -> None:
    """Raise Problem (400) for the result of a call that was not made in the conversation."""
    known = name_calls(messages)
    for message in messages:
        if message.call_id is not None and message.call_id not in known:
            why = f"has the result of a call that there is not: {quote(message.call_id)}"
            raise refuse_parameter("messages", why)


def refuse_unsupported(
    document: Mapping[str, Any], names: Iterable[str], why: str = "is not supported by this gateway"
) -> None:
    """Raise Problem (400) for the first of these fields that asks for anything."""
    for name in names:
        value = document.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value != DEFAULTS.get(name) if is_number else value not in NOTHING_ASKED:
            raise refuse_parameter(name, why)


def read_flag(document: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false, false if it is not there; raises Problem (400)."""
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        raise refuse_parameter(name, "must be true or false")
    return bool(value)


def read_model(value: object) -> str | None:
    """Return the model that a request names, None if it names none; raises Problem (400)."""
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
    calls = read_calls(value.get("tool_calls"), f"{place}.tool_calls") if role == "assistant" else ()
    content = value.get("content")
    if isinstance(content, list):
        content = "".join(_read_part(part, f"{place}.content") for part in content)
    if content is None and calls:
        content = ""
    if not isinstance(content, str):
        raise refuse_parameter(f"{place}.content", "must be a string or a list of text parts")
    call_id = read_id(value.get("tool_call_id"), f"{place}.tool_call_id") if role == "tool" else None
    return Message(role=ROLES[role], text=content, calls=calls, call_id=call_id)


def _read_part(part: object, place: str) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return cast("str", part["text"])
    raise refuse_parameter(place, 'must have only parts like {"type": "text", "text": "…"}')


def _read_max_tokens(document: Mapping[str, Any]) -> int | None:
    newer = document.get("max_completion_tokens")
    name = "max_tokens" if newer is None else "max_completion_tokens"
    return read_whole(document, name)


def read_whole(document: Mapping[str, Any], name: str) -> int | None:
    """Return a limit of tokens, None if it is not there; raises Problem (400)."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_TOKENS:
        raise refuse_parameter(name, f"must be a whole number from 1 to {MAX_TOKENS}")
    return value


def read_number(document: Mapping[str, Any], name: str, most: int) -> float | None:
    """Return a number from 0 to `most`, None if it is not there; raises Problem (400)."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise refuse_parameter(name, f"must be a number from 0 to {most}")
    return value


def read_stop(value: object, name: str = "stop") -> tuple[str, ...]:
    """Return the texts that end an answer, in the field of that name; raises Problem (400)."""
    if value is None:
        return ()
    stops = [value] if isinstance(value, str) else value
    if (
        not isinstance(stops, list)
        or len(stops) > MAX_STOPS
        or not all(isinstance(stop, str) and 0 < len(stop) <= MAX_STOP_LENGTH for stop in stops)
    ):
        raise refuse_parameter(
            name, f"must be at most {MAX_STOPS} strings of 1 to {MAX_STOP_LENGTH} characters"
        )
    return tuple(stops)
