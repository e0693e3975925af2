"""Instants as text, read once for all samples that have them."""

from __future__ import annotations

KEPT = 100_000
"""How many texts are kept at once."""


class Times(dict[str, int]):
    """Instants in milliseconds by their text; those of one scrape stand in many series."""

    def __init__(self, most_s: float) -> None:
        super().__init__()
        self._most_s = most_s

    def __missing__(self, text: str) -> int:
        at_s = float(text)
        if not -self._most_s <= at_s <= self._most_s:
            raise ValueError(text)
        if len(self) >= KEPT:
            self.clear()
        at_ms = self[text] = round(at_s * 1000)
        return at_ms
