"""The dialect of a self-hosted worker: OpenAI's routes as vLLM serves them, with vLLM's own errors.

Shapes after vLLM's OpenAI-compatible server. What routers ask a worker besides (`/health`, `/metrics`) is in
`stub_providers.worker`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stub_providers.dialects.dialect import Answer, Endpoint, Failure, Lookup, Refused
from stub_providers.dialects.openai import OpenAI
from stub_providers.dialects.openai.chat import ChatCompletions
from stub_providers.limits import Standing
from stub_providers.strikes import ErrorClass

MAX_MODEL_TOKENS = 131_072
_KINDS = {404: "NotFoundError", 429: "RateLimitError", 500: "InternalServerError", 503: "ServiceUnavailable"}


def _failure(status: int, message: str, param: str | None = None) -> Failure:
    kind = _KINDS.get(status, "BadRequestError" if status < 500 else "InternalServerError")
    error = {"message": message, "type": kind, "param": param, "code": status}
    return Failure(status=status, payload={"error": error})


def _refuse(
    message: str, model: str = "", *, param: str | None = None, code: str | None = None, status: int = 400
) -> Refused:
    """Refuse a request as vLLM does: what is wrong with it is a 400, and it has no codes but the status."""
    del code, status
    return Refused(_failure(400, message, param), model)


class Vllm(OpenAI):
    """Chat completions as vLLM serves them; requests are read as OpenAI's."""

    models = ("stub",)
    endpoints: Sequence[Endpoint] = (ChatCompletions(refuse=_refuse),)
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(429, "Too many requests."),
        "auth": Failure(status=401, payload={"error": "Unauthorized"}),
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

    @property
    def lookups(self) -> Sequence[Lookup]:
        """The listing of models."""
        return (Lookup(path="/v1/models", answer=lambda _, models: self.list_models(models)),)

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the server's own; unknown routes are the framework's."""
        if status in (404, 405):
            return Failure(status=status, payload={"detail": message})
        return _failure(status, message)

    def limit(self, _standing: Standing) -> Failure:
        """Return the 429 of whatever stands before it: vLLM itself limits nothing."""
        return self.failures["rate_limit"]

    def write_headers(self, _request_id: str, _answer: Answer | None) -> dict[str, str]:
        """Return none: vLLM has neither ids nor rate limits."""
        return {}

    def describe_model(self, name: str) -> dict[str, Any]:
        """Return one model as it is listed."""
        return super().describe_model(name) | {
            "owned_by": "vllm",
            "root": name,
            "parent": None,
            "max_model_len": MAX_MODEL_TOKENS,
        }
