"""What happens in sessions, as values.

Labels are bounded: tools and error classes are listed here and in `tools.py`, workspaces by `MAX_WORKSPACES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.gateway.events import DomainEvent

EndReason = Literal["closed", "idle"]
JudgeKind = Literal["heuristic", "model"]
SubjectKind = Literal["turn", "session"]
ToolErrorClass = Literal[
    "unknown_tool",
    "invalid_arguments",
    "permission_denied",
    "not_found",
    "timeout",
    "result_too_large",
    "execution_error",
    "cancelled",
]
"""Why a tool failed: there is none of that name; it was called wrongly; the workspace does not allow it; it
has no such entry; it took too long; its result is too long; it broke off; the session ended meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(DomainEvent):
    """A session is in memory from now on."""

    workspace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(DomainEvent):
    """A session is in memory no more; it is heard by whoever heard of its opening."""

    workspace: str
    reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(DomainEvent):
    """A tool was called; `tool_name` is `unknown` if there is none of the name that was asked for."""

    call_id: int
    tool_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCompleted(DomainEvent):
    """The tool of an earlier ToolCalled has a result."""

    call_id: int
    latency_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFailed(DomainEvent):
    """The tool of an earlier ToolCalled has none."""

    call_id: int
    latency_s: float
    error_class: ToolErrorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalCompleted(DomainEvent):
    """A judge came to a verdict."""

    judge_kind: JudgeKind
    subject_kind: SubjectKind
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalFailed(DomainEvent):
    """A judge came to none."""

    judge_kind: JudgeKind
    subject_kind: SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRead(DomainEvent):
    """An embedding was asked for; `hit_ratio` is the share that the workspace's cache had, so far."""

    workspace: str
    hit_ratio: float
