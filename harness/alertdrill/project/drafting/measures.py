"""What rules of gateways measure, and what traffic makes of it. Pure.

Each kind knows the value that a condition brings it to; None where that cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.project.drafting.conditions import Condition, ErrorKind
from alertdrill.project.drafting.latencies import Latency

Counted = Literal["calls", "errors", "refusals", "tokens", "usd"]
"""calls: every call. errors: those that a provider fails. refusals: those without a valid key. tokens: of
prompts and answers. usd: what calls cost."""

PROMPT_TOKENS = 100
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
