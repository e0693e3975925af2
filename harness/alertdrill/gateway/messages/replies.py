"""Answers to clients of Anthropic.

Formats: https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming and /en/api/errors. Which stop
sequence ended an answer is not known here, so that such an answer ends with `end_turn`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.answers import Chunk, Completion, FinishReason, Usage
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.signatures import write_signature
from alertdrill.gateway.strict_json import load_strictly
from alertdrill.gateway.tooling import ToolCall, ToolCallPiece

STOP_REASONS: Mapping[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
ERROR_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def write_message(model: Model, completion: Completion) -> dict[str, Any]:
    """Return a `message` object."""
    text = [{"type": "text", "text": completion.text}] if completion.text or not completion.calls else []
    return {
        **_write_head(model),
        "content": [*text, *(_write_use(call) for call in completion.calls)],
        "stop_reason": STOP_REASONS[completion.finish_reason],
        "usage": _write_usage(completion.usage),
    }


def write_problem(problem: Problem) -> dict[str, Any]:
    """Return an `error` object, whose type follows from the status."""
    kind = ERROR_TYPES.get(problem.status, "invalid_request_error" if problem.status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": str(problem)}}


class EventWriter:
    """Writes the events of one streamed answer.

    Its tokens are known at its end, so `message_start` says 0 of both, and `message_delta` how many it were.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._begun = False
        self._blocks = 0
        self._open: str | None = None
        self._block_of_call: dict[int, int] = {}
        self._reason: FinishReason = "stop"

    def write(self, chunk: Chunk) -> bytes:
        """Return the events of a chunk."""
        written = self._begin()
        if chunk.text:
            if self._open != "text":
                written += self._start("text", {"type": "text", "text": ""})
            written += self._write_delta(self._blocks - 1, {"type": "text_delta", "text": chunk.text})
        for piece in chunk.calls:
            written += self._write_call(piece)
        self._reason = chunk.finish_reason or self._reason
        if chunk.usage is not None:
            written += self._finish(chunk.usage)
        return written

    def end(self) -> bytes:
        """Return nothing: the usage, which comes last, brings `message_stop`."""
        return b""

    def write_problem(self, problem: Problem) -> bytes:
        """Return an `error` event."""
        return _write_event(write_problem(problem))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = {
            **_write_head(self._model),
            "content": [],
            "stop_reason": None,
            "usage": _write_usage(Usage()),
        }
        return _write_event({"type": "message_start", "message": message})

    def _start(self, kind: str, block: Mapping[str, Any]) -> bytes:
        """Return the start of a block, after the end of the one before."""
        ended = self._stop()
        self._open = kind
        self._blocks += 1
        return ended + _write_event(
            {"type": "content_block_start", "index": self._blocks - 1, "content_block": block}
        )

    def _stop(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return _write_event({"type": "content_block_stop", "index": self._blocks - 1})

    def _write_call(self, piece: ToolCallPiece) -> bytes:
        written = b""
        if piece.index not in self._block_of_call:
            block: dict[str, Any] = {
                "type": "tool_use",
                "id": piece.id or "",
                "name": piece.name or "",
                "input": {},
            }
            block |= write_signature(piece.signature)
            written = self._start("tool_use", block)
            self._block_of_call[piece.index] = self._blocks - 1
        if piece.arguments:
            delta = {"type": "input_json_delta", "partial_json": piece.arguments}
            written += self._write_delta(self._block_of_call[piece.index], delta)
        return written

    def _write_delta(self, index: int, delta: Mapping[str, Any]) -> bytes:
        return _write_event({"type": "content_block_delta", "index": index, "delta": delta})

    def _finish(self, usage: Usage) -> bytes:
        delta = {"stop_reason": STOP_REASONS[self._reason], "stop_sequence": None}
        return (
            self._stop()
            + _write_event({"type": "message_delta", "delta": delta, "usage": _write_usage(usage)})
            + _write_event({"type": "message_stop"})
        )


def _write_head(model: Model) -> dict[str, Any]:
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": model.name,
        "provider": model.provider,
        "stop_sequence": None,
    }


def _write_use(call: ToolCall) -> dict[str, Any]:
    try:
        given = load_strictly(call.arguments or "{}")
    except ValueError:
        given = {}  # cut off by the token limit, which the stop reason says
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given} | write_signature(
        call.signature
    )


def _write_usage(usage: Usage) -> dict[str, int]:
    return {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens}


def _write_event(document: dict[str, Any]) -> bytes:
    data = json.dumps(document, separators=(",", ":"))
    return f"event: {document['type']}\ndata: {data}\n\n".encode()
