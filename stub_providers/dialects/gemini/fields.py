"""Fields of Gemini's documents, which have two names each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_field(value: Mapping[str, Any], name: str) -> Any:
    """Return a field by its name in JSON, or as it is called in the protocol buffer."""
    if name in value:
        return value[name]
    return value.get("".join(f"_{char.lower()}" if char.isupper() else char for char in name))
