"""Answers to clients, shaped as OpenAI's.

Formats: https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming. `provider` is added,
as OpenRouter does, for the model alone does not say who answered.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from alertdrill.gateway.answers import Choice, Chunk, Completion, Usage, Vectors
from alertdrill.gateway.dialects.openai import write_calls
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.signatures import write_signature
from alertdrill.gateway.tooling import ToolCall, ToolCallPiece

STREAM_END = b"data: [DONE]\n\n"
EPOCH = "1970-01-01T00:00:00Z"
"""When a model was made, of which nobody says so."""


def name_answerer(model: Model) -> dict[str, str]:
    """Return the headers that say who answered."""
    return {"X-Gateway-Provider": model.provider, "X-Gateway-Model": model.name}


def write_completion(model: Model, completion: Completion) -> dict[str, Any]:
    """Return a `chat.completion` object."""
    choices: tuple[Completion | Choice, ...] = (completion, *completion.others)
    return {
        **_write_envelope(model, "chat.completion"),
        "choices": [_write_choice(index, choice) for index, choice in enumerate(choices)],
        "usage": _write_usage(completion.usage),
    }


def write_embeddings(model: Model, vectors: Vectors) -> dict[str, Any]:
    """Return a `list` of `embedding` objects."""
    used = vectors.usage.prompt_tokens
    return {
        "object": "list",
        "data": vectors.data,
        "model": model.name,
        "provider": model.provider,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def _write_choice(index: int, choice: Completion | Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": choice.text}
    if choice.calls:
        message |= {"content": choice.text or None, "tool_calls": _write_calls(choice.calls)}
    return {"index": index, "message": message, "finish_reason": choice.finish_reason}


def _write_calls(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """Return the `tool_calls` of an answer, which have signatures if their provider signed them."""
    written = write_calls(calls)
    return [one | write_signature(call.signature) for one, call in zip(written, calls, strict=True)]


class StreamWriter:
    """Writes the events of one streamed answer."""

    def __init__(self, model: Model, *, include_usage: bool) -> None:
        self._envelope = _write_envelope(model, "chat.completion.chunk")
        self._include_usage = include_usage
        self._started: set[int] = set()

    def write(self, chunk: Chunk) -> bytes:
        """Return the events of a chunk; none for a usage that the client did not ask for."""
        if chunk.usage is not None:
            if not self._include_usage:
                return b""
            return write_event({**self._envelope, "choices": [], "usage": _write_usage(chunk.usage)})
        starts = chunk.choice not in self._started
        delta: dict[str, Any] = {"role": "assistant"} if starts else {}
        if chunk.text or (starts and not chunk.calls):
            delta["content"] = chunk.text
        if chunk.calls:
            delta["tool_calls"] = [_write_piece(piece) for piece in chunk.calls]
        if starts:
            self._started.add(chunk.choice)
        choice = {"index": chunk.choice, "delta": delta, "finish_reason": chunk.finish_reason}
        return write_event({**self._envelope, "choices": [choice]})

    def end(self) -> bytes:
        """Return the last event."""
        return STREAM_END

    def write_problem(self, problem: Problem) -> bytes:
        """Return the error as an event, after which there is no `[DONE]`."""
        return write_event(problem.document)


def write_event(document: dict[str, Any]) -> bytes:
    """Return a document as a server-sent event."""
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


def write_models(models: list[Model]) -> dict[str, Any]:
    """Return a `list` of `model` objects."""
    return {
        "object": "list",
        "data": [write_model(model) for model in models],
    }


def write_model_page(models: list[Model]) -> dict[str, Any]:
    """Return the only page of models as Anthropic lists them: https://docs.anthropic.com/en/api/models-list."""
    return {
        "data": [
            {"type": "model", "id": model.id, "display_name": model.name, "created_at": EPOCH}
            for model in models
        ],
        "has_more": False,
        "first_id": models[0].id if models else None,
        "last_id": models[-1].id if models else None,
    }


def write_model(model: Model) -> dict[str, Any]:
    """Return a `model` object."""
    return {"id": model.id, "object": "model", "created": 0, "owned_by": model.provider}


def _write_piece(piece: ToolCallPiece) -> dict[str, Any]:
    function: dict[str, str] = {"arguments": piece.arguments}
    if piece.name is None:
        return {"index": piece.index, "function": function}
    function["name"] = piece.name
    written = {"index": piece.index, "id": piece.id, "type": "function", "function": function}
    return written | write_signature(piece.signature)


def _write_envelope(model: Model, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": model.name,
        "provider": model.provider,
    }


def _write_usage(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
