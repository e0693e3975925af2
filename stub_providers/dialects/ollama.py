"""The Ollama dialect: `POST /api/chat` and `GET /api/tags`.

Shapes after Ollama's API documentation; the key is what a proxy before it, or its cloud, asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.behaviour import FIRST_TOKEN_SHARE, ErrorClass
from stub_providers.dialects.dialect import (
    Answer,
    ChatRequest,
    Failure,
    Refused,
    are_messages,
    encode,
    estimate_tokens,
    is_model,
    message_texts,
)


def _failure(status: int, message: str, **headers: str) -> Failure:
    return Failure(status=status, body=encode({"error": message}), headers=headers)


def _refused(message: str, model: str = "") -> Refused:
    return Refused(_failure(400, message), model)


class Ollama:
    """Chat as Ollama serves it, streamed as one JSON object a line unless told otherwise."""

    models: tuple[str, ...] = ()
    chat_path = "/api/chat"
    embeddings = None
    models_path = "/api/tags"
    stream_type = "application/x-ndjson"
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(429, "too many requests", **{"Retry-After": "1"}),
        "auth": _failure(401, "unauthorized"),
        "server_error": _failure(500, "llama runner process has terminated: exit status 2"),
        "context_overflow": _failure(
            400,
            "the request exceeds the available context size. try increasing the context size or enable "
            "context shift",
        ),
        "invalid_request": _failure(400, 'option "temperature" must be of type float32'),
    }
    unreadable_body = _failure(400, "invalid JSON in the request body")
    oversized_body = _failure(413, "http: request body too large")

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error's text."""
        return _failure(status, message)

    def presented_key(self, headers: Mapping[str, str]) -> str:
        """Return the bearer token."""
        return bearer_token(headers)

    def read(self, _url: URL, _headers: Mapping[str, str], body: object) -> ChatRequest:
        """Validate a chat request; raises Refused."""
        if not isinstance(body, dict):
            raise Refused(self.unreadable_body)
        model = body.get("model")
        if not is_model(model):
            raise _refused("model is required")
        messages = body.get("messages")
        if not messages:
            raise _refused("messages is required", model)
        if not are_messages(messages):
            raise _refused("messages must be a list of objects with role and content", model)
        stream = body.get("stream")
        if stream is not None and not isinstance(stream, bool):
            raise _refused("stream must be of type bool", model)
        options = body.get("options")
        if options is not None and not isinstance(options, dict):
            raise _refused("options must be an object", model)
        num_predict = (options or {}).get("num_predict", -1)
        if isinstance(num_predict, bool) or not isinstance(num_predict, int):
            raise _refused('option "num_predict" must be of type integer', model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(message_texts(messages)),
            max_tokens=num_predict if num_predict >= 0 else None,
            stream=stream is not False,
        )

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models."""
        modified_at = _timestamp(0.0)
        return {
            "models": [
                {
                    "name": name,
                    "model": name,
                    "modified_at": modified_at,
                    "size": 0,
                    "digest": "0" * 64,
                    "details": {"format": "gguf", "family": "stub"},
                }
                for name in models
            ]
        }

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the final object with the whole text."""
        return _part(answer, answer.text) | _totals(answer)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return a line for each piece; the last brings the final object with the counts."""
        lines = [_line(_part(answer, piece) | {"done": False}) for piece in answer.pieces]
        lines[-1] += _line(_part(answer, "") | _totals(answer))
        return tuple(lines)

    def broken_event(self, text: str) -> bytes:
        """Return a line with this text."""
        return text.encode() + b"\n"


def _part(answer: Answer, text: str) -> dict[str, Any]:
    return {
        "model": answer.request.model,
        "created_at": _timestamp(answer.created_s),
        "message": {"role": "assistant", "content": text},
    }


def _totals(answer: Answer) -> dict[str, Any]:
    total_ns = round(answer.latency_s * 1e9)
    prompt_ns = round(answer.latency_s * FIRST_TOKEN_SHARE * 1e9)
    return {
        "done": True,
        "done_reason": "length" if answer.truncated else "stop",
        "total_duration": total_ns,
        "load_duration": 0,
        "prompt_eval_count": answer.prompt_tokens,
        "prompt_eval_duration": prompt_ns,
        "eval_count": answer.completion_tokens,
        "eval_duration": total_ns - prompt_ns,
    }


def _timestamp(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(payload: object) -> bytes:
    return encode(payload) + b"\n"
