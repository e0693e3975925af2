"""What a provider's requests came to: counts by model and outcome."""

from __future__ import annotations

from collections import Counter

MAX_MODELS = 1_000
NO_MODEL = ""


class Ledger:
    """Counts requests by model and outcome (`"ok"` or an error class).

    Requests that named no model, or one past the first `MAX_MODELS` names, are counted under `NO_MODEL`.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def count(self, model: str, outcome: str) -> None:
        """Count one request."""
        if model not in self._counts and len(self._counts) >= MAX_MODELS:
            model = NO_MODEL
        self._counts.setdefault(model, Counter())[outcome] += 1

    @property
    def models(self) -> tuple[str, ...]:
        """The models asked for so far, in order of appearance."""
        return tuple(model for model in self._counts if model != NO_MODEL)

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts as `{model: {outcome: count}}`."""
        return {model: dict(outcomes) for model, outcomes in self._counts.items()}
