"""The OpenRouter dialect: OpenAI's chat completions under `/api/v1`, the key, credits and models.

Shapes after OpenRouter's API reference. An error while an answer is made comes in the stream, whose status is
200: the answer breaks off with an error beside `finish_reason: error`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.dialects.dialect import Answer, Endpoint, Failure, Incoming, Lookup, Refused
from stub_providers.dialects.events import write_event
from stub_providers.dialects.openai.chat import ChatCompletions
from stub_providers.dialects.texts import encode
from stub_providers.limits import Standing, Unit
from stub_providers.strikes import ErrorClass

BASE = "/api/v1"
UPSTREAM = "Stub"
SHORT: Mapping[Unit, str] = {
    "requests": "rpm",
    "tokens": "tpm",
    "input_tokens": "tpm",
    "output_tokens": "tpm",
}
PRICES = {"prompt": 0.000_001, "completion": 0.000_002}
"""US dollars a token."""
MESSAGES = {404: "Not Found", 405: "Method Not Allowed"}


def _make_error(code: int, message: str, **metadata: object) -> dict[str, Any]:
    error: dict[str, Any] = {"message": message, "code": code}
    return error | ({"metadata": metadata} if metadata else {})


def _failure(error: Mapping[str, Any], **headers: str) -> Failure:
    return Failure(status=error["code"], payload={"error": error}, headers=headers)


def _refuse(
    message: str, model: str = "", *, param: str | None = None, code: str | None = None, status: int = 400
) -> Refused:
    """Refuse a request as OpenRouter does: with a status, and no word on which field."""
    del param, code
    return Refused(_failure(_make_error(status, message)), model)


UPSTREAM_FAILED = _make_error(
    502, "Provider returned error", provider_name=UPSTREAM, raw='{"error": "overloaded"}'
)


class RoutedChat(ChatCompletions):
    """Chat completions as OpenRouter passes them on; usage and cost are in each answer."""

    def __init__(self) -> None:
        super().__init__(f"{BASE}/chat/completions", _refuse)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the chunks, after a comment that keeps the connection; the last has the usage always."""
        head = self.write_head(answer, "chat.completion.chunk")
        frames = self.write_pieces(answer, head)
        frames[0] = b": OPENROUTER PROCESSING\n\n" + frames[0]
        frames[-1] += self._end(answer, head, {"usage": self.write_usage(answer)}, self.say_end(answer))
        frames[-1] += write_event(b"[DONE]")
        return tuple(frames)

    def broken_off(self, answer: Answer, error: ErrorClass) -> tuple[bytes, ...]:
        """Return the first token and then the upstream's error; others come before the stream."""
        if error != "server_error":
            return ()
        head = self.write_head(answer, "chat.completion.chunk")
        first = b": OPENROUTER PROCESSING\n\n" + self.write_pieces(answer, head)[0]
        last = self._end(answer, head, {"error": UPSTREAM_FAILED}, "error")
        return (first, last + write_event(b"[DONE]"))

    def _end(self, answer: Answer, head: Mapping[str, Any], more: Mapping[str, Any], reason: str) -> bytes:
        choices = [
            {
                "index": index,
                "delta": {"role": "assistant", "content": ""},
                "finish_reason": reason,
                "native_finish_reason": reason,
            }
            for index in range(answer.request.choices)
        ]
        return write_event(encode({**head, "choices": choices, **more}))

    def write_head(self, answer: Answer, kind: str) -> dict[str, Any]:
        """Return what an answer and each of its chunks begin with."""
        return super().write_head(answer, kind) | {"id": f"gen-{answer.id[:24]}", "provider": UPSTREAM}

    def write_usage(self, answer: Answer) -> dict[str, Any]:
        """Return the tokens, and what they cost in US dollars."""
        cost = answer.prompt_tokens * PRICES["prompt"] + answer.completion_tokens * PRICES["completion"]
        return super().write_usage(answer) | {
            "cost": round(cost, 9),
            "is_byok": False,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


class OpenRouter:
    """OpenRouter's routes, errors and headers."""

    models: tuple[str, ...] = ()
    endpoints: Sequence[Endpoint] = (RoutedChat(),)
    lookups: Sequence[Lookup] = ()
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(
            _make_error(429, "Rate limit exceeded: limit_rpm"),
            **{"Retry-After": "1", "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0"},
        ),
        "auth": _failure(_make_error(401, "No auth credentials found")),
        "server_error": _failure(UPSTREAM_FAILED),
        "context_overflow": _failure(
            _make_error(
                400,
                "This endpoint's maximum context length is 128000 tokens. However, you requested 131072 "
                "tokens. Please reduce the length of either one.",
            )
        ),
        "invalid_request": _failure(_make_error(400, "Invalid value for 'temperature'")),
    }
    unreadable_body = _failure(_make_error(400, "The request body is not valid JSON."))
    oversized_body = _failure(_make_error(413, "The request body is too large."))

    def __init__(self) -> None:
        self.lookups = (
            Lookup(path=f"{BASE}/key", answer=_describe_key),
            Lookup(path=f"{BASE}/credits", answer=_describe_credits),
            Lookup(path=f"{BASE}/models", answer=_list_models),
        )

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error whose code is the status."""
        return _failure(_make_error(status, MESSAGES.get(status, message)))

    def presented_key(self, _url: URL, headers: Mapping[str, str]) -> str:
        """Return the bearer token."""
        return bearer_token(headers)

    def limit(self, standing: Standing) -> Failure:
        """Return a 429 whose headers say how much there is, and when all of it is there again."""
        unit = standing.refused_by or "requests"
        quota = standing.quotas[unit]
        headers = {
            "X-RateLimit-Limit": str(quota.most),
            "X-RateLimit-Remaining": str(quota.left),
            "X-RateLimit-Reset": str(math.ceil((time.time() + quota.full_in_s) * 1_000)),
        }
        error = _make_error(429, f"Rate limit exceeded: limit_{SHORT[unit]}", headers=headers)
        retry_after = str(max(1, math.ceil(standing.retry_in_s)))
        return _failure(error, **{"Retry-After": retry_after}, **headers)

    def write_headers(self, request_id: str, answer: Answer | None) -> dict[str, str]:
        """Return the id of what was generated."""
        return {} if answer is None else {"X-Generation-Id": f"gen-{request_id[:24]}"}


def _describe_key(_incoming: Incoming, _models: Sequence[str]) -> dict[str, Any]:
    return {
        "data": {
            "label": "stub",
            "limit": None,
            "limit_remaining": None,
            "usage": 0,
            "usage_daily": 0,
            "usage_weekly": 0,
            "usage_monthly": 0,
            "is_free_tier": False,
            "rate_limit": {"requests": -1, "interval": "10s"},
        }
    }


def _describe_credits(_incoming: Incoming, _models: Sequence[str]) -> dict[str, Any]:
    return {"data": {"total_credits": 100, "total_usage": 0}}


def _list_models(_incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    pricing = {name: f"{price:.6f}" for name, price in PRICES.items()}
    return {
        "data": [
            {
                "id": name,
                "canonical_slug": name,
                "name": name,
                "created": 0,
                "description": "",
                "context_length": 128_000,
                "pricing": pricing,
            }
            for name in models
        ]
    }
