"""What an alert's expression will read under given traffic: arithmetic for choosing intensities. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

QUANTILE = 0.99
ROUNDING = 6
"""Decimals to which quotients are rounded, lest 1 / 0.04 be a little more than 25."""
SCRAPE_S = 15.0
"""Between two scrapes: what a window is longer than the samples in it reach."""
NEARLY = 0.95
"""Of a threshold: one call fewer in a window is not enough to pass it."""
LULL = 0.2
"""How much of the traffic goes on while it is low."""


def find_bucket(latency_s: float, bounds_s: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of the bucket that a latency falls into; raises ValueError beyond the last."""
    lower_s = 0.0
    for upper_s in bounds_s:
        if latency_s <= upper_s:
            return lower_s, upper_s
        lower_s = upper_s
    raise ValueError(f"{latency_s:g} s is beyond the last bound")


def interpolate_p99(latency_s: float, bounds_s: Sequence[float]) -> float:
    """Return what histogram_quantile(0.99, …) reads when every call takes this long."""
    lower_s, upper_s = find_bucket(latency_s, bounds_s)
    return lower_s + QUANTILE * (upper_s - lower_s)


def choose_latency_below(threshold_s: float, bounds_s: Sequence[float]) -> float:
    """Return a latency whose p99 reads just under a threshold: in the last bucket that ends by it.

    It is near the bucket's lower bound, because a busy machine adds to latencies and never takes away.
    """
    upper_s = max(bound_s for bound_s in bounds_s if bound_s <= threshold_s)
    lower_s, _ = find_bucket(upper_s, bounds_s)
    return lower_s + 0.2 * (upper_s - lower_s)


def choose_latency_above(threshold_s: float, bounds_s: Sequence[float]) -> float:
    """Return a latency whose p99 reads above a threshold: the middle of the first bucket beyond it."""
    lower_s = min(bound_s for bound_s in bounds_s if bound_s >= threshold_s)
    upper_s = min(bound_s for bound_s in bounds_s if bound_s > lower_s)
    return (lower_s + upper_s) / 2


def choose_every(share: float) -> int:
    """Return the least n for which a failure of every n-th call is at most a share of all calls."""
    return math.ceil(round(1 / share, ROUNDING))


def choose_call_rate(threshold: float, window_s: float) -> float:
    """Return a rate of calls at which 7.5 failures in a window are a threshold's share of them.

    So many that one failure more or less does not decide, and the same number whatever the threshold is.
    """
    return 7.5 / (threshold * window_s)


def choose_rate_for_failures(
    failures: int, threshold: float, window_s: float, lull_s: float = 0.0, *, besides: int = 0
) -> float:
    """Return the rate of calls at which so many failures in a window come to nearly a threshold's share.

    For `lull_s` of that window, there are only `LULL` times as many. `besides` come from elsewhere.
    """
    return (failures / (NEARLY * threshold) - besides) / (window_s - SCRAPE_S - (1 - LULL) * lull_s)


def find_outage_crossing_s(
    threshold: float, rate_per_s: float, healthy_s: float, *, to_cool: int, cooldown_s: float
) -> float:
    """Return how long after a provider went down the share of its failed calls passes a threshold.

    Before, there were healthy calls for `healthy_s`. After `to_cool` failures, only one probe in `cooldown_s`
    is left to fail. The first failure is not seen, since a counter is born with it.
    """
    failures = 1 + rate_per_s * healthy_s * threshold / (1 - threshold)
    return min(failures, to_cool) / rate_per_s + max(0.0, failures - to_cool) * cooldown_s


def sum_usd(stages: Sequence[tuple[float, float]], usd_per_call: float) -> float:
    """Return what stages of (seconds, calls per second) cost."""
    return usd_per_call * sum(duration_s * rate_per_s for duration_s, rate_per_s in stages)


def to_hourly(usd: float, window_s: float) -> float:
    """Return what `rate(…[window]) * 3600` reads when so much was spent inside the window."""
    return usd / window_s * 3600
