"""When requests are sent: instants drawn from stages before the test starts (open-loop arrivals).

Nothing that a server does can delay such a schedule. A closed loop, where a user waits for an answer
before it asks again, would send less the slower the server is, and hide the very slowness it measures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Literal

Kind = Literal["uniform", "poisson", "gamma"]

MAX_ARRIVALS = 200_000
LEAST_BURSTINESS, MOST_BURSTINESS = 0.01, 100.0
"""Beyond these, a load profile is a few bursts, or as good as evenly spaced."""

_ROUNDING = 1e-9


def draw_arrivals(
    stages: Sequence[tuple[float, float]],
    *,
    kind: Kind = "uniform",
    burstiness: float = 1.0,
    seed: int | str = 0,
) -> tuple[float, ...]:
    """Return the instants of all arrivals, in order, in seconds since the first stage began.

    A stage is (duration_s, rate_per_s). `uniform` spaces them evenly and sends as many as the integral of
    the rate says, to the nearest whole one; what a stage leaves over is carried to the next. `poisson`
    draws a Poisson process of that rate, and `gamma` one whose gaps have a gamma distribution of the shape
    `burstiness`: 1 is Poisson, less comes in bursts, more comes more evenly. Both draw the same instants for
    the same seed, and as many as `uniform` on the average. Raises ValueError when durations or rates are
    negative or not finite, when the burstiness is out of bounds, or when more than MAX_ARRIVALS are to be
    expected.
    """
    if not all(math.isfinite(value) and value >= 0 for stage in stages for value in stage):
        raise ValueError("durations and rates must be finite and not negative")
    expected = sum(duration_s * rate_per_s for duration_s, rate_per_s in stages)
    if expected > MAX_ARRIVALS:
        raise ValueError(f"{expected:.0f} arrivals are more than {MAX_ARRIVALS}")
    if not LEAST_BURSTINESS <= burstiness <= MOST_BURSTINESS:
        raise ValueError(f"burstiness must be between {LEAST_BURSTINESS:g} and {MOST_BURSTINESS:g}")
    marks = {
        "uniform": lambda: _space_evenly(expected),
        "poisson": lambda: _draw_poisson(seed),
        "gamma": lambda: _draw_gamma(seed, burstiness),
    }[kind]()
    return tuple(_place(marks, stages))


def _space_evenly(expected: float) -> Iterator[float]:
    """Yield 0.5, 1.5, 2.5 …: each arrival in the middle of the stretch in which one is expected."""
    count = math.floor(expected + 0.5 + _ROUNDING)
    return (index + 0.5 for index in range(count))


def _draw_poisson(seed: int | str) -> Iterator[float]:
    """Yield the instants of an endless Poisson process of rate 1."""
    draws = random.Random(seed)  # noqa: S311 - a schedule to be repeated, not a secret
    mark = 0.0
    while True:
        mark += draws.expovariate(1.0)
        yield mark


def _draw_gamma(seed: int | str, shape: float) -> Iterator[float]:
    """Yield the instants of an endless renewal process of rate 1, with gaps of a gamma distribution.

    It has always been running when one begins to look, else a stage would begin with a burst: the first gap
    is what is left of the one that is under way then, and long gaps are likelier to be under way.
    """
    draws = random.Random(seed)  # noqa: S311 - a schedule to be repeated, not a secret
    mark = draws.random() * draws.gammavariate(shape + 1, 1 / shape)
    while True:
        yield mark
        mark += draws.gammavariate(shape, 1 / shape)


def _place(marks: Iterator[float], stages: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Yield the instant at which the integral of the rate reaches each mark, up to the last stage's end."""
    start_s = reached = 0.0
    mark = next(marks, math.inf)
    for duration_s, rate_per_s in stages:
        through = reached + duration_s * rate_per_s
        while rate_per_s > 0 and mark <= through + _ROUNDING:
            yield start_s + min(duration_s, max(0.0, mark - reached) / rate_per_s)
            mark = next(marks, math.inf)
        start_s += duration_s
        reached = through
