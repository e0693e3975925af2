"""Calls of which no two are alike, so that each can be seen to be sent once."""

from __future__ import annotations

import json
from collections import Counter

MODELS = ["openai:gpt-4o", "anthropic:claude-haiku-4-5"]
NEW_EACH_TIME = {
    "models": MODELS,
    "key": "k",
    "prompts": 1,
    "new_from": 0,
    "new_until": 100_000,
    "new_share": 1.0,
}
"""Options of cache_collapse with which every request has a body of its own."""


def make_profile(*, duration_s: float, rate_per_s: float, **changes):
    """Return a load profile whose requests can be told apart."""
    stages = [{"duration_s": duration_s, "rate_per_s": rate_per_s}]
    return {
        "name": "asks",
        "scenario": "cache_collapse",
        "stages": stages,
        "options": NEW_EACH_TIME,
        **changes,
    }


def count_bodies(gateway) -> Counter[str]:
    """Return how often each chat request was sent."""
    return Counter(json.dumps(seen.body, sort_keys=True) for seen in gateway.calls)
