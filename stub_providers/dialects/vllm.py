"""The dialect of a self-hosted worker: OpenAI's routes as vLLM serves them, with vLLM's own errors.

Shapes after vLLM's OpenAI-compatible server. What routers ask a worker besides (`/health`, `/metrics`) is in
`stub_providers.worker`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stub_providers.behaviour import ErrorClass
from stub_providers.dialects.dialect import Failure, encode
from stub_providers.dialects.openai import OpenAI

MAX_MODEL_TOKENS = 131_072
_KINDS = {404: "NotFoundError", 429: "RateLimitError", 500: "InternalServerError", 503: "ServiceUnavailable"}


def _failure(status: int, message: str, param: str | None = None) -> Failure:
    kind = _KINDS.get(status, "BadRequestError" if status < 500 else "InternalServerError")
    error = {"message": message, "type": kind, "param": param, "code": status}
    return Failure(status=status, body=encode({"error": error}))


class Vllm(OpenAI):
    """Chat completions as vLLM serves them; requests are read as OpenAI's."""

    models = ("stub",)
    embeddings = None
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(429, "Too many requests."),
        "auth": Failure(status=401, body=encode({"error": "Unauthorized"})),
        "server_error": _failure(500, "EngineCore encountered an issue."),
        "context_overflow": _failure(
            400,
            f"This model's maximum context length is {MAX_MODEL_TOKENS} tokens. However, your request has "
            "140000 input tokens. Please reduce the length of the input messages.",
            "input_tokens",
        ),
        "invalid_request": _failure(400, "temperature must be non-negative, got -1.0.", "temperature"),
    }
    unreadable_body = _failure(400, "The request body is not valid JSON.")
    oversized_body = _failure(413, "The request body is too large.")

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the server's own."""
        return _failure(status, message)

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models."""
        return {
            "object": "list",
            "data": [
                {
                    "id": name,
                    "object": "model",
                    "created": 0,
                    "owned_by": "vllm",
                    "root": name,
                    "parent": None,
                    "max_model_len": MAX_MODEL_TOKENS,
                }
                for name in models
            ],
        }
