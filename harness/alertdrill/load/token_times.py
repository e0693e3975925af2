"""How long streamed answers made their readers wait: for the first token, and from one piece to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alertdrill.load.statistics import find_percentile

TO_FIRST = "TTFT"
BETWEEN = "ITL"
"""Locust's request types of the two: time to first token, and inter-token latency."""
MAX_GAPS = 200_000
"""How many gaps of a load profile its report is made of; Locust's statistics count all."""

Show = Callable[[str, float], None]
"""Has Locust show a time of a request type."""


class TokenTimes:
    """The times of one process's load profiles, in rule time."""

    def __init__(self) -> None:
        self._first_s: dict[str, list[float]] = {}
        self._gaps_s: dict[str, list[float]] = {}

    def note(self, profile: str, first_s: float, gaps_s: Sequence[float], show: Show) -> None:
        """Note a stream: how long after its call was due the first token came, and the gaps after that."""
        self._first_s.setdefault(profile, []).append(first_s)
        gaps = self._gaps_s.setdefault(profile, [])
        gaps.extend(gaps_s[: MAX_GAPS - len(gaps)])
        show(TO_FIRST, first_s)
        for gap_s in gaps_s:
            show(BETWEEN, gap_s)

    def as_json(self) -> dict[str, dict[str, Any]]:
        """Return the percentiles so far, of each load profile that had a stream."""
        return {profile: self._report(profile) for profile in self._first_s}

    def _report(self, profile: str) -> dict[str, Any]:
        first_s, gaps_s = self._first_s[profile], self._gaps_s[profile]
        first_s.sort()
        gaps_s.sort()
        return {
            "streams": len(first_s),
            "first_token_p50_s": find_percentile(first_s, 0.5),
            "first_token_p99_s": find_percentile(first_s, 0.99),
            "between_tokens_p50_s": find_percentile(gaps_s, 0.5),
            "between_tokens_p99_s": find_percentile(gaps_s, 0.99),
        }
