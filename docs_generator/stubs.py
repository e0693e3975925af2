"""Reference page of the stub providers, made of the dialects that they speak."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docs_generator.commands import NOTE
from docs_generator.stub_behaviours import write_behaviours
from stub_providers.dialects import DIALECTS
from stub_providers.dialects.dialect import Dialect, Failure
from stub_providers.strikes import ERROR_CLASSES, ErrorClass

INTRODUCTION = """\
What a [stub provider](../how-to/stubs.md) serves in each dialect, and how it fails. The providers' own Python
clients, of today and of two years ago, are tested with them: each call, and each error as the client's own
exception; OpenRouter is asked with OpenAI's client.

- **Answers** are made-up sentences, the same each time. Where a request offers tools, the first is
  called, or the one that `tool_choice` demands; once the conversation has a tool's result, it is answered
  in words. Where JSON is asked for, JSON is answered: the smallest that fits the schema. `n` and
  `candidateCount` are kept.
- **Log probabilities** are refused, as the providers do for models that have none.
- **Fields** that a provider requires or bounds are checked, and refused in its own words and shape.
  Anthropic's API version 2026-10-21 refuses `temperature`, `top_p` and `top_k`, the versions before take
  them. Its key is `x-api-key` or a bearer token.
- **Headers**: OpenAI's and Anthropic's request ids and rate limits, `Retry-After` on 429 (of Gemini, in
  the body). The limits are what a large account has, unless a behaviour has others.
- **Unknown routes** answer as the provider's front end does: OpenAI, Anthropic and OpenRouter in their
  error's shape, Gemini a page of HTML, Ollama `404 page not found`, vLLM `{"detail": …}`.
- **Not served**: batches, files, audio, images, moderation, stored responses, Gemini's stream as one JSON
  array (without `alt=sse`), Ollama's pulls.
"""
MOST_CHARS = 40
CONNECTIONS = {
    "network": "the connection is reset",
    "timeout": "no answer for an hour of rule time, then a reset",
    "unknown": "200, and half of the JSON of an answer",
}


def write_stubs() -> str:
    """Return the page."""
    parts = [f"# Stub providers\n\n{NOTE}\n\n{INTRODUCTION}"]
    parts.append(
        "## Routes\n\n| dialect | asked for, as its behaviour says | answered at once |\n|---|---|---|"
    )
    parts.extend(_list_routes())
    parts.append(
        "\n## Errors\n\nEach error class of a behaviour as a client meets it: the status, and what names the "
        "error in the body.\nThe others are alike in all dialects: "
        + "; ".join(f"`{name}`: {what}" for name, what in CONNECTIONS.items())
        + ".\n\n| class | "
        + " | ".join(f"`{name}`" for name in DIALECTS)
        + " |\n|---"
        + "|---" * len(DIALECTS)
        + "|"
    )
    parts.extend(_list_errors())
    parts.append(
        "\nOpenRouter's `server_error` of a stream comes after the first token, under status 200: a chunk "
        "with `error`\nbeside `finish_reason: error`."
    )
    parts.append(f"\n{write_behaviours()}")
    return "\n".join(parts) + "\n"


def _list_routes() -> Iterator[str]:
    for name, dialect in DIALECTS.items():
        asked = "<br>".join(f"`POST {_say_path(endpoint.path)}`" for endpoint in dialect.endpoints)
        looked = [f"`{lookup.method} {_say_path(lookup.path)}`" for lookup in dialect.lookups]
        if name == "vllm":
            looked += ["`GET /health`", "`GET /metrics`"]
        kept = [one for one in looked if "{call}" not in one]
        yield f"| `{name}` | {asked} | {'<br>'.join(kept)} |"


def _say_path(pattern: str) -> str:
    """Return a route's pattern as a reader writes it."""
    path = re.sub(r"\{version:[^}]*\}", "{v1,v1beta}", pattern)
    return re.sub(r"\{(\w+):[^}]*\}", lambda match: f"{{{match[1]}}}", path).replace("{model}", "MODEL")


def _list_errors() -> Iterator[str]:
    for error in ERROR_CLASSES:
        if error not in CONNECTIONS:
            cells = (_say_failure(dialect, error) for dialect in DIALECTS.values())
            yield f"| `{error}` | {' | '.join(cells)} |"


def _say_failure(dialect: Dialect, error: ErrorClass) -> str:
    failure = dialect.failures[error]
    retry = ", `Retry-After`" if "Retry-After" in failure.headers else ""
    return f"{failure.status} {_say_kind(failure)}{retry}"


def _say_kind(failure: Failure) -> str:
    """Return what names an error: its kinds, or else the beginning of its message."""
    payload = failure.payload
    found = payload["error"] if isinstance(payload, dict) else payload
    if not isinstance(found, dict):
        return _shorten(str(found))
    named = [found.get(name) for name in ("status", "type", "code") if isinstance(found.get(name), str)]
    return ", ".join(f"`{name}`" for name in named) if named else _shorten(str(found["message"]))


def _shorten(text: str) -> str:
    return f"“{text}”" if len(text) <= MOST_CHARS else f"“{text[:MOST_CHARS].rsplit(' ', 1)[0]} …”"
