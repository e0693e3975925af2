"""What clients send to the sessions API, validated; whatever is wrong is a Problem (400)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

from alertdrill.gateway.chat import MAX_MODEL_LENGTH, MAX_TOKENS
from alertdrill.gateway.keys import ID_PATTERN
from alertdrill.gateway.problems import Problem, refuse_parameter
from alertdrill.gateway.sessions.events import JudgeKind
from alertdrill.gateway.sessions.tools import ToolCall

MAX_TEXT_CHARS = 8_000
MAX_TOOL_CALLS = 8
MAX_TOOL_NAME_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceBody:
    """`PUT /v1/workspaces/NAME`."""

    default_model: str | None
    tools: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnBody:
    """`POST …/turns`; `model` is None for an open choice."""

    text: str
    model: str | None
    max_tokens: int | None
    tools: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationBody:
    """`POST …/evaluations`; `model` is the model judge's, None for an open choice."""

    judge: JudgeKind
    model: str | None


def parse_workspace(document: object, tools: frozenset[str]) -> WorkspaceBody:
    """Return a workspace as a client states it; `tools` are those that there are."""
    fields = _read_fields(document, {"default_model", "tools"})
    allowed = fields.get("tools")
    if allowed is not None and (
        not isinstance(allowed, list)
        or not all(isinstance(name, str) for name in allowed)
        or not set(allowed) <= tools
    ):
        raise refuse_parameter("tools", f"must be a list of some of {', '.join(sorted(tools))}")
    return WorkspaceBody(
        default_model=_read_text(fields, "default_model", MAX_MODEL_LENGTH),
        tools=None if allowed is None else frozenset(allowed),
    )


def parse_opening(document: object) -> str:
    """Return the name of the workspace in which a session is to be opened."""
    name = _read_fields(document, {"workspace"}).get("workspace")
    if not isinstance(name, str) or not ID_PATTERN.fullmatch(name):
        raise refuse_parameter("workspace", "must be the name of a workspace")
    return name


def parse_turn(document: object) -> TurnBody:
    """Return a turn."""
    fields = _read_fields(document, {"text", "model", "max_tokens", "tools"})
    text = _read_text(fields, "text", MAX_TEXT_CHARS)
    if text is None:
        raise refuse_parameter("text", "is missing")
    max_tokens = fields.get("max_tokens")
    if max_tokens is not None and (
        isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or not 0 < max_tokens <= MAX_TOKENS
    ):
        raise refuse_parameter("max_tokens", f"must be a whole number from 1 to {MAX_TOKENS}")
    calls = fields.get("tools") or []
    if not isinstance(calls, list) or len(calls) > MAX_TOOL_CALLS:
        raise refuse_parameter("tools", f"must be a list of at most {MAX_TOOL_CALLS} calls")
    return TurnBody(
        text=text,
        model=_read_text(fields, "model", MAX_MODEL_LENGTH),
        max_tokens=max_tokens,
        tools=tuple(_read_call(call, f"tools[{place}]") for place, call in enumerate(calls)),
    )


def parse_evaluation(document: object) -> EvaluationBody:
    """Return an evaluation."""
    fields = _read_fields(document, {"judge", "model"})
    judge = fields.get("judge", "heuristic")
    if judge not in get_args(JudgeKind):
        raise refuse_parameter("judge", f"must be one of {', '.join(get_args(JudgeKind))}")
    return EvaluationBody(judge=cast("JudgeKind", judge), model=_read_text(fields, "model", MAX_MODEL_LENGTH))


def _read_fields(document: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(document, dict) or document.keys() - known:
        raise Problem(400, f"the body must be an object with no other fields than {', '.join(sorted(known))}")
    return document


def _read_text(fields: dict[str, Any], name: str, most: int) -> str | None:
    value = fields.get(name)
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= most):
        raise refuse_parameter(name, f"must be a text of 1 to {most} characters")
    return value


def _read_call(call: object, place: str) -> ToolCall:
    if not isinstance(call, dict) or call.keys() - {"name", "arguments"}:
        raise refuse_parameter(place, "must be an object with a name and arguments")
    name, arguments = call.get("name"), call.get("arguments", {})
    if not isinstance(name, str) or not 0 < len(name) <= MAX_TOOL_NAME_CHARS:
        raise refuse_parameter(f"{place}.name", f"must be a text of 1 to {MAX_TOOL_NAME_CHARS} characters")
    if not isinstance(arguments, dict):
        raise refuse_parameter(f"{place}.arguments", "must be an object")
    return ToolCall(name=name, arguments=arguments)
