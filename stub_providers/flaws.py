"""What goes wrong with an answer after it has begun."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from .strikes import Strike

FlawKind = Literal["stall", "drip", "reset", "truncated", "malformed"]
"""Nothing comes for a while; it comes in small pieces, slowly; the connection is reset; it ends in order
before the answer is whole; the answer is whole, and in its middle is no JSON."""
SPOILS: frozenset[FlawKind] = frozenset(("reset", "truncated", "malformed"))
"""The flaws after which a client has no answer."""
NO_JSON = b"<html>"
"""What stands in the middle of a malformed answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Strikes some answers, when `after` of their bytes have been sent.

    `for_s` is how long a stall lasts, `bytes_per_s` how fast a drip is, both in rule time.
    """

    kind: FlawKind
    when: Strike
    after: float = 0.5
    for_s: float = 0.0
    bytes_per_s: float = 0.0

    def strikes(self, call: int, rng: random.Random) -> bool:
        """Say whether call number `call` (from 1) is struck."""
        return self.when.strikes(call, rng)


def spoil(whole: bytes) -> bytes:
    """Return an answer with something in its middle that no client can read."""
    middle = len(whole) // 2
    # The lines are for a middle that is within a text, where JSON has none.
    return whole[:middle] + b"\n" + NO_JSON + b"\n" + whole[middle:]
