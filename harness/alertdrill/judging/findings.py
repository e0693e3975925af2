"""How a finding is made of what was seen of an alert. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from alertdrill.core.expectation import Expected
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, EventKind
from alertdrill.core.verdict import Finding, Outcome

Miss = tuple[Outcome, str]
"""What is wrong, or how all is right: the outcome and its sentence."""
Identity = tuple[tuple[str, str], ...]
"""Labels, as what tells one alert from another."""


def identify(labels: Labels) -> Identity:
    """Return labels in an order that is theirs alone."""
    return tuple(sorted(labels.items()))


def find_hops(events: Sequence[Event]) -> dict[str, float]:
    """Return the instant of each hop, each the first one after the hop that it follows.

    Where several alerts are meant, all of them have resolved once none is active any more.
    """
    after: dict[EventKind, EventKind] = {"paged": "firing", "resolved": "firing", "page_resolved": "paged"}
    hops: dict[str, float] = {}
    order: tuple[EventKind, ...] = ("pending", "firing", "paged", "resolved", "page_resolved")
    for kind in order:
        follows = after.get(kind)
        if follows is not None and follows not in hops:
            continue
        since_s = hops[follows] if follows is not None else -math.inf
        if kind == "resolved":
            at_s = _find_resolved_s(events, since_s)
        else:
            at_s = min(
                (event.at_s for event in events if event.kind == kind and event.at_s >= since_s), default=None
            )
        if at_s is not None:
            hops[kind] = at_s
    return hops


def _find_resolved_s(events: Sequence[Event], since_s: float) -> float | None:
    active: set[Identity] = set()
    ends = [event for event in events if event.kind in {"firing", "resolved"} and event.at_s >= since_s]
    for event in sorted(ends, key=lambda event: (event.at_s, event.kind == "resolved")):
        labels = identify(event.labels)
        if event.kind == "firing":
            active.add(labels)
            continue
        active.discard(labels)
        if not active:
            return event.at_s
    return None


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


def put_in_doubt(finding: Finding, doubt: str) -> Finding:
    """Return a finding of which nobody can tell how it came out; as it is without a doubt."""
    return replace(finding, outcome="unobserved", broke_at=None, doubt=doubt) if doubt else finding
