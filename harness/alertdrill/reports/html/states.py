"""What an alert's label set did, as stretches of time that can be drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.core.timeline import Curve, Event
from alertdrill.reports.html.series import Series

Stretch = tuple[str, float, float]
"""`pending` or `firing`, from when, until when."""
_STATES = {"pending", "firing", "resolved"}


def list_states(one: Series, until_s: float) -> Iterator[Stretch]:
    """Yield the states of a label set; what has not ended by the end of the run ends there."""
    state, since_s = "", 0.0
    for event in one.events:
        if event.kind not in _STATES:
            continue
        if state:
            ends_s = event.at_s
            if state == "pending" and event.kind == "pending":
                ends_s = min(ends_s, _falls_s(one.curve, since_s, until_s))
            yield state, since_s, ends_s
        state, since_s = ("" if event.kind == "resolved" else event.kind), event.at_s
    if state:
        yield state, since_s, _falls_s(one.curve, since_s, until_s) if state == "pending" else until_s


def list_firing(events: Sequence[Event], until_s: float) -> Iterator[tuple[str, float, float]]:
    """Yield (alert, from, until) of everything that fired, in order."""
    since_s: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for event in events:
        key = event.alert, frozenset(event.labels.items())
        if event.kind == "firing":
            since_s.setdefault(key, event.at_s)
        elif event.kind == "resolved" and key in since_s:
            yield event.alert, since_s.pop(key), event.at_s
    for (alert, _), from_s in since_s.items():
        yield alert, from_s, until_s


def _falls_s(curve: Curve | None, since_s: float, until_s: float) -> float:
    """Return when a pending alert went back to inactive, which nothing announces: when its curve did."""
    if curve is None:
        return until_s
    sign = -1.0 if curve.op.startswith("<") else 1.0
    return next(
        (
            at_s
            for at_s, value in curve.points
            if at_s > since_s and not sign * value >= sign * curve.threshold
        ),
        until_s,
    )
