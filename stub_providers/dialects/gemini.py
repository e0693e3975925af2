"""The Gemini dialect: `POST /v1beta/models/MODEL:generateContent` or `:streamGenerateContent?alt=sse`.

Shapes after Google's API reference (generateContent, streamGenerateContent, models.list, google.rpc.Status).
Without `alt=sse` Google streams one JSON array; that is not served here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.behaviour import ErrorClass
from stub_providers.dialects.dialect import (
    Answer,
    ChatRequest,
    Failure,
    Refused,
    encode,
    estimate_tokens,
    is_count,
    is_model,
)

MODELS = "/v1beta/models"
WHOLE, STREAMED = "generateContent", "streamGenerateContent"
STATUS_OF_CODE = {
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def _failure(code: int, message: str, *details: Mapping[str, Any]) -> Failure:
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "status": STATUS_OF_CODE.get(code, "INVALID_ARGUMENT"),
    }
    if details:
        error["details"] = details
    return Failure(status=code, body=encode({"error": error}))


def _refused(message: str, model: str = "", code: int = 400) -> Refused:
    return Refused(_failure(code, message), model)


class Gemini:
    """Content as Google generates it, streamed as server-sent events without an end marker."""

    models: tuple[str, ...] = ()
    chat_path = f"{MODELS}/{{call}}"
    embeddings = None
    models_path = MODELS
    stream_type = "text/event-stream"
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(
            429,
            "Resource has been exhausted (e.g. check quota).",
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"},
        ),
        "auth": _failure(
            400,
            "API key not valid. Please pass a valid API key.",
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
        ),
        "server_error": _failure(503, "The model is overloaded. Please try again later."),
        "context_overflow": _failure(
            400, "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."
        ),
        "invalid_request": _failure(
            400, "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"warm\""
        ),
    }
    unreadable_body = _failure(400, "Invalid JSON payload received.")
    oversized_body = _failure(413, "Request payload size exceeds the limit.")

    def refusal(self, status: int, message: str) -> Failure:
        """Return a google.rpc.Status."""
        return _failure(status, message)

    def presented_key(self, headers: Mapping[str, str]) -> str:
        """Return the `x-goog-api-key`."""
        return headers.get("x-goog-api-key", "")

    def read(self, url: URL, _headers: Mapping[str, str], body: object) -> ChatRequest:
        """Validate a request for content; raises Refused. The model is in the path."""
        model, _, method = url.path.removeprefix(f"{MODELS}/").rpartition(":")
        if not is_model(model) or method not in (WHOLE, STREAMED):
            raise _refused("Requested entity was not found.", code=404)
        if method == STREAMED and url.query.get("alt") != "sse":
            raise _refused("Only alt=sse is served.", model)
        if not isinstance(body, dict):
            raise Refused(self.unreadable_body)
        contents = body.get("contents")
        if not contents:
            raise _refused("* GenerateContentRequest.contents: contents is not specified", model)
        if not isinstance(contents, list) or not all(
            _is_content(content) and content.get("role", "user") in ("user", "model") for content in contents
        ):
            raise _refused("Please use a valid role: user, model, and a list of parts.", model)
        system = body.get("systemInstruction")
        if system is not None and not _is_content(system):
            raise _refused("Invalid value at 'system_instruction'", model)
        config = body.get("generationConfig")
        if config is not None and not isinstance(config, dict):
            raise _refused("Invalid value at 'generation_config'", model)
        limit = (config or {}).get("maxOutputTokens")
        if limit is not None and not is_count(limit, 1):
            raise _refused("Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32)", model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(_texts([system] if system else []) + _texts(contents)),
            max_tokens=limit,
            stream=method == STREAMED,
        )

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models, on one page."""
        return {
            "models": [
                {
                    "name": f"models/{name}",
                    "version": "001",
                    "displayName": name,
                    "inputTokenLimit": 1_048_576,
                    "outputTokenLimit": 65_536,
                    "supportedGenerationMethods": [WHOLE],
                }
                for name in models
            ]
        }

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a GenerateContentResponse."""
        return _response(answer, answer.text, ends=True)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return an event for each piece; the last says why the answer ended."""
        last = len(answer.pieces) - 1
        return tuple(
            _event(encode(_response(answer, piece, ends=place == last)))
            for place, piece in enumerate(answer.pieces)
        )

    def broken_event(self, text: str) -> bytes:
        """Return an event with this data."""
        return _event(text.encode())


def _is_content(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("parts"), list)
        and all(isinstance(part, dict) for part in value["parts"])
    )


def _texts(contents: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        part["text"] for content in contents for part in content["parts"] if isinstance(part.get("text"), str)
    ]


def _response(answer: Answer, text: str, *, ends: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    usage = {"promptTokenCount": answer.prompt_tokens, "totalTokenCount": answer.prompt_tokens}
    if ends:
        candidate["finishReason"] = "MAX_TOKENS" if answer.truncated else "STOP"
        usage["candidatesTokenCount"] = answer.completion_tokens
        usage["totalTokenCount"] += answer.completion_tokens
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": answer.request.model,
        "responseId": answer.id,
    }


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\r\n\r\n"
