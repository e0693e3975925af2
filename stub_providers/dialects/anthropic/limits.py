"""What Anthropic says of rate limits: what is left of each, and the instant when all of it is there again."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

from stub_providers.dialects.anthropic.errors import make_failure
from stub_providers.dialects.dialect import Failure
from stub_providers.limits import Standing


def write_quota(name: str, *, most: int, left: int, full_in_s: float) -> dict[str, str]:
    """Return the headers of one limit."""
    reset_at = datetime.fromtimestamp(math.ceil(time.time() + full_in_s), UTC)
    return {
        f"anthropic-ratelimit-{name}-limit": str(most),
        f"anthropic-ratelimit-{name}-remaining": str(left),
        f"anthropic-ratelimit-{name}-reset": reset_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write_standing(standing: Standing) -> dict[str, str]:
    """Return the headers of all limits."""
    found: dict[str, str] = {}
    for unit, quota in standing.quotas.items():
        name = unit.replace("_", "-")
        found |= write_quota(name, most=quota.most, left=quota.left, full_in_s=quota.full_in_s)
    return found


def limit(standing: Standing) -> Failure:
    """Return Anthropic's answer to a request that a limit refuses."""
    unit = standing.refused_by or "requests"
    what = "requests" if unit == "requests" else unit.replace("_", " ")
    return make_failure(
        429,
        "rate_limit_error",
        f"This request would exceed your organization's rate limit of {standing.quotas[unit].most} {what} "
        "per minute.",
        **{
            "Retry-After": str(max(1, math.ceil(standing.retry_in_s))),
            "x-should-retry": "true",
            **write_standing(standing),
        },
    )
