"""The OpenAI dialect: chat completions, responses, embeddings and models.

Shapes after OpenAI's API reference (chat completions, responses, embeddings, models, errors, rate limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.dialects.dialect import Answer, Endpoint, Failure, Incoming, Lookup
from stub_providers.dialects.openai.chat import ChatCompletions
from stub_providers.dialects.openai.embeddings import Embeddings
from stub_providers.dialects.openai.errors import (
    FAILURES,
    OVERSIZED_BODY,
    UNREADABLE_BODY,
    make_failure,
    refuse,
)
from stub_providers.dialects.openai.limits import limit, write_quota, write_standing
from stub_providers.dialects.openai.responses import Responses
from stub_providers.limits import Quota, Standing
from stub_providers.strikes import ErrorClass

REQUESTS, TOKENS = 10_000, 2_000_000
"""What the headers say of rate limits, each minute, where no behaviour has any."""
MESSAGES = {
    404: "Invalid URL: there is no such route.",
    405: "Not allowed: perhaps you meant to use a different HTTP method?",
}
CODES = {405: "method_not_supported"}


class OpenAI:
    """OpenAI's routes, errors and headers."""

    models: tuple[str, ...] = ()
    endpoints: Sequence[Endpoint] = (ChatCompletions(), Responses(), Embeddings())
    failures: Mapping[ErrorClass, Failure] = FAILURES
    unreadable_body = UNREADABLE_BODY
    oversized_body = OVERSIZED_BODY

    @property
    def lookups(self) -> Sequence[Lookup]:
        """The listing of models, and each of them."""
        return (
            Lookup(path="/v1/models", answer=lambda _, models: self.list_models(models)),
            Lookup(path="/v1/models/{model:.+}", answer=self._find_model),
        )

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the server's own."""
        kind = "invalid_request_error" if status < 500 else "server_error"
        return make_failure(status, MESSAGES.get(status, message), kind, code=CODES.get(status))

    def presented_key(self, _url: URL, headers: Mapping[str, str]) -> str:
        """Return the bearer token."""
        return bearer_token(headers)

    def write_headers(self, request_id: str, answer: Answer | None) -> dict[str, str]:
        """Return the request's id, how long it took, and what is left of the rate limits."""
        headers = {"x-request-id": f"req_{request_id}", "openai-version": "2020-10-01"}
        if answer is None:
            return headers
        left = max(0, TOKENS - answer.prompt_tokens - answer.completion_tokens)
        full_in_s = (TOKENS - left) * 60 / TOKENS
        headers |= {
            "openai-organization": "stub",
            "openai-processing-ms": str(round(answer.latency_s * 1000)),
            **write_quota("requests", Quota(most=REQUESTS, left=REQUESTS - 1, full_in_s=60 / REQUESTS)),
            **write_quota("tokens", Quota(most=TOKENS, left=left, full_in_s=full_in_s)),
        }
        return headers | (write_standing(answer.standing) if answer.standing else {})

    def limit(self, standing: Standing) -> Failure:
        """Return a 429 that says which limit, and when to try again."""
        return limit(standing)

    def list_models(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models."""
        return {"object": "list", "data": [self.describe_model(name) for name in models]}

    def describe_model(self, name: str) -> dict[str, Any]:
        """Return one model as it is listed."""
        return {"id": name, "object": "model", "created": 0, "owned_by": "stub"}

    def _find_model(self, incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
        name = incoming.path["model"]
        if name not in models:
            raise refuse(
                "The model does not exist or you do not have access to it.",
                param="model",
                code="model_not_found",
                status=404,
            )
        return self.describe_model(name)
