"""What a client of Anthropic asks, read into the ChatRequest that all providers get.

Formats: https://docs.anthropic.com/en/api/messages and /en/docs/build-with-claude/tool-use. What would change
the answer and is passed to nobody is refused by name; other fields are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from alertdrill.gateway.abilities import Ability
from alertdrill.gateway.chat import (
    MAX_MESSAGES,
    ChatRequest,
    Message,
    demand_calls,
    read_flag,
    read_model,
    read_number,
    read_stop,
    read_whole,
    refuse_unsupported,
)
from alertdrill.gateway.problems import Problem, refuse_parameter
from alertdrill.gateway.signatures import read_signature
from alertdrill.gateway.tooling import (
    MAX_TOOLS,
    Mode,
    Tool,
    ToolCall,
    ToolChoice,
    demand_tool,
    make_tool,
    read_id,
    read_name,
)

UNSUPPORTED = ("container", "context_management", "mcp_servers", "top_k")
MODES: Mapping[str, Mode] = {"auto": "auto", "any": "required", "none": "none", "tool": "required"}
SCHEMA_NAME = "answer"
"""What OpenAI is told that the schema of an answer is called, which has no name here."""


def parse_messages(document: object) -> ChatRequest:
    """Return the request in a JSON document; raises Problem (400) naming the parameter."""
    if isinstance(document, dict) and document.get("max_tokens") is None:
        raise refuse_parameter("max_tokens", "must be given")
    return _parse(document)


def parse_count(document: object) -> ChatRequest:
    """Return the request whose prompt's tokens are to be counted; raises Problem (400)."""
    return _parse(document)


def _parse(document: object) -> ChatRequest:
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    refuse_unsupported(document, UNSUPPORTED)
    if document.get("thinking") not in (None, {"type": "disabled"}):
        raise refuse_parameter("thinking", "is not supported by this gateway")
    model = read_model(document.get("model"))
    if model is None:
        raise refuse_parameter("model", "must be given")
    messages = (*_read_system(document.get("system")), *_read_messages(document.get("messages")))
    demand_calls(messages)
    tools = _read_tools(document.get("tools"))
    choice, one_at_a_time = _read_choice(document.get("tool_choice"), tools)
    schema = _read_schema(document)
    uses_tools = bool(tools) or any(message.calls or message.call_id for message in messages)
    needs: tuple[Ability, ...] = (
        *(("tools",) if uses_tools else ()),
        *(("tool_choice",) if choice and choice.mode == "required" else ()),
        *(("json_schema",) if schema else ()),
        *(("parallel_tool_calls",) if one_at_a_time else ()),
    )
    return ChatRequest(
        model=model,
        messages=messages,
        stream=read_flag(document, "stream"),
        include_usage=True,
        max_tokens=read_whole(document, "max_tokens"),
        temperature=read_number(document, "temperature", 1),
        top_p=read_number(document, "top_p", 1),
        stop=read_stop(document.get("stop_sequences"), "stop_sequences"),
        needs=needs,
        tools=tools,
        tool_choice=choice,
        schema=schema,
        options={"parallel_tool_calls": False} if one_at_a_time else None,
    )


def _read_system(value: object) -> tuple[Message, ...]:
    if value is None:
        return ()
    text = _read_text(value, "system")
    return (Message(role="system", text=text),) if text else ()


def _read_messages(value: object) -> Iterator[Message]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_MESSAGES:
        raise refuse_parameter("messages", f"must be a list of 1 to {MAX_MESSAGES} messages")
    for number, entry in enumerate(value):
        place = f"messages.{number}"
        role = entry.get("role") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or role not in ("user", "assistant"):
            raise refuse_parameter(f"{place}.role", "must be user or assistant")
        content = entry.get("content")
        if role == "user":
            yield from _read_user(content, f"{place}.content")
        else:
            yield _read_assistant(content, f"{place}.content")


