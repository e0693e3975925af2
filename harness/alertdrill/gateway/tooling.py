"""Tools that a client offers, and the calls of them: what all providers' formats have in common.

Read here as OpenAI writes them: https://platform.openai.com/docs/guides/function-calling. Tools that the
provider runs itself (any type but `function`) are refused, for no two providers have the same.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alertdrill.gateway.problems import refuse_parameter
from alertdrill.gateway.signatures import read_signature
from alertdrill.gateway.strict_json import load_strictly

Mode = Literal["auto", "none", "required"]
MODES: Mapping[str, Mode] = {"auto": "auto", "none": "none", "required": "required"}
MAX_TOOLS = 128
MAX_CALLS = 128
MAX_DESCRIPTION_LENGTH = 16_384
MAX_ID_LENGTH = 256
NAME_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may ask for; `parameters` is a JSON Schema, None for no parameters."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """Whether a tool is to be called; with a `name`, that one."""

    mode: Mode
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that the model asks for; `arguments` is the text of a JSON object.

    `signature` is of the thoughts behind it, for the provider that signed it.
    """

    id: str
    name: str
    arguments: str
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallPiece:
    """A piece of a streamed call, the `index`th of its answer; the first has its id, name and signature."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    signature: str | None = None


def make_call(id_: object, name: object, arguments: object, signature: object = None) -> ToolCall:
    """Return a call as a provider states it that has arguments as an object, and perhaps no ids.

    Clients tell results by ids, so a call without one is given one. Raises ValueError for what is no call.
    """
    if not isinstance(name, str) or not name or not isinstance(arguments, dict | None):
        raise ValueError("a call has no name, or arguments that are no object")
    if not isinstance(signature, str | None):
        raise ValueError("a signature is not a string")
    known = id_ if isinstance(id_, str) and 0 < len(id_) <= MAX_ID_LENGTH else f"call_{secrets.token_hex(12)}"
    text = json.dumps(arguments or {}, allow_nan=False)
    return ToolCall(id=known, name=name, arguments=text, signature=signature)


def make_piece(index: int, call: ToolCall) -> ToolCallPiece:
    """Return a call that a stream brings in one piece."""
    return ToolCallPiece(
        index=index, id=call.id, name=call.name, arguments=call.arguments, signature=call.signature
    )


def read_tools(value: object) -> tuple[Tool, ...]:
    """Return the tools of a chat completion request; raises Problem (400)."""
    if value is None:
        return ()
    if not isinstance(value, list) or not len(value) <= MAX_TOOLS:
        raise refuse_parameter("tools", f"must be a list of at most {MAX_TOOLS} tools")
    tools = tuple(_read_tool(entry, f"tools[{place}]") for place, entry in enumerate(value))
    if len({tool.name for tool in tools}) < len(tools):
        raise refuse_parameter("tools", "must have each name once")
    return tools


def _read_tool(entry: object, place: str) -> Tool:
    if not isinstance(entry, dict) or entry.get("type") != "function":
        raise refuse_parameter(f"{place}.type", "must be 'function'")
    function = entry.get("function")
    if not isinstance(function, dict):
        raise refuse_parameter(f"{place}.function", "must be an object")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise refuse_parameter(f"{place}.function.strict", "must be true or false")
    return make_tool(
        function.get("name"),
        function.get("description"),
        function.get("parameters"),
        place=f"{place}.function",
        schema="parameters",
        strict=strict,
    )


def make_tool(
    name: object,
    description: object,
    parameters: object,
    *,
    place: str,
    schema: str,
    strict: bool | None = None,
) -> Tool:
    """Return the tool that these fields state, of which `schema` is what the client calls the last one.

    Raises Problem (400), which names the field below `place`.
    """
    if description is not None and (
        not isinstance(description, str) or len(description) > MAX_DESCRIPTION_LENGTH
    ):
        why = f"must be a string of at most {MAX_DESCRIPTION_LENGTH} characters"
        raise refuse_parameter(f"{place}.description", why)
    if parameters is not None and not isinstance(parameters, dict):
        raise refuse_parameter(f"{place}.{schema}", "must be a JSON Schema, which is an object")
    return Tool(
        name=read_name(name, f"{place}.name"),
        description=description,
        parameters=parameters,
        strict=strict,
    )


def read_name(value: object, place: str) -> str:
    """Return a tool's name; raises Problem (400)."""
    if not isinstance(value, str) or not NAME_PATTERN.fullmatch(value):
        raise refuse_parameter(place, "must be 1 to 128 letters, digits, underscores or dashes")
    return value


def read_id(value: object, place: str) -> str:
    """Return the id of a call; raises Problem (400)."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        raise refuse_parameter(place, f"must be a string of 1 to {MAX_ID_LENGTH} characters")
    return value


def read_choice(value: object, tools: tuple[Tool, ...]) -> ToolChoice | None:
    """Return the `tool_choice` of a chat completion request; raises Problem (400)."""
    if value is None:
        return None
    if isinstance(value, str) and value in MODES:
        if value == "required":
            demand_tool(None, tools, "tool_choice")
        return ToolChoice(mode=MODES[value])
    function = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
    if not isinstance(function, dict):
        raise refuse_parameter("tool_choice", f"must be one of {', '.join(MODES)}, or name a function")
    name = read_name(function.get("name"), "tool_choice.function.name")
    demand_tool(name, tools, "tool_choice")
    return ToolChoice(mode="required", name=name)


def demand_tool(name: str | None, tools: tuple[Tool, ...], place: str) -> None:
    """Raise Problem (400) unless there is a tool of that name, or any at all."""
    if not any(name in (None, tool.name) for tool in tools):
        raise refuse_parameter(place, "demands a tool that is not among the tools")


def read_calls(value: object, place: str) -> tuple[ToolCall, ...]:
    """Return the `tool_calls` of an assistant's message; raises Problem (400)."""
    if value is None:
        return ()
    if not isinstance(value, list) or not 0 < len(value) <= MAX_CALLS:
        raise refuse_parameter(place, f"must be a list of 1 to {MAX_CALLS} calls")
    return tuple(_read_call(entry, f"{place}[{number}]") for number, entry in enumerate(value))


def _read_call(entry: object, place: str) -> ToolCall:
    function = entry.get("function") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(function, dict):
        raise refuse_parameter(place, "must be a call of a function")
    arguments = function.get("arguments")
    if not isinstance(arguments, str) or not is_object(arguments):
        raise refuse_parameter(f"{place}.function.arguments", "must be the text of a JSON object")
    return ToolCall(
        id=read_id(entry.get("id"), f"{place}.id"),
        name=read_name(function.get("name"), f"{place}.function.name"),
        arguments=arguments,
        signature=read_signature(entry, place),
    )


def is_object(text: str) -> bool:
    """Return whether a text is a JSON object; no text at all stands for an empty one."""
    try:
        return not text or isinstance(load_strictly(text), dict)
    except (ValueError, RecursionError):
        return False
