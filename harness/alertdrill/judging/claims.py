"""What drills claim of alerts. Pure.

A *claim* is one thing to prove of an alert: that it becomes pending, fires, pages a receiver, resolves, that
its page closes, or that it stays silent in a near miss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.core.expectation import Integration

Hop = Literal["pending", "fires", "paged", "resolved", "page closed", "near miss"]

HOPS: tuple[Hop, ...] = ("pending", "fires", "paged", "resolved", "page closed", "near miss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is to be proved of an alert; `receiver` is set for pages, `integration` where a drill names it."""

    alert: str
    hop: Hop
    receiver: str | None = None
    integration: Integration | None = None


def say_claim(claim: Claim) -> str:
    """Say what is claimed, without the alert: `paged acme-ticket by slack`."""
    return f"{claim.hop} {say_inbox(claim)}".rstrip()


def say_inbox(claim: Claim) -> str:
    """Say who is paged: `acme-ticket by slack`; nothing for what is no page."""
    by = f" by {claim.integration}" if claim.integration else ""
    return f"{claim.receiver}{by}" if claim.receiver else ""
