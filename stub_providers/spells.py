"""Spells: times in which a provider is worse than otherwise, once or again and again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .flaws import Flaw
from .strikes import Errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From `after_s` on, for `for_s` seconds, and again every `every_s`, calls meet this besides.

    The times count from when the behaviour was told. A call is `slowdown` times as slow, and fails by
    `errors`, unless it does anyhow; `flaw` takes the place of the behaviour's own.
    """

    after_s: float = 0.0
    for_s: float
    every_s: float | None = None
    slowdown: float = 1.0
    errors: Errors | None = None
    flaw: Flaw | None = None

    def find_turn(self, age_s: float) -> int | None:
        """Return which of its turns a behaviour of this age is in, from 0, if any."""
        since_s = age_s - self.after_s
        if since_s < 0:
            return None
        if self.every_s is None:
            return 0 if since_s < self.for_s else None
        turn, into_s = divmod(since_s, self.every_s)
        return int(turn) if into_s < self.for_s else None
