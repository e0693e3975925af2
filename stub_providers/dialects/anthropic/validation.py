"""What Anthropic demands of a request, by the version of its API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from stub_providers.dialects.anthropic.errors import refuse
from stub_providers.dialects.dialect import Tool
from stub_providers.dialects.schemas import make_value
from stub_providers.dialects.texts import (
    are_messages,
    content_texts,
    estimate_tokens,
    is_count,
    is_model,
    is_number,
    message_texts,
)

NEWEST = "2026-10-21"
VERSIONS = ("2023-01-01", "2023-06-01", NEWEST)
SAMPLING = {"temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 10**9)}
"""Parameters with their ranges; the newest version knows none of them."""
MAX_TOOLS = 1_000
MAX_NAME_CHARS = 128


def check_version(headers: Mapping[str, str]) -> str:
    """Return the version of the API that is asked for; raises Refused."""
    version = headers.get("anthropic-version")
    if version is None:
        raise refuse("anthropic-version: header is required")
    if version not in VERSIONS:
        raise refuse("anthropic-version: this is not a valid version")
    return version


def check_prompt(body: Mapping[str, Any], required: Iterable[str]) -> str:
    """Return the model of a request that has these fields and good messages; raises Refused."""
    model = body.get("model")
    if not is_model(model):
        raise refuse("model: Field required" if model is None else "model: Invalid model name")
    for name in required:
        if body.get(name) is None:
            raise refuse(f"{name}: Field required", model)
    messages = body["messages"]
    if messages == []:
        raise refuse("messages: at least one message is required", model)
    if not are_messages(messages) or any(
        message["role"] not in ("user", "assistant") or message.get("content") is None for message in messages
    ):
        raise refuse("messages: Input should be a list of user and assistant messages", model)
    if not isinstance(body.get("system"), str | list | None):
        raise refuse("system: Input should be a valid string or list", model)
    return model


def check_options(body: Mapping[str, Any], model: str, version: str) -> None:
    """Refuse parameters that are out of range, or that this version of the API has no more."""
    for name, (least, most) in SAMPLING.items():
        value = body.get(name)
        if name in body and version == NEWEST:
            raise refuse(f"{name}: Extra inputs are not permitted", model)
        if value is not None and not is_number(value, least, most):
            raise refuse(f"{name}: Input should be between {least} and {most}", model)
    stops = body.get("stop_sequences")
    if stops is not None and not (isinstance(stops, list) and all(isinstance(stop, str) for stop in stops)):
        raise refuse("stop_sequences: Input should be a valid list of strings", model)
    if version == NEWEST:
        _check_blocks(body["messages"], model)


def _check_blocks(messages: list[dict[str, Any]], model: str) -> None:
    for place, message in enumerate(messages):
        content = message["content"]
        for at, block in enumerate(content if isinstance(content, list) else ()):
            where = f"messages.{place}.content.{at}"
            if not isinstance(block, dict):
                continue
            if message["role"] == "assistant" and block.get("type") == "document":
                raise refuse(f"{where}: document blocks are not permitted in assistant messages", model)
            if message["role"] == "user" and block.get("type") == "text" and block.get("citations"):
                raise refuse(f"{where}.citations: Extra inputs are not permitted", model)


def read_limit(body: Mapping[str, Any], model: str) -> int:
    """Return the token limit; raises Refused."""
    limit = body["max_tokens"]
    if not is_count(limit, 1):
        raise refuse("max_tokens: Input should be a valid integer greater than 0", model)
    return limit


def read_tool(body: Mapping[str, Any], model: str) -> Tool | None:
    """Return the call of a tool that is the answer, None for an answer in words; raises Refused.

    Where the client leaves the choice, a tool is called unless the last message has a tool's result.
    """
    offered = _read_tools(body, model)
    choice = body.get("tool_choice") or {"type": "auto"}
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind not in ("auto", "any", "tool", "none"):
        raise refuse("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'", model)
    if not offered:
        if kind in ("any", "tool"):
            raise refuse("tool_choice: tools must be specified to choose one", model)
        return None
    if kind == "none" or (kind == "auto" and _has_result(body["messages"][-1])):
        return None
    name = choice.get("name") if kind == "tool" else next(iter(offered))
    if not isinstance(name, str) or name not in offered:
        raise refuse("tool_choice.name: there is no such tool in tools", model)
    return Tool(name=name, arguments=json.dumps(make_value(offered[name]) or {}))


def _read_tools(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    tools = body.get("tools") or []
    if not isinstance(tools, list) or len(tools) > MAX_TOOLS:
        raise refuse(f"tools: Input should be a list of at most {MAX_TOOLS} tools", model)
    offered = {}
    for place, tool in enumerate(tools):
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_CHARS:
            raise refuse(f"tools.{place}.name: Field required", model)
        if tool.get("type") not in (None, "custom"):
            continue  # one that the provider runs itself
        if not isinstance(tool.get("input_schema"), dict):
            raise refuse(f"tools.{place}.input_schema: Field required", model)
        offered[name] = tool["input_schema"]
    return offered


def _has_result(message: Mapping[str, Any]) -> bool:
    content = message["content"]
    return isinstance(content, list) and any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content
    )


def read_json_text(body: Mapping[str, Any], model: str) -> str | None:
    """Return the JSON that answers where the output has a schema, None otherwise; raises Refused."""
    config = body.get("output_config") or {}
    form = (config.get("format") if isinstance(config, dict) else None) or body.get("output_format")
    if form is None:
        return None
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        raise refuse("output_config.format.type: Input should be 'json_schema'", model)
    if not isinstance(form.get("schema"), dict):
        raise refuse("output_config.format.schema: Field required", model)
    return json.dumps(make_value(form["schema"]))


def count_prompt(body: Mapping[str, Any]) -> int:
    """Estimate the tokens of the system prompt and the messages."""
    return estimate_tokens((*content_texts(body.get("system")), *message_texts(body["messages"])))
