"""What a provider's requests came to: counts by model and outcome, of what they met, and of their tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from stub_providers.behaviour import Decision

MAX_MODELS = 1_000
NO_MODEL = ""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the requests of one model came to.

    `met` counts what a behaviour did to them: an error (`error_rate_limit`), a limit that refused
    (`limit_tokens`), a flaw (`flaw_stall`), a spell (`spell`). Sums are in tokens and in rule time.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    latencies: int = 0
    latency_sum_s: float = 0.0


class Ledger:
    """Counts requests by model and outcome: `"ok"`, an error class, or a flaw that spoiled the answer.

    Requests that named no model, or one past the first `MAX_MODELS` names, are counted under `NO_MODEL`.
    """

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}

    def count(self, model: str, outcome: str) -> None:
        """Count one request."""
        self._find(model).outcomes[outcome] += 1

    def note(self, model: str, decision: Decision) -> None:
        """Note what a request is about to meet."""
        tally = self._find(model)
        tally.latencies += 1
        tally.latency_sum_s += decision.latency_s
        standing = decision.standing
        if standing is not None and standing.refused_by is not None:
            tally.met[f"limit_{standing.refused_by}"] += 1
        elif decision.error is not None:
            tally.met[f"error_{decision.error}"] += 1
        if decision.flaw is not None:
            tally.met[f"flaw_{decision.flaw.kind}"] += 1
        if decision.spells:
            tally.met["spell"] += 1

    def add_tokens(self, model: str, *, prompt: int, completion: int) -> None:
        """Count the tokens of an answer that arrived."""
        tokens = self._find(model).tokens
        tokens["prompt"] += prompt
        tokens["completion"] += completion

    def _find(self, model: str) -> Tally:
        if model not in self._tallies and len(self._tallies) >= MAX_MODELS:
            model = NO_MODEL
        return self._tallies.setdefault(model, Tally())

    @property
    def models(self) -> tuple[str, ...]:
        """The models asked for so far, in order of appearance."""
        return tuple(model for model in self._tallies if model != NO_MODEL)

    def list_tallies(self) -> Iterator[tuple[str, Tally]]:
        """Yield each model and what its requests came to."""
        yield from self._tallies.items()

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts as `{model: {outcome: count}}`, of those that are over."""
        return {model: dict(tally.outcomes) for model, tally in self._tallies.items() if tally.outcomes}
