"""Which calls were sent and have no answer yet: what a test that does not end is waiting for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any


class OpenCalls:
    """Calls under way, by load profile and by method and path, each with the rule time at which it left."""

    def __init__(self) -> None:
        self._numbers = count()
        self._open: dict[int, tuple[str, str, float]] = {}

    @contextmanager
    def hold(self, profile: str, path: str, at_s: float) -> Iterator[None]:
        """Keep a call among them during the `with` block."""
        number = next(self._numbers)
        self._open[number] = (profile, path, at_s)
        try:
            yield
        finally:
            del self._open[number]

    def as_json(self) -> list[dict[str, Any]]:
        """Return how many there are of each load profile and path, and since when the oldest waits."""
        found: dict[tuple[str, str], list[float]] = {}
        for profile, path, at_s in self._open.values():
            found.setdefault((profile, path), []).append(at_s)
        return [
            {"profile": profile, "path": path, "calls": len(instants), "since_s": min(instants)}
            for (profile, path), instants in found.items()
        ]
