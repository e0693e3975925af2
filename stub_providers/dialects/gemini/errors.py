"""How Google refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stub_providers.behaviour import ErrorClass
from stub_providers.dialects.dialect import Failure, Refused

STATUS_OF_CODE = {
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPES = "type.googleapis.com/google.rpc"


def make_failure(code: int, message: str, *details: Mapping[str, Any]) -> Failure:
    """Return a google.rpc.Status as it stands in HTTP."""
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "status": STATUS_OF_CODE.get(code, "INVALID_ARGUMENT"),
    }
    if details:
        error["details"] = details
    return Failure(status=code, payload={"error": error})


def refuse(message: str, model: str = "", code: int = 400) -> Refused:
    """Refuse a request."""
    return Refused(make_failure(code, message), model)


FAILURES: Mapping[ErrorClass, Failure] = {
    "rate_limit": make_failure(
        429,
        "Resource has been exhausted (e.g. check quota).",
        {"@type": f"{_TYPES}.RetryInfo", "retryDelay": "1s"},
    ),
    "auth": make_failure(
        400,
        "API key not valid. Please pass a valid API key.",
        {
            "@type": f"{_TYPES}.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        },
    ),
    "server_error": make_failure(503, "The model is overloaded. Please try again later."),
    "context_overflow": make_failure(
        400, "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."
    ),
    "invalid_request": make_failure(
        400, "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"warm\""
    ),
}
