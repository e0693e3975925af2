"""The Anthropic dialect: messages, the counting of their tokens, and models.

Shapes after Anthropic's API reference (messages, streaming, tokens, models, errors, rate limits, versions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.dialects.anthropic.errors import FAILURES, make_failure
from stub_providers.dialects.anthropic.limits import limit, write_quota, write_standing
from stub_providers.dialects.anthropic.messages import Messages, count_tokens
from stub_providers.dialects.anthropic.validation import check_version
from stub_providers.dialects.dialect import Answer, Endpoint, Failure, Incoming, Lookup, Refused
from stub_providers.limits import Standing
from stub_providers.strikes import ErrorClass

KINDS = {404: "not_found_error", 413: "request_too_large"}
MESSAGES = {404: "Not Found", 405: "Method Not Allowed"}
LIMITS = {"requests": 10_000, "input-tokens": 2_000_000, "output-tokens": 400_000, "tokens": 2_400_000}
"""What the headers say of rate limits, each minute, where no behaviour has any."""
MAX_PAGE = 1_000


class Anthropic:
    """Anthropic's routes, errors and headers."""

    models: tuple[str, ...] = ()
    endpoints: Sequence[Endpoint] = (Messages(),)
    lookups: Sequence[Lookup] = ()
    failures: Mapping[ErrorClass, Failure] = FAILURES
    unreadable_body = make_failure(400, "invalid_request_error", "The request body is not valid JSON")
    oversized_body = make_failure(413, "request_too_large", "Request exceeds the maximum size")

    def __init__(self) -> None:
        self.lookups = (
            Lookup(path="/v1/messages/count_tokens", method="POST", answer=count_tokens),
            Lookup(path="/v1/models", answer=_list_models),
            Lookup(path="/v1/models/{model:.+}", answer=_find_model),
        )

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error of the request's, or of the API's own."""
        kind = KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")
        return make_failure(status, kind, MESSAGES.get(status, message))

    def presented_key(self, _url: URL, headers: Mapping[str, str]) -> str:
        """Return the `x-api-key`, or else the bearer token, which newer clients send."""
        return headers.get("x-api-key") or bearer_token(headers)

    def write_headers(self, request_id: str, answer: Answer | None) -> dict[str, str]:
        """Return the request's id, and what is left of the rate limits."""
        headers = {"request-id": f"req_{request_id}"}
        if answer is None:
            return headers
        used = {
            "requests": 1,
            "input-tokens": answer.prompt_tokens,
            "output-tokens": answer.completion_tokens,
        }
        used["tokens"] = used["input-tokens"] + used["output-tokens"]
        for name, most in LIMITS.items():
            headers |= write_quota(name, most=most, left=max(0, most - used[name]), full_in_s=60)
        headers |= write_standing(answer.standing) if answer.standing else {}
        return headers | {"anthropic-organization-id": "stub"}

    def limit(self, standing: Standing) -> Failure:
        """Return a 429 that says which limit, and when to try again."""
        return limit(standing)


def _describe_model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def _list_models(incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    """Return a page of the listing: the models after `after_id`, `limit` at most."""
    check_version(incoming.headers)
    names = list(models)
    after = incoming.url.query.get("after_id")
    if after in names:
        names = names[names.index(after) + 1 :]
    wanted = incoming.url.query.get("limit", "20")
    size = (
        min(int(wanted), MAX_PAGE) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else MAX_PAGE
    )
    page = names[: max(1, size)]
    return {
        "data": [_describe_model(name) for name in page],
        "has_more": len(page) < len(names),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _find_model(incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    check_version(incoming.headers)
    name = incoming.path["model"]
    if name not in models:
        raise Refused(make_failure(404, "not_found_error", "model: there is no such model"))
    return _describe_model(name)
