"""The signatures of Google's thoughts, which a call of a tool has to be given back with, unchanged.

https://ai.google.dev/gemini-api/docs/thought-signatures. Clients have one where Google's own endpoint for
OpenAI's clients puts it, `extra_content.google.thought_signature` of a call; Anthropic's format has no place
of its own, so that it is the same one of a `tool_use` block. Other providers are never sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.problems import refuse_parameter

MAX_LENGTH = 65_536
PLACE = "extra_content.google.thought_signature"


def read_signature(call: Mapping[str, Any], place: str) -> str | None:
    """Return the signature of a client's call, None without one; raises Problem (400) naming it."""
    extra = call.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    if signature is None:
        return None
    if not isinstance(signature, str) or not 0 < len(signature) <= MAX_LENGTH:
        raise refuse_parameter(f"{place}.{PLACE}", f"must be a string of 1 to {MAX_LENGTH} characters")
    return signature


def write_signature(signature: str | None) -> dict[str, Any]:
    """Return the field of a call that has a signature; none without one."""
    return {"extra_content": {"google": {"thought_signature": signature}}} if signature else {}
