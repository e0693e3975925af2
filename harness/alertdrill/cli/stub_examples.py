"""Command lines that talk to a stub provider, to be copied from a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

ANY_MODEL = "stub-model"
_MESSAGES = [{"role": "user", "content": "Hello"}]
_PATHS = {
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/{model}:generateContent",
    "ollama": "/api/chat",
    "openai": "/v1/chat/completions",
    "openrouter": "/api/v1/chat/completions",
    "vllm": "/v1/chat/completions",
}
_KEY_HEADERS = {"anthropic": "x-api-key: {key}", "gemini": "x-goog-api-key: {key}"}
SLOW_AND_LIMITED = {
    "latency": {"kind": "constant", "s": 2},
    "errors": {"class": "rate_limit", "share": 0.5},
}


def say_call(dialect: str, url: str, *, key_env: str | None, model: str = ANY_MODEL) -> str:
    """Return the command that asks a stub for a completion; a key is taken from the environment."""
    headers = ["Content-Type: application/json"]
    if dialect == "anthropic":
        headers.append("anthropic-version: 2023-06-01")
    body: dict[str, Any] = {"model": model, "messages": _MESSAGES}
    if dialect == "gemini":
        body = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    elif dialect == "anthropic":
        body["max_tokens"] = 64
    elif dialect == "ollama":
        body["stream"] = False
    if key_env is not None:
        key_header = _KEY_HEADERS.get(dialect, "Authorization: Bearer {key}")
        headers.append(key_header.format(key=f"${key_env}"))
    return _say_curl(["curl", url + _PATHS[dialect].format(model=quote(model, safe=""))], headers, body)


def say_controls(url: str, token: str) -> Iterator[tuple[str, str]]:
    """Yield what can be done to a stub, and the command that does it; the token may be a `$VARIABLE`."""
    headers = [f"Authorization: Bearer {token}"]
    every = f"{url}/control/models/*"
    yield "slow, and half of it limited", _say_curl(["curl", "-X", "PUT", every], headers, SLOW_AND_LIMITED)
    yield "as at first", _say_curl(["curl", "-X", "DELETE", every], headers)
    listening = ["curl", "-X", "PUT", f"{url}/control/listening"]
    yield "out of reach", _say_curl(listening, headers, {"listening": False})
    yield "back again", _say_curl(listening, headers, {"listening": True})
    yield "what it answered so far", _say_curl(["curl", f"{url}/control/state"], headers)


def _say_curl(words: list[str], headers: list[str], body: Mapping[str, Any] | None = None) -> str:
    """Return a command line; a header that has a variable is written so that a shell puts in what it has."""
    line = shlex.join(words)
    for header in headers:
        line += f' -H "{header}"' if "$" in header else f" -H {shlex.quote(header)}"
    return line if body is None else f"{line} -d {shlex.quote(json.dumps(body))}"
