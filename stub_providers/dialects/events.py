"""Server-sent events, as providers put them on the wire."""

from __future__ import annotations

from stub_providers.dialects.texts import encode


def write_event(data: bytes, *, newline: bytes = b"\n") -> bytes:
    """Return an event without a name."""
    return b"data: " + data + newline * 2


def write_named(kind: str, **data: object) -> bytes:
    """Return an event whose name is its `type` too."""
    return b"event: " + kind.encode() + b"\n" + write_event(encode({"type": kind, **data}))
