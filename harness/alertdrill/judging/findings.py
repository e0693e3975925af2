"""How a finding is made of what was seen of an alert. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from alertdrill.core.expectation import Expected
from alertdrill.core.timeline import Event, EventKind
from alertdrill.core.verdict import Finding, Outcome

Miss = tuple[Outcome, str]
"""What is wrong, or how all is right: the outcome and its sentence."""


def find_hops(events: Sequence[Event]) -> dict[str, float]:
    """Return the instant of each hop, each the first one after the hop that it follows."""
    after: dict[EventKind, EventKind] = {"paged": "firing", "resolved": "firing", "page_resolved": "paged"}
    hops: dict[str, float] = {}
    order: tuple[EventKind, ...] = ("pending", "firing", "paged", "resolved", "page_resolved")
    for kind in order:
        follows = after.get(kind)
        if follows is not None and follows not in hops:
            continue
        since_s = hops[follows] if follows is not None else -math.inf
        at_s = min(
            (event.at_s for event in events if event.kind == kind and event.at_s >= since_s), default=None
        )
        if at_s is not None:
            hops[kind] = at_s
    return hops


def make_finding(
    expected: Expected, hops: Mapping[str, float], said: Miss, broke_at: EventKind | None = None
) -> Finding:
    """Return how an expectation came out, with the hops that were seen and what is said of them."""
    outcome, evidence = said
    return Finding(
        outcome=outcome,
        alert=expected.alert,
        labels=expected.labels,
        expectation=expected,
        observed=hops,
        evidence=evidence,
        broke_at=broke_at,
    )
