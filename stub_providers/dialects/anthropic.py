"""The Anthropic dialect: `POST /v1/messages` and `GET /v1/models`.

Shapes after Anthropic's API reference (messages, streaming messages, errors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.behaviour import ErrorClass
from stub_providers.dialects.dialect import (
    Answer,
    ChatRequest,
    Failure,
    Refused,
    are_messages,
    content_texts,
    encode,
    estimate_tokens,
    is_count,
    is_model,
    message_texts,
)

_KINDS = {404: "not_found_error", 413: "request_too_large"}


def _failure(status: int, kind: str, message: str, **headers: str) -> Failure:
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return Failure(status=status, body=encode(body), headers=headers)


def _refused(message: str, model: str = "") -> Refused:
    return Refused(_failure(400, "invalid_request_error", message), model)


class Anthropic:
    """Messages as Anthropic serves them, streamed as named server-sent events."""

    models: tuple[str, ...] = ()
    chat_path = "/v1/messages"
    embeddings = None
    models_path = "/v1/models"
    stream_type = "text/event-stream"
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit.",
            **{"Retry-After": "1"},
        ),
        "auth": _failure(401, "authentication_error", "invalid x-api-key"),
        "server_error": _failure(529, "overloaded_error", "Overloaded"),
        "context_overflow": _failure(
            400, "invalid_request_error", "prompt is too long: 212480 tokens > 200000 maximum"
        ),
        "invalid_request": _failure(
            400, "invalid_request_error", "temperature: Input should be less than or equal to 1"
        ),
    }
    unreadable_body = _failure(400, "invalid_request_error", "The request body is not valid JSON")
    oversized_body = _failure(413, "request_too_large", "Request exceeds the maximum size")

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the API's own."""
        return _failure(
            status, _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error"), message
        )

    def presented_key(self, headers: Mapping[str, str]) -> str:
        """Return the `x-api-key`."""
        return headers.get("x-api-key", "")

    def read(self, _url: URL, headers: Mapping[str, str], body: object) -> ChatRequest:
        """Validate a messages request; raises Refused."""
        if "anthropic-version" not in headers:
            raise _refused("anthropic-version: header is required")
        if not isinstance(body, dict):
            raise Refused(self.unreadable_body)
        model = body.get("model")
        if not is_model(model):
            raise _refused("model: Field required" if model is None else "model: Invalid model name")
        for name in ("max_tokens", "messages"):
            if body.get(name) is None:
                raise _refused(f"{name}: Field required", model)
        if not is_count(body["max_tokens"], 1):
            raise _refused("max_tokens: Input should be a valid integer greater than 0", model)
        messages = body["messages"]
        if messages == []:
            raise _refused("messages: at least one message is required", model)
        if not are_messages(messages) or any(
            message["role"] not in ("user", "assistant") or message.get("content") is None
            for message in messages
        ):
            raise _refused("messages: Input should be a list of user and assistant messages", model)
        stream = body.get("stream") or False
        if not isinstance(stream, bool):
            raise _refused("stream: Input should be a valid boolean", model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens((*content_texts(body.get("system")), *message_texts(messages))),
            max_tokens=body["max_tokens"],
            stream=stream,
        )

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models, on one page."""
        created = "1970-01-01T00:00:00Z"
        return {
            "data": [
                {"type": "model", "id": name, "display_name": name, "created_at": created} for name in models
            ],
            "has_more": False,
            "first_id": models[0] if models else None,
            "last_id": models[-1] if models else None,
        }

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a `message` object."""
        return _message(answer) | {
            "content": [{"type": "text", "text": answer.text}],
            "stop_reason": _stop_reason(answer),
            "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": answer.completion_tokens},
        }

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the events from `message_start` (with the first piece) to `message_stop`."""
        block = {"type": "text", "text": ""}
        opening = (
            _event("message_start", message=_message(answer))
            + _event("content_block_start", index=0, content_block=block)
            + _event("ping")
        )
        frames = [
            _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
            for piece in answer.pieces
        ]
        frames[0] = opening + frames[0]
        frames[-1] += (
            _event("content_block_stop", index=0)
            + _event(
                "message_delta",
                delta={"stop_reason": _stop_reason(answer), "stop_sequence": None},
                usage={"output_tokens": answer.completion_tokens},
            )
            + _event("message_stop")
        )
        return tuple(frames)

    def broken_event(self, text: str) -> bytes:
        """Return a `message_start` event with this data."""
        return f"event: message_start\ndata: {text}\n\n".encode()


def _message(answer: Answer) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": min(1, answer.completion_tokens)},
    }


def _stop_reason(answer: Answer) -> str:
    return "max_tokens" if answer.truncated else "end_turn"


def _event(kind: str, **data: object) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + encode({"type": kind, **data}) + b"\n\n"
