"""Which metrics are counters: by their type where it is known, else by their names. Pure."""

from __future__ import annotations

import re

from alertdrill.linting.surroundings import Known

_COUNTING = re.compile(r"(?:_total|_bucket|_count|_sum)$")
_ONLY_COUNTING = re.compile(r"_(?:total|bucket)$")


def is_counter(name: str, known: Known) -> bool:
    """Say whether a metric only ever grows, by its type or by what its name ends in."""
    kind = find_type(name, known)
    if kind is not None:
        return kind in {"counter", "histogram"}
    return name not in known.recorded and _COUNTING.search(name) is not None


def is_surely_counter(name: str, known: Known) -> bool:
    """Say whether a metric is a counter by its type, or has the ending that only counters should have."""
    kind = find_type(name, known)
    if kind is not None:
        return kind in {"counter", "histogram"}
    return name not in known.recorded and _ONLY_COUNTING.search(name) is not None


def find_type(name: str, known: Known) -> str | None:
    """Return the type of a metric as its target tells it; None where nobody does."""
    return None if known.metrics is None else known.metrics.types.get(name)
