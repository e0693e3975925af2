"""What OpenAI says of rate limits: what is left of requests and of tokens, and when all is there again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from stub_providers.dialects.dialect import Failure
from stub_providers.dialects.openai.errors import make_failure
from stub_providers.limits import Quota, Standing, Unit

SHOWN: Mapping[Unit, str] = {"requests": "requests", "tokens": "tokens"}
"""The units that headers name; other limits refuse without being shown."""
SHORT = {"requests": "RPM", "tokens": "TPM", "input_tokens": "TPM", "output_tokens": "TPM"}


def write_quota(name: str, quota: Quota) -> dict[str, str]:
    """Return the headers of one limit."""
    return {
        f"x-ratelimit-limit-{name}": str(quota.most),
        f"x-ratelimit-remaining-{name}": str(quota.left),
        f"x-ratelimit-reset-{name}": write_duration(quota.full_in_s),
    }


def write_standing(standing: Standing) -> dict[str, str]:
    """Return the headers of all limits that are shown."""
    found: dict[str, str] = {}
    for unit, name in SHOWN.items():
        if unit in standing.quotas:
            found |= write_quota(name, standing.quotas[unit])
    return found


def limit(standing: Standing) -> Failure:
    """Return OpenAI's answer to a request that a limit refuses."""
    unit = standing.refused_by or "requests"
    kind = "requests" if unit == "requests" else "tokens"
    quota = standing.quotas[unit]
    retry_ms = max(1, math.ceil(standing.retry_in_s * 1_000))
    return make_failure(
        429,
        f"Rate limit reached on {kind} per min ({SHORT[unit]}): Limit {quota.most}, Used "
        f"{quota.most - quota.left}, Requested {standing.wanted}. Please try again in "
        f"{write_duration(standing.retry_in_s)}.",
        kind,
        code="rate_limit_exceeded",
        **{
            "Retry-After": str(math.ceil(retry_ms / 1_000)),
            "retry-after-ms": str(retry_ms),
            **write_standing(standing),
        },
    )


def write_duration(seconds: float) -> str:
    """Return a duration as Go prints one, to the millisecond: `6ms`, `1.5s`, `6m0s`, `1h0m0s`."""
    whole_ms = math.ceil(seconds * 1_000)
    return f"{whole_ms}ms" if whole_ms < 1_000 else "".join(_list_parts(whole_ms))


def _list_parts(whole_ms: int) -> Iterator[str]:
    hours, minutes, left_ms = whole_ms // 3_600_000, whole_ms // 60_000 % 60, whole_ms % 60_000
    if hours:
        yield f"{hours}h"
    if hours or minutes:
        yield f"{minutes}m"
    yield f"{left_ms / 1_000:.3f}".rstrip("0").rstrip(".") + "s"
