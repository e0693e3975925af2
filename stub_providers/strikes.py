"""Which calls are struck, and by which errors. Pure and seeded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, get_args

ErrorClass = Literal[
    "rate_limit",
    "auth",
    "server_error",
    "network",
    "context_overflow",
    "timeout",
    "invalid_request",
    "unknown",
]
ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A call is struck with probability `share`."""

    share: float

    def strikes(self, _call: int, rng: random.Random) -> bool:
        """Say whether this call is struck."""
        return rng.random() < self.share


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Calls number `every`, 2 * `every`, ... are struck, counted from when the behaviour was told."""

    every: int

    def strikes(self, call: int, _rng: random.Random) -> bool:
        """Say whether call number `call` (from 1) is struck."""
        return call % self.every == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The first `count` calls after the behaviour was told are struck, and no later one."""

    count: int

    def strikes(self, call: int, _rng: random.Random) -> bool:
        """Say whether call number `call` (from 1) is struck."""
        return call <= self.count


Strike = Share | Every | Next


@dataclass(frozen=True, slots=True, kw_only=True)
class OneError:
    """Calls that are struck fail with one class of error."""

    error: ErrorClass
    when: Strike

    def draw(self, call: int, rng: random.Random) -> ErrorClass | None:
        """Return the error of call number `call` (from 1), if it fails."""
        return self.error if self.when.strikes(call, rng) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMix:
    """Of all calls each class of error strikes its own share; the shares sum up to 1 at most."""

    shares: tuple[tuple[ErrorClass, float], ...]

    def draw(self, _call: int, rng: random.Random) -> ErrorClass | None:
        """Return the error of this call, if it fails."""
        left = rng.random()
        for error, share in self.shares:
            if left < share:
                return error
            left -= share
        return None


Errors = OneError | ErrorMix
