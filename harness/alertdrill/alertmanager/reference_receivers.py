"""Who is paged for what in the reference routing; `reference.py` makes the config of it."""

from __future__ import annotations

UNROUTED = "unrouted"
"""Takes what no route does."""
_ENDINGS = {"critical": "page", "warning": "ticket"}


def name_receiver(system: str, severity: str | None) -> str:
    """Return the receiver of a system's alerts of a severity: `S-page`, `S-ticket`, or else `unrouted`."""
    ending = _ENDINGS.get(severity or "")
    return UNROUTED if ending is None else f"{system}-{ending}"
