"""What a behaviour can state, as data: its parts, their kinds, their fields, and the bounds of each.

`behaviour_reading` reads by it. Whoever reads behaviours in another notation, or publishes a schema of them,
goes by it too, so that a field that is added here is known everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .distributions import MAX_LATENCY_S
from .limits import UNITS

MAX_TOKENS = 10_000_000
MAX_CALLS = 1_000_000_000
MAX_SPELLS = 20
MAX_PERCENTILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number from `least` to `most`; whole, if it `is_whole`, and a length of time, if it `is_seconds`."""

    least: float = 0.0
    most: float
    is_whole: bool = False
    is_seconds: bool = False


Fields = Mapping[str, Number]
Notation = Literal["latency", "tokens", "errors", "flaw", "limits", "spells", "flag"]
"""How a part is stated."""

SECONDS = Number(most=MAX_LATENCY_S, is_seconds=True)
SOME_SECONDS = Number(least=0.001, most=MAX_LATENCY_S, is_seconds=True)
"""Of what may not be 0."""
SHARE = Number(most=1.0)
CALLS = Number(least=1, most=MAX_CALLS, is_whole=True)
TOKENS = Number(most=MAX_TOKENS, is_whole=True)
SIGMA = Number(most=5.0)

PARTS: Mapping[str, Notation] = {
    "latency": "latency",
    "first_token": "latency",
    "between_tokens": "latency",
    "completion_tokens": "tokens",
    "prompt_tokens": "tokens",
    "errors": "errors",
    "flaw": "flaw",
    "limits": "limits",
    "spells": "spells",
    "lookups": "flag",
}
LATENCIES: Mapping[str, Fields] = {
    "constant": {"s": SECONDS},
    "mixed": {"s": SECONDS, "slow_s": SECONDS, "every": CALLS},
    "uniform": {"low_s": SECONDS, "high_s": SECONDS},
    "lognormal": {"median_s": SECONDS, "sigma": SIGMA},
    "gamma": {"mean_s": SECONDS, "shape": Number(least=0.01, most=1_000.0)},
    "percentiles": {},
}
"""The fields that each kind of latency has to have; percentiles have `at`, seconds by percent."""
COUNTS: tuple[Fields, ...] = ({"low": TOKENS, "high": TOKENS}, {"median": TOKENS, "sigma": SIGMA})
"""What token counts are drawn from, where they are no number."""
WHEN: Fields = {"share": SHARE, "every": CALLS, "next": CALLS}
"""Which calls are struck: a share of them, every n-th, or the next n. Exactly one is stated."""
FLAWS: Mapping[str, Fields] = {
    "stall": {"for_s": SOME_SECONDS},
    "drip": {"bytes_per_s": Number(least=0.001, most=1_000_000_000.0)},
    "reset": {},
    "truncated": {},
    "malformed": {},
}
"""The fields that each kind of flaw has to have."""
AFTER: Fields = {"after": SHARE}
"""What each kind of flaw may have, but for those that are of the whole answer."""
WHOLE_FLAWS = frozenset({"malformed"})
LIMITS: Fields = dict.fromkeys(UNITS, CALLS)
PER: Fields = {"per_s": SOME_SECONDS}
SPELL: Fields = {
    "after_s": SECONDS,
    "for_s": SOME_SECONDS,
    "every_s": SOME_SECONDS,
    "slowdown": Number(most=1_000.0),
}
SPELL_PARTS = ("errors", "flaw")
"""What a spell has of a behaviour's parts."""
WRONG = ("slowdown", *SPELL_PARTS)
"""What is wrong in a spell; at least one is stated."""
TIMES = frozenset(
    name
    for fields in (*LATENCIES.values(), *FLAWS.values(), PER, SPELL)
    for name, number in fields.items()
    if number.is_seconds
)
"""The names of all fields that are lengths of time."""


def list_flaw_fields(kind: str) -> Fields:
    """Return the fields of a kind of flaw, without those that say which calls are struck."""
    return FLAWS[kind] if kind in WHOLE_FLAWS else {**AFTER, **FLAWS[kind]}
