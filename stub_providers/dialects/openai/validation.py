"""What OpenAI's routes have in common of a request: limits, tools and the format of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stub_providers.dialects.dialect import Tool
from stub_providers.dialects.openai.errors import Refuse
from stub_providers.dialects.schemas import make_value
from stub_providers.dialects.texts import ANY_JSON, is_count, is_number

MAX_TOOLS = 128
MAX_NAME_CHARS = 64
RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}


def check_ranges(body: Mapping[str, Any], model: str, refuse: Refuse) -> None:
    """Refuse a sampling parameter out of its range."""
    for name, (least, most) in RANGES.items():
        value = body.get(name)
        if value is not None and not is_number(value, least, most):
            raise refuse(
                f"Invalid '{name}': expected a number between {least} and {most}.",
                model,
                param=name,
                code="invalid_value",
            )


def read_limit(body: Mapping[str, Any], names: Sequence[str], model: str, refuse: Refuse) -> int | None:
    """Return the first of these token limits that is set."""
    limits = {name: body.get(name) for name in names}
    for name, value in limits.items():
        if value is not None and not is_count(value, 1):
            raise refuse(
                f"Invalid '{name}': expected a positive integer.", model, param=name, code="invalid_value"
            )
    return next((value for value in limits.values() if value is not None), None)


def read_flag(body: Mapping[str, Any], name: str, model: str, refuse: Refuse) -> bool:
    """Return a flag that is off when it is left out."""
    value = body.get(name) or False
    if not isinstance(value, bool):
        raise refuse(
            f"Invalid type for '{name}': expected a boolean.", model, param=name, code="invalid_type"
        )
    return value


def read_tools(body: Mapping[str, Any], model: str, refuse: Refuse, *, nested: bool) -> dict[str, Any]:
    """Return the schemas of the functions offered, by name.

    Chat completions have each below `function` (`nested`), responses do not. Tools of other types are passed
    over: the provider runs those itself.
    """
    tools = body.get("tools")
    if tools is None:
        if body.get("tool_choice") not in (None, "auto", "none"):
            raise refuse(
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
                model,
                param="tool_choice",
            )
        return {}
    if not isinstance(tools, list) or len(tools) > MAX_TOOLS:
        raise refuse(
            f"Invalid 'tools': expected an array of at most {MAX_TOOLS} objects.",
            model,
            param="tools",
            code="invalid_type",
        )
    offered = {}
    for place, tool in enumerate(tools):
        where = f"tools[{place}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            raise _missing(refuse, model, f"{where}.type")
        if tool["type"] != "function":
            continue
        function = tool.get("function") if nested else tool
        name = function.get("name") if isinstance(function, dict) else None
        if (
            not isinstance(function, dict)
            or not isinstance(name, str)
            or not 1 <= len(name) <= MAX_NAME_CHARS
        ):
            raise _missing(refuse, model, f"{where}.function.name" if nested else f"{where}.name")
        offered[name] = function.get("parameters")
    return offered


def choose_tool(
    body: Mapping[str, Any], offered: Mapping[str, Any], model: str, refuse: Refuse, *, has_result: bool
) -> Tool | None:
    """Return the call of a tool that is the answer: the one that is demanded, or else the first offered.

    Where the client leaves the choice, a tool is called unless the conversation has a tool's result already.
    """
    choice = body.get("tool_choice")
    if not offered or choice == "none" or (choice in (None, "auto") and has_result):
        return None
    name = next(iter(offered))
    if isinstance(choice, dict):
        function = choice.get("function")
        demanded = function.get("name") if isinstance(function, dict) else choice.get("name")
        if demanded is not None and not (isinstance(demanded, str) and demanded in offered):
            raise refuse(
                "Invalid value for 'tool_choice': it names no tool of 'tools'.", model, param="tool_choice"
            )
        name = demanded or name
    elif choice not in (None, "auto", "required"):
        raise refuse(
            "Invalid value for 'tool_choice': supported values are 'none', 'auto', and 'required'.",
            model,
            param="tool_choice",
            code="invalid_value",
        )
    return Tool(name=name, arguments=json.dumps(make_value(offered[name]) or {}))


def read_format(
    form: object, where: str, texts: Sequence[str], model: str, refuse: Refuse, *, nested: bool
) -> str | None:
    """Return the JSON that answers in this format, None for plain text.

    Chat completions have the schema below `json_schema` (`nested`), responses beside the type.
    """
    if form is None:
        return None
    kind = form.get("type") if isinstance(form, dict) else None
    if not isinstance(form, dict) or kind not in ("text", "json_object", "json_schema"):
        raise refuse(
            f"Invalid value for '{where}.type': expected 'json_object', 'json_schema' or 'text'.",
            model,
            param=f"{where}.type",
            code="invalid_value",
        )
    if kind == "text":
        return None
    if kind == "json_object":
        if not any("json" in text.lower() for text in texts):
            of_all = "messages" if nested else "input"
            raise refuse(
                f"'{of_all}' must contain the word 'json' in some form, to use '{where}' of type "
                "'json_object'.",
                model,
                param=of_all,
            )
        return ANY_JSON
    spec = form.get("json_schema") if nested else form
    if not isinstance(spec, dict):
        raise _missing(refuse, model, f"{where}.json_schema")
    if not isinstance(spec.get("name"), str) or not spec["name"]:
        raise _missing(refuse, model, f"{where}.json_schema.name" if nested else f"{where}.name")
    return json.dumps(make_value(spec.get("schema")))


def _missing(refuse: Refuse, model: str, param: str) -> Exception:
    return refuse(
        f"Missing required parameter: '{param}'.", model, param=param, code="missing_required_parameter"
    )
