"""What became of a synthetic alert, hop by hop. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

HopOutcome = Literal["done", "not delivered", "suppressed", "could not tell"]
JourneyOutcome = Literal["delivered", "not delivered", "could not tell", "not sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of an alert's way: what it was, how long it took in wall seconds, what it came to, and why.

    `took_s` is None for what did not happen. `evidence` is a sentence without a full stop.
    """

    name: str
    took_s: float | None
    outcome: HopOutcome
    evidence: str = ""


def find_outcome(hops: Sequence[Hop]) -> JourneyOutcome:
    """Return the worst of the hops; what is known to have failed is worse than what is not known."""
    if not hops:
        return "not sent"
    outcomes = {hop.outcome for hop in hops}
    if outcomes & {"not delivered", "suppressed"}:
        return "not delivered"
    return "could not tell" if "could not tell" in outcomes else "delivered"
