"""Answers to clients, shaped as OpenAI's.

Formats: https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming. `provider` is added,
as OpenRouter does, for the model alone does not say who answered.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from alertdrill.gateway.answers import Chunk, Completion, Usage
from alertdrill.gateway.models import Model

STREAM_END = b"data: [DONE]\n\n"


def name_answerer(model: Model) -> dict[str, str]:
    """Return the headers that say who answered."""
    return {"X-Gateway-Provider": model.provider, "X-Gateway-Model": model.name}


def write_completion(model: Model, completion: Completion) -> dict[str, Any]:
    """Return a `chat.completion` object."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": completion.text},
        "finish_reason": completion.finish_reason,
    }
    return {
        **_write_envelope(model, "chat.completion"),
        "choices": [choice],
        "usage": _write_usage(completion.usage),
    }


class StreamWriter:
    """Writes the events of one streamed answer."""

    def __init__(self, model: Model, *, include_usage: bool) -> None:
        self._envelope = _write_envelope(model, "chat.completion.chunk")
        self._include_usage = include_usage
        self._started = False

    def write(self, chunk: Chunk) -> bytes:
        """Return the events of a chunk; none for a usage that the client did not ask for."""
        if chunk.usage is not None:
            if not self._include_usage:
                return b""
            return write_event({**self._envelope, "choices": [], "usage": _write_usage(chunk.usage)})
        delta: dict[str, str] = {} if self._started else {"role": "assistant"}
        if chunk.text or not self._started:
            delta["content"] = chunk.text
        self._started = True
        choice = {"index": 0, "delta": delta, "finish_reason": chunk.finish_reason}
        return write_event({**self._envelope, "choices": [choice]})


def write_event(document: dict[str, Any]) -> bytes:
    """Return a document as a server-sent event."""
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


def write_models(models: list[Model]) -> dict[str, Any]:
    """Return a `list` of `model` objects."""
    return {
        "object": "list",
        "data": [
            {"id": model.id, "object": "model", "created": 0, "owned_by": model.provider} for model in models
        ],
    }


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
