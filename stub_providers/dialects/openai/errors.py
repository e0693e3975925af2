"""How OpenAI refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stub_providers.dialects.dialect import Failure, Refused
from stub_providers.strikes import ErrorClass


class Refuse(Protocol):
    """Makes a refusal of a request in the shape of whoever serves these routes."""

    def __call__(
        self,
        message: str,
        model: str = "",
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
    ) -> Refused:
        """Return what says no to a request for `model`, because of its field `param`."""


def make_failure(
    status: int, message: str, kind: str, *, param: str | None = None, code: str | None = None, **headers: str
) -> Failure:
    """Return an error as OpenAI writes it."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Failure(status=status, payload={"error": error}, headers=headers)


def refuse(
    message: str, model: str = "", *, param: str | None = None, code: str | None = None, status: int = 400
) -> Refused:
    """Refuse a request as OpenAI does."""
    return Refused(make_failure(status, message, "invalid_request_error", param=param, code=code), model)


FAILURES: Mapping[ErrorClass, Failure] = {
    "rate_limit": make_failure(
        429,
        "Rate limit reached for requests. Please try again in 1s.",
        "requests",
        code="rate_limit_exceeded",
        **{
            "Retry-After": "1",
            "retry-after-ms": "1000",
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1s",
        },
    ),
    "auth": make_failure(401, "Incorrect API key provided.", "invalid_request_error", code="invalid_api_key"),
    "server_error": make_failure(
        500, "The server had an error while processing your request. Sorry about that!", "server_error"
    ),
    "context_overflow": make_failure(
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in "
        "131072 tokens. Please reduce the length of the messages.",
        "invalid_request_error",
        param="messages",
        code="context_length_exceeded",
    ),
    "invalid_request": make_failure(
        400,
        "Invalid value for 'temperature': expected a number between 0 and 2.",
        "invalid_request_error",
        param="temperature",
        code="invalid_value",
    ),
}
UNREADABLE_BODY = make_failure(
    400, "We could not parse the JSON body of your request.", "invalid_request_error"
)
OVERSIZED_BODY = make_failure(413, "The request body is too large.", "invalid_request_error")
