"""What the gateway refuses, in the shape in which OpenAI reports errors.

Shape: https://platform.openai.com/docs/guides/error-codes, `{"error": {"message", "type", "param", "code"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from alertdrill.core.error_classes import ErrorClass

STATUS_OF_CLASS: dict[ErrorClass, int] = {
    "rate_limit": 429,
    "auth": 503,
    "server_error": 502,
    "network": 503,
    "context_overflow": 400,
    "timeout": 504,
    "invalid_request": 400,
    "unknown": 502,
}
QUOTED_LENGTH = 200
FAILURE = web.RequestKey("failure", str)
"""Under which a request keeps the code of the error that it ended with."""
CLIENT_LEFT = "client_left"
"""The failure of a request whose client did not wait for the end of its answer."""


class Problem(Exception):
    """A request that ends with an error; `status` is the HTTP status, `document` the answer's body.

    `headers` come on top of the answer's own.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or type_
        self.headers = dict(headers or {})
        self.document: dict[str, Any] = {
            "error": {"message": message, "type": type_, "param": param, "code": code}
        }


def explain(status: int, sentence: str) -> Problem:
    """Return the problem of what no route had to do with.

    It is no HTTP, it expects what there is not, it came on a connection too many, or we failed.
    """
    if status < 500:
        return Problem(status, sentence, code="bad_request")
    if status == 503:
        return Problem(status, sentence, type_="overloaded", code="overloaded")
    return Problem(status, sentence, type_="server_error", code="internal_error")


def refuse_parameter(param: str, why: str) -> Problem:
    """Return the problem of a parameter that cannot be used; its name stands before `why`."""
    return Problem(400, f"{param} {why}", param=param, code="invalid_value")


def quote(text: str) -> str:
    """Return what a client sent, shortened for a message."""
    return repr(text if len(text) <= QUOTED_LENGTH else text[:QUOTED_LENGTH] + "…")


def refuse_model(name: str) -> Problem:
    """Return the problem of a model that there is not."""
    message = f"there is no model {quote(name)}; GET /v1/models lists all"
    return Problem(404, message, code="model_not_found", param="model")


def describe_failure(error_class: ErrorClass, message: str) -> Problem:
    """Return the problem of a call that failed upstream; type and code are its class."""
    if error_class == "context_overflow":
        return Problem(400, message, code="context_length_exceeded", param="messages")
    if error_class == "invalid_request":
        return Problem(400, message, code="invalid_request")
    return Problem(STATUS_OF_CLASS[error_class], message, type_=error_class, code=error_class)
