"""The OpenAI dialect: `POST /v1/chat/completions`, `POST /v1/embeddings` and `GET /v1/models`.

Shapes after OpenAI's API reference (chat completions, streaming, embeddings, error codes).
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.behaviour import ErrorClass
from stub_providers.dialects.dialect import (
    Answer,
    ChatRequest,
    Embeddings,
    Failure,
    Refused,
    are_messages,
    encode,
    estimate_tokens,
    is_count,
    is_model,
    message_texts,
)

DIMENSIONS = 16
"""Of an embedding, unless the request says how many; real ones have hundreds, which no alert looks at."""
MAX_DIMENSIONS = 4_096
MAX_INPUTS = 2_048


def _failure(
    status: int, message: str, kind: str, *, param: str | None = None, code: str | None = None, **headers: str
) -> Failure:
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Failure(status=status, body=encode(body), headers=headers)


def _refused(message: str, model: str = "", *, param: str | None = None, code: str | None = None) -> Refused:
    return Refused(_failure(400, message, "invalid_request_error", param=param, code=code), model)


class OpenAIEmbeddings:
    """Embeddings as OpenAI serves them, all alike: of length 1, in no direction that means anything."""

    path = "/v1/embeddings"

    def read(self, body: object) -> ChatRequest:
        """Validate a request; raises Refused."""
        model = body.get("model") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not is_model(model):
            raise _refused("you must provide a model parameter")
        texts = body.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if (
            not isinstance(texts, list)
            or not 1 <= len(texts) <= MAX_INPUTS
            or not all(isinstance(text, str | int | list) and text != "" for text in texts)
        ):
            raise _refused("'$.input' is invalid.", model, param="input")
        dimensions = body.get("dimensions", DIMENSIONS)
        if not is_count(dimensions, 1) or dimensions > MAX_DIMENSIONS:
            raise _refused("Invalid value for 'dimensions'.", model, param="dimensions")
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(text for text in texts if isinstance(text, str)),
            max_tokens=None,
            stream=False,
            embeddings=len(texts),
            dimensions=dimensions,
            is_base64=body.get("encoding_format") == "base64",
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a list of `embedding` objects."""
        asked = answer.request
        vector: list[float] | str = [asked.dimensions**-0.5] * asked.dimensions
        if asked.is_base64:
            vector = base64.b64encode(array("f", vector).tobytes()).decode()
        return {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": vector}
                for index in range(asked.embeddings)
            ],
            "model": asked.model,
            "usage": {"prompt_tokens": answer.prompt_tokens, "total_tokens": answer.prompt_tokens},
        }


class OpenAI:
    """Chat completions as OpenAI serves them, streamed as server-sent events; and embeddings."""

    models: tuple[str, ...] = ()
    chat_path = "/v1/chat/completions"
    embeddings: Embeddings | None = OpenAIEmbeddings()
    models_path = "/v1/models"
    stream_type = "text/event-stream"
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(
            429,
            "Rate limit reached for requests. Please try again in 1s.",
            "requests",
            code="rate_limit_exceeded",
            **{"Retry-After": "1"},
        ),
        "auth": _failure(401, "Incorrect API key provided.", "invalid_request_error", code="invalid_api_key"),
        "server_error": _failure(
            500, "The server had an error while processing your request. Sorry about that!", "server_error"
        ),
        "context_overflow": _failure(
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted in "
            "131072 tokens. Please reduce the length of the messages.",
            "invalid_request_error",
            param="messages",
            code="context_length_exceeded",
        ),
        "invalid_request": _failure(
            400,
            "Invalid value for 'temperature': expected a number between 0 and 2.",
            "invalid_request_error",
            param="temperature",
            code="invalid_value",
        ),
    }
    unreadable_body = _failure(
        400, "We could not parse the JSON body of your request.", "invalid_request_error"
    )
    oversized_body = _failure(413, "The request body is too large.", "invalid_request_error")

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the server's own."""
        return _failure(status, message, "invalid_request_error" if status < 500 else "server_error")

    def presented_key(self, headers: Mapping[str, str]) -> str:
        """Return the bearer token."""
        return bearer_token(headers)

    def read(self, _url: URL, _headers: Mapping[str, str], body: object) -> ChatRequest:
        """Validate a chat request; raises Refused."""
        if not isinstance(body, dict):
            raise Refused(self.unreadable_body)
        model = body.get("model")
        if not is_model(model):
            raise _refused("you must provide a model parameter")
        messages = body.get("messages")
        if messages is None:
            raise _refused(
                "Missing required parameter: 'messages'.",
                model,
                param="messages",
                code="missing_required_parameter",
            )
        if messages == []:
            raise _refused(
                "Invalid 'messages': empty array. Expected an array with minimum length 1.",
                model,
                param="messages",
                code="empty_array",
            )
        if not are_messages(messages):
            raise _refused("Invalid type for 'messages'.", model, param="messages", code="invalid_type")
        limits = {name: body.get(name) for name in ("max_completion_tokens", "max_tokens")}
        for name, value in limits.items():
            if value is not None and not is_count(value, 1):
                raise _refused(
                    f"Invalid '{name}': expected a positive integer.", model, param=name, code="invalid_value"
                )
        stream, include_usage = _stream_options(body, model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(message_texts(messages)),
            max_tokens=next((value for value in limits.values() if value is not None), None),
            stream=stream,
            include_usage=include_usage,
        )

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models."""
        return {
            "object": "list",
            "data": [{"id": name, "object": "model", "created": 0, "owned_by": "stub"} for name in models],
        }

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a `chat.completion` object."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(answer)}
        return _envelope(answer, "chat.completion") | {"choices": [choice], "usage": _usage(answer)}

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return `chat.completion.chunk` events; the first piece brings the role, the last `[DONE]`."""
        envelope = _envelope(answer, "chat.completion.chunk")
        if answer.request.include_usage:
            envelope["usage"] = None

        def chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
            return _event(encode(envelope | {"choices": [choice]}))

        frames = [chunk({"content": piece}) for piece in answer.pieces]
        frames[0] = chunk({"role": "assistant", "content": ""}) + frames[0]
        frames[-1] += chunk({}, _finish_reason(answer))
        if answer.request.include_usage:
            frames[-1] += _event(encode(envelope | {"choices": [], "usage": _usage(answer)}))
        frames[-1] += _event(b"[DONE]")
        return tuple(frames)

    def broken_event(self, text: str) -> bytes:
        """Return an event with this data."""
        return _event(text.encode())


def _stream_options(body: Mapping[str, Any], model: str) -> tuple[bool, bool]:
    stream = body.get("stream") or False
    if not isinstance(stream, bool):
        raise _refused("Invalid type for 'stream': expected a boolean.", model, param="stream")
    options = body.get("stream_options")
    if options is None:
        return stream, False
    if not stream:
        raise _refused(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            model,
            param="stream_options",
        )
    if not isinstance(options, dict) or not isinstance(options.get("include_usage", False), bool):
        raise _refused("Invalid type for 'stream_options'.", model, param="stream_options")
    return stream, options.get("include_usage", False)


def _envelope(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": int(answer.created_s),
        "model": answer.request.model,
        "system_fingerprint": None,
    }


def _usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _finish_reason(answer: Answer) -> str:
    return "length" if answer.truncated else "stop"


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
