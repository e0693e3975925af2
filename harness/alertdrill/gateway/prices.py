"""What a call costs: exact arithmetic, because cents add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    prompt_usd: Decimal
    completion_usd: Decimal


def compute_cost(price: Price, *, prompt_tokens: int, completion_tokens: int) -> Decimal:
    """Return what that many tokens cost, in US dollars, unrounded."""
    return (price.prompt_usd * prompt_tokens + price.completion_usd * completion_tokens) / MILLION
