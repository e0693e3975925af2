"""How many examples a generated test tries, where it costs more or less than others do."""

from __future__ import annotations

from hypothesis import settings


def scale_examples(share: float) -> int:
    """Return a share of what the profile at hand says, at least one; `make check` has a smaller profile."""
    return max(1, round(share * settings.default.max_examples))
