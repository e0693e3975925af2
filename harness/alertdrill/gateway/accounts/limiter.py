"""A token bucket for each key, in rule time. Pure: `now_s` comes in.

A bucket holds ten seconds' worth of its rate, and at least one request; it fills at the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

BURST_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Whether a request may pass, how many could follow at once, and when the next may if it may not."""

    passes: bool
    remaining: float
    retry_after_s: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_s: float


class Limiter:
    """The buckets of all keys; there are as many as keys."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key_id: str, requests_per_minute: int, now_s: float) -> Allowance:
        """Take one request out of a key's bucket, if there is one in it."""
        rate_per_s = requests_per_minute / 60
        most = max(1.0, rate_per_s * BURST_S)
        bucket = self._buckets.setdefault(key_id, _Bucket(most, now_s))
        bucket.tokens = min(most, bucket.tokens + (now_s - bucket.filled_s) * rate_per_s)
        bucket.filled_s = now_s
        if bucket.tokens < 1:
            wait_s = (1 - bucket.tokens) / rate_per_s
            return Allowance(passes=False, remaining=0.0, retry_after_s=wait_s)
        bucket.tokens -= 1
        return Allowance(passes=True, remaining=bucket.tokens, retry_after_s=0.0)