def _read_user(content: object, place: str) -> Iterator[Message]:
    """Yield the results of tools, which others take for messages of their own, and then what is said."""
    if not isinstance(content, list):
        yield Message(role="user", text=_read_text(content, place))
        return
    said = []
    for number, block in enumerate(content):
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield _read_result(block, f"{place}.{number}")
        else:
            said.append(block)
    if said or not content:
        yield Message(role="user", text=_read_text(said, place))


def _read_result(block: Mapping[str, Any], place: str) -> Message:
    content = block.get("content")
    return Message(
        role="tool",
        text="" if content is None else _read_text(content, f"{place}.content"),
        call_id=read_id(block.get("tool_use_id"), f"{place}.tool_use_id"),
        is_error=read_flag(block, "is_error"),
    )


def _read_assistant(content: object, place: str) -> Message:
    if not isinstance(content, list):
        return Message(role="assistant", text=_read_text(content, place))
    uses = [block for block in content if isinstance(block, dict) and block.get("type") == "tool_use"]
    said = [block for block in content if block not in uses]
    calls = tuple(_read_use(block, place) for block in uses)
    return Message(role="assistant", text=_read_text(said, place), calls=calls)


def _read_use(block: Mapping[str, Any], place: str) -> ToolCall:
    given = block.get("input")
    if not isinstance(given, dict):
        raise refuse_parameter(f"{place}.input", "must be an object")
    return ToolCall(
        id=read_id(block.get("id"), f"{place}.id"),
        name=read_name(block.get("name"), f"{place}.name"),
        arguments=json.dumps(given),
        signature=read_signature(block, place),
    )


def _read_text(content: object, place: str) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(_is_text(block) for block in content):
        return "".join(block["text"] for block in content)
    raise refuse_parameter(place, "must be a text, or have only blocks of text and of tools")


def _is_text(block: object) -> bool:
    return isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)


def _read_tools(value: object) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_TOOLS:
        raise refuse_parameter("tools", f"must be a list of at most {MAX_TOOLS} tools")
    return tuple(_read_tool(entry, f"tools.{number}") for number, entry in enumerate(value))


def _read_tool(entry: object, place: str) -> Tool:
    if not isinstance(entry, dict) or entry.get("type") not in (None, "custom"):
        raise refuse_parameter(f"{place}.type", "must be custom")
    if not isinstance(entry.get("input_schema"), dict):
        raise refuse_parameter(f"{place}.input_schema", "must be a JSON Schema, which is an object")
    return make_tool(
        entry.get("name"),
        entry.get("description"),
        entry["input_schema"],
        place=place,
        schema="input_schema",
    )


def _read_choice(value: object, tools: tuple[Tool, ...]) -> tuple[ToolChoice | None, bool]:
    """Return the choice, and whether no two tools may be called at once; raises Problem (400)."""
    if value is None:
        return None, False
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or kind not in MODES:
        raise refuse_parameter("tool_choice.type", f"must be one of {', '.join(MODES)}")
    name = read_name(value.get("name"), "tool_choice.name") if kind == "tool" else None
    if MODES[kind] == "required":
        demand_tool(name, tools, "tool_choice")
    return ToolChoice(mode=MODES[kind], name=name), read_flag(value, "disable_parallel_tool_use")


def _read_schema(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the answer as OpenAI nests it, None without one; raises Problem (400)."""
    config = document.get("output_config")
    if config is not None and not isinstance(config, dict):
        raise refuse_parameter("output_config", "must be an object")
    for name in config or {}:
        if name != "format" and config and config[name] is not None:
            raise refuse_parameter("output_config", "may have nothing but a format at this gateway")
    form = (config or {}).get("format") or document.get("output_format")
    if form is None:
        return None
    if (
        not isinstance(form, dict)
        or form.get("type") != "json_schema"
        or not isinstance(form.get("schema"), dict)
    ):
        raise refuse_parameter("output_config.format", "must be of type json_schema, and have a schema")
    return {"name": SCHEMA_NAME, "schema": form["schema"]}
