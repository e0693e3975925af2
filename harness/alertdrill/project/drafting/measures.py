"""What rules of gateways measure, and what traffic makes of it. Pure.

Each kind knows the value that a condition brings it to; None where that cannot be known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

ErrorKind = Literal["server_error", "rate_limit", "timeout"]
Counted = Literal["calls", "errors", "refusals", "tokens", "usd"]
"""calls: every call. errors: those that a provider fails. refusals: those without a valid key. tokens: of
prompts and answers. usd: what calls cost."""

PROMPT_TOKENS = 100
OVERHEAD_S = 0.02
"""What a gateway may add to each call: a bucket's bound nearer than this is none to rely on."""
USD_PER_MILLION = {
    "gpt-4.1": (2.0, 8.0),
    "gpt-4.1-mini": (0.4, 1.6),
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "o3": (2.0, 8.0),
}
"""List prices of a million tokens, of prompts and of answers; what a gateway charges may differ."""


def find_usd_per_million(model: str) -> tuple[float, float] | None:
    """Return the list prices of a model, whoever provides it; None if they are not known."""
    return USD_PER_MILLION.get(model.rpartition("/")[2].rpartition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What clients and providers do from some instant on.

    `rate_per_s` calls come, of which `share` fail as `error`; the others take from `low_s` to `high_s`.
    `scan_per_s` more have no valid key. `usd` is what an ordinary call costs, None where nobody knows.
    """

    rate_per_s: float
    share: float = 0.0
    error: ErrorKind = "server_error"
    low_s: float = 0.05
    high_s: float = 0.05
    scan_per_s: float = 0.0
    tokens: int = 0
    usd: float | None = None
    is_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something is counted: a second if `per_s`, else in the window."""

    counted: Counted
    window_s: float
    per_s: bool
    error: ErrorKind = "server_error"

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to."""
        match self.counted:
            case "calls":
                per_s: float | None = at.rate_per_s
            case "errors":
                per_s = at.rate_per_s * at.share if at.error == self.error else 0.0
            case "refusals":
                per_s = at.scan_per_s
            case "tokens":
                per_s = at.rate_per_s * at.tokens if at.tokens else None
            case "usd":
                per_s = None if at.usd is None else at.rate_per_s * at.usd
        if per_s is None:
            return None
        return per_s if self.per_s else per_s * self.window_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which share of all calls is counted, or is not, if `is_rest`."""

    counted: Counted
    error: ErrorKind = "server_error"
    is_rest: bool = False

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to."""
        if self.counted == "refusals":
            sent = at.rate_per_s + at.scan_per_s
            share = at.scan_per_s / sent if sent else 0.0
        elif at.scan_per_s:
            return None  # a refusal may count as a failure, or not at all
        else:
            share = at.share if at.error == self.error else 0.0
        return 1 - share if self.is_rest else share


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long calls take, in units of `unit_s`: a quantile of a histogram, or their mean without one.

    `bounds` are the finite bounds of its buckets, in its unit; none where nobody knows them.
    """

    quantile: float | None
    bounds: tuple[float, ...] = ()
    unit_s: float = 1.0

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to."""
        low, high = at.low_s / self.unit_s, at.high_s / self.unit_s
        if self.quantile is None:
            return (low + high) / 2
        exact = low + (high - low) * self.quantile
        return interpolate(self.bounds, self.quantile, low, high) if self.bounds else exact

    def find_spans(self, least: float, most: float) -> tuple[float, float] | None:
        """Return between which durations, in seconds, calls have to take for a value between two.

        The value is what Prometheus reads out of the buckets. None if no durations bring it there.
        """
        if self.quantile is None or not self.bounds:
            middle = (least + most) / 2 if most < math.inf else least * 1.5
            return middle * self.unit_s, middle * self.unit_s
        edges = [0.0, *self.bounds]
        middles = [(low + high) / 2 for low, high in pairwise(edges)]
        spans = [(middle, middle) for middle in middles] + [(edges[-1] * 1.5,) * 2]
        if most < math.inf:
            # A few calls beyond a bound move a quantile between bounds that are far apart.
            ends = [bound * (1 + step / 100) for bound in self.bounds for step in (*range(1, 20), 50, 100)]
            spans += [(start, end) for start in middles for end in ends if end > start]
        late = OVERHEAD_S / self.unit_s
        fitting: list[tuple[float, float, float]] = []
        for low, high in spans:
            values = [
                interpolate(self.bounds, self.quantile, low + more, high + more) for more in (0.0, late)
            ]
            if least <= min(values) and max(values) <= most:
                # Calls that all take as long are the easiest to read, and then what is in the middle. Of
                # others a window has by chance some more slow ones, so they aim low.
                off = low if most == math.inf else abs(max(values) - (least + most) / 2)
                if low != high:
                    off = max(values)
                fitting.append((off + (most if low != high else 0.0), low, high))
        if not fitting:
            return None
        _, low, high = min(fitting)
        return low * self.unit_s, high * self.unit_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether the target is scraped: 1 if it is, 0 if not; the other way round if it is asked for absence."""

    of_absence: bool = False

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to."""
        return float(at.is_down == self.of_absence)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCall:
    """Whether the last call failed that a provider was asked: 1 if it did, 0 if not."""

    def estimate(self, at: Condition) -> float | None:
        """Return what a condition brings the value to; it changes all the time where only some calls fail."""
        return at.share if at.share in {0.0, 1.0} else None


Measure = Count | Share | Latency | Presence | LastCall


def interpolate(bounds: tuple[float, ...], quantile: float, low: float, high: float) -> float:
    """Return what histogram_quantile gives for durations spread evenly from `low` to `high`."""

    def find_rank(bound: float) -> float:
        if high == low:
            return float(low <= bound)
        return min(1.0, max(0.0, (bound - low) / (high - low)))

    start, below = 0.0, 0.0
    for bound in bounds:
        rank = find_rank(bound)
        if rank >= quantile and rank > below:
            return start + (bound - start) * (quantile - below) / (rank - below)
        start, below = bound, rank
    return bounds[-1]
