"""How Google refuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stub_providers.dialects.dialect import Failure, Refused
from stub_providers.limits import Standing, Unit
from stub_providers.strikes import ErrorClass

STATUS_OF_CODE = {
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
QUOTA_IDS: Mapping[Unit, str] = {
    "requests": "GenerateRequests",
    "tokens": "GenerateContentTokens",
    "input_tokens": "GenerateContentInputTokens",
    "output_tokens": "GenerateContentOutputTokens",
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


def limit(standing: Standing) -> Failure:
    """Return Google's answer to a request that a quota refuses; nothing of it stands in headers."""
    unit = standing.refused_by or "requests"
    metric = "generate_content_requests" if unit == "requests" else "generate_content_input_token_count"
    return make_failure(
        429,
        "You exceeded your current quota, please check your plan and billing details. Please retry in "
        f"{standing.retry_in_s:.3f}s.",
        {
            "@type": f"{_TYPES}.QuotaFailure",
            "violations": [
                {
                    "quotaMetric": f"generativelanguage.googleapis.com/{metric}",
                    "quotaId": f"{QUOTA_IDS[unit]}PerMinutePerProjectPerModel",
                    "quotaValue": str(standing.quotas[unit].most),
                }
            ],
        },
        {"@type": f"{_TYPES}.RetryInfo", "retryDelay": f"{max(1, math.ceil(standing.retry_in_s))}s"},
    )


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
