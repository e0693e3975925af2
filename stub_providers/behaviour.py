"""How a provider behaves, per model: latency, token counts and errors. Pure and seeded; no I/O.

All times are seconds of rule time.
"""

from __future__ import annotations

import math
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

EVERY_MODEL = "*"
DEFAULT_COMPLETION_TOKENS = 64
ERROR_LATENCY_S = 0.1
STALL_S = 3_600.0
MAX_LATENCY_S = 86_400.0
FIRST_TOKEN_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Every call takes `s` seconds."""

    s: float

    def draw(self, _call: int, _rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return self.s


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Calls number `every`, 2 * `every`, ... take `slow_s` seconds, the others `s`; see `ErrorEvery`."""

    s: float
    slow_s: float
    every: int

    def draw(self, call: int, _rng: random.Random) -> float:
        """Return the latency of call number `call` (from 1) in seconds."""
        return self.slow_s if call % self.every == 0 else self.s


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """A call takes between `low_s` and `high_s` seconds, each as likely."""

    low_s: float
    high_s: float

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return rng.uniform(self.low_s, self.high_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A call takes exp(N(ln median_s, sigma)) seconds, and never more than `MAX_LATENCY_S`."""

    median_s: float
    sigma: float

    def draw(self, _call: int, rng: random.Random) -> float:
        """Return the latency of one call in seconds."""
        return min(self.median_s * math.exp(rng.gauss(0.0, self.sigma)), MAX_LATENCY_S)


Latency = Constant | Mixed | Uniform | Lognormal


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorShare:
    """A call fails with probability `share`."""

    error: ErrorClass
    share: float

    def strikes(self, _call: int, rng: random.Random) -> bool:
        """Say whether this call fails."""
        return rng.random() < self.share


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvery:
    """Calls number `every`, 2 * `every`, ... fail, counted from when the behaviour was told."""

    error: ErrorClass
    every: int

    def strikes(self, call: int, _rng: random.Random) -> bool:
        """Say whether call number `call` (from 1) fails."""
        return call % self.every == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorNext:
    """The first `count` calls after the behaviour was told fail, and no later one."""

    error: ErrorClass
    count: int

    def strikes(self, call: int, _rng: random.Random) -> bool:
        """Say whether call number `call` (from 1) fails."""
        return call <= self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What calls to a model meet; a part that is not told has the default here.

    Without `completion_tokens` a completion has 64 and keeps to the request's limit; without
    `prompt_tokens` they are estimated from the request.
    """

    latency: Latency = Constant(s=1.0)
    completion_tokens: int | None = None
    prompt_tokens: int | None = None
    errors: ErrorShare | ErrorEvery | ErrorNext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one call meets: after `latency_s`, `error` or an answer with these token counts."""

    latency_s: float
    error: ErrorClass | None
    prompt_tokens: int
    completion_tokens: int
    truncated: bool


class Engine:
    """Decides what each call meets, the same for the same seed, tells and order of calls.

    A behaviour for `"*"` governs every model that has none of its own; at first it is `default`. Its calls
    are counted, and its random numbers begin, when it is told.
    """

    def __init__(self, seed: str, default: Behaviour = Behaviour()) -> None:
        self._seed = seed
        self._default = default
        self._governors: dict[str, _Governor] = {}
        self.tell(EVERY_MODEL, default)

    def tell(self, model: str, behaviour: Behaviour) -> None:
        """Replace the behaviour of `model`, starting its call count and random numbers anew."""
        self._governors[model] = _Governor(behaviour, random.Random(f"{self._seed}/{model}"))  # noqa: S311 - repeatable, no secret

    def forget(self, model: str) -> bool:
        """Drop the behaviour of `model` (`"*"`: go back to the first default); say whether it had one."""
        if model == EVERY_MODEL:
            self.tell(EVERY_MODEL, self._default)
            return True
        return self._governors.pop(model, None) is not None

    def decide(self, model: str, *, estimated_prompt_tokens: int, max_tokens: int | None) -> Decision:
        """Decide what the next call to `model` meets."""
        governor = self._governors.get(model) or self._governors[EVERY_MODEL]
        behaviour = governor.behaviour
        error, latency_s = governor.next_call()
        told = behaviour.completion_tokens
        wanted = DEFAULT_COMPLETION_TOKENS if told is None else told
        truncated = max_tokens is not None and wanted > max_tokens
        return Decision(
            latency_s=latency_s,
            error=error,
            prompt_tokens=(
                estimated_prompt_tokens if behaviour.prompt_tokens is None else behaviour.prompt_tokens
            ),
            completion_tokens=max_tokens if truncated and told is None and max_tokens is not None else wanted,
            truncated=truncated,
        )


class _Governor:
    """A behaviour in force, with the calls that it has governed."""

    __slots__ = ("_calls", "_rng", "behaviour")

    def __init__(self, behaviour: Behaviour, rng: random.Random) -> None:
        self.behaviour = behaviour
        self._rng = rng
        self._calls = 0

    def next_call(self) -> tuple[ErrorClass | None, float]:
        self._calls += 1
        latency_s = self.behaviour.latency.draw(self._calls, self._rng)
        errors = self.behaviour.errors
        if errors is None or not errors.strikes(self._calls, self._rng):
            return None, latency_s
        return errors.error, STALL_S if errors.error == "timeout" else min(ERROR_LATENCY_S, latency_s)


def piece_times_s(latency_s: float, pieces: int) -> tuple[float, ...]:
    """Return when each of a stream's `pieces` (at least 1) is due, counted from the request.

    The first comes after `FIRST_TOKEN_SHARE` of the latency, the last when it is over; a stream of
    one piece comes when the latency is over.
    """
    if pieces == 1:
        return (latency_s,)
    first_s = latency_s * FIRST_TOKEN_SHARE
    step_s = (latency_s - first_s) / (pieces - 1)
    return (*(first_s + step_s * index for index in range(pieces - 1)), latency_s)
