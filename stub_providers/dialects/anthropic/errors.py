"""How Anthropic refuses."""

from __future__ import annotations

from collections.abc import Mapping

from stub_providers.dialects.dialect import Failure, Refused
from stub_providers.strikes import ErrorClass


def make_failure(status: int, kind: str, message: str, **headers: str) -> Failure:
    """Return an error as Anthropic writes it; the request's id stands in its body too."""
    payload = {"type": "error", "error": {"type": kind, "message": message}}
    return Failure(status=status, payload=payload, headers=headers, id_field="request_id")


def refuse(message: str, model: str = "") -> Refused:
    """Refuse a request because of one of its fields."""
    return Refused(make_failure(400, "invalid_request_error", message), model)


FAILURES: Mapping[ErrorClass, Failure] = {
    "rate_limit": make_failure(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit.",
        **{
            "Retry-After": "1",
            "anthropic-ratelimit-requests-limit": "10000",
            "anthropic-ratelimit-requests-remaining": "0",
            "x-should-retry": "true",
        },
    ),
    "auth": make_failure(401, "authentication_error", "invalid x-api-key", **{"x-should-retry": "false"}),
    "server_error": make_failure(529, "overloaded_error", "Overloaded", **{"x-should-retry": "true"}),
    "context_overflow": make_failure(
        400, "invalid_request_error", "prompt is too long: 212480 tokens > 200000 maximum"
    ),
    "invalid_request": make_failure(
        400, "invalid_request_error", "temperature: Input should be less than or equal to 1"
    ),
}
