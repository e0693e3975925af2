"""Options of a chat completion request that not every provider has.

Format: https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.abilities import OPTIONS, Ability, Option
from alertdrill.gateway.problems import refuse_parameter

MAX_CHOICES = 16
"""OpenAI allows 128; each is answered in memory."""
MAX_PENALTY = 2
MAX_SEED = 2**63 - 1
WORD = re.compile(r"[a-z]{1,16}")
FORMATS = ("text", "json_object", "json_schema")


def read_choices(value: object) -> int:
    """Return how many choices are wanted; raises Problem (400)."""
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_CHOICES:
        raise refuse_parameter("n", f"must be a whole number from 1 to {MAX_CHOICES}")
    return value


def read_format(value: object) -> tuple[Ability | None, Mapping[str, Any] | None]:
    """Return what a `response_format` needs, and the schema if it has one; raises Problem (400)."""
    if value is None:
        return None, None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in FORMATS:
        raise refuse_parameter("response_format.type", f"must be one of {', '.join(FORMATS)}")
    if kind == "text":
        return None, None
    if kind == "json_object":
        return "json_object", None
    schema = value.get("json_schema")
    if not isinstance(schema, dict) or not isinstance(schema.get("schema"), dict):
        raise refuse_parameter("response_format.json_schema", "must have a JSON Schema as its schema")
    return "json_schema", schema


def read_options(document: Mapping[str, Any]) -> dict[Option, Any]:
    """Return the options that are stated; raises Problem (400)."""
    stated = {name: document[name] for name in OPTIONS if document.get(name) is not None}
    for name, value in stated.items():
        if not _is_usable(name, value):
            raise refuse_parameter(name, "has a value that it cannot have")
    return stated


def _is_usable(name: Option, value: object) -> bool:
    match name:
        case "frequency_penalty" | "presence_penalty":
            return _is_number(value) and -MAX_PENALTY <= value <= MAX_PENALTY  # type: ignore[operator] # it is one
        case "seed":
            return isinstance(value, int) and not isinstance(value, bool) and -MAX_SEED <= value <= MAX_SEED
        case "parallel_tool_calls":
            return isinstance(value, bool)
        case "reasoning_effort" | "verbosity":
            return isinstance(value, str) and WORD.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
