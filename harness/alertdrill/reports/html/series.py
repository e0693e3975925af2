"""The label sets of an alert: what each one's value was, joined with what the alert did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Curve, Event, SuppressedSpan, Timeline

Key = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A label set of an alert; `curve` is None if its value was never seen, `held` is what held it back."""

    labels: Labels
    curve: Curve | None
    events: tuple[Event, ...]
    held: tuple[SuppressedSpan, ...] = ()


def gather_series(timeline: Timeline, alert: str, rules: Sequence[AlertRule]) -> tuple[Series, ...]:
    """Join each label set's curve with its events, the ones that did something or came near first.

    The labels that the rule itself adds are the same for all, and left out.
    """
    added: Key = (
        frozenset.intersection(*(frozenset(rule.labels.items()) for rule in rules)) if rules else frozenset()
    )
    events: dict[Key, list[Event]] = {}
    for event in timeline.events:
        if event.alert == alert:
            pairs = {(name, value) for name, value in event.labels.items() if name != "alertname"}
            events.setdefault(frozenset(pairs - added), []).append(event)
    joined: list[tuple[Labels, Curve | None, list[Event]]] = []
    curves = [curve for curve in timeline.curves if curve.alert == alert]
    for curve in sorted(curves, key=lambda curve: len(curve.labels), reverse=True):
        labels = {
            name: value
            for name, value in curve.labels.items()
            if name != "__name__" and (name, value) not in added
        }
        keys = [key for key in events if labels.items() <= key | added]
        joined.append((labels, curve, [event for key in keys for event in events.pop(key)]))
    joined += [(dict(sorted(key)), None, rest) for key, rest in events.items()]
    joined.sort(key=lambda one: (bool(one[2]), measure_nearness(one[1])), reverse=True)
    held: dict[int, list[SuppressedSpan]] = {}
    for span in timeline.paging.suppressed:
        owners = [
            (len(labels), -number)
            for number, (labels, _, _) in enumerate(joined)
            if span.alert == alert and labels.items() <= span.labels.items()
        ]
        if owners:
            held.setdefault(-max(owners)[1], []).append(span)
    return tuple(
        Series(
            labels=labels,
            curve=curve,
            events=tuple(sorted(mine, key=lambda event: event.at_s)),
            held=tuple(held.get(number, ())),
        )
        for number, (labels, curve, mine) in enumerate(joined)
    )


def measure_nearness(curve: Curve | None) -> float:
    """Return how far a curve went towards its threshold or past it; more is farther."""
    values = [value for _, value in curve.points if not math.isnan(value)] if curve else []
    if curve is None or not values:
        return -math.inf
    if curve.op.startswith("<"):
        return curve.threshold - min(values)
    if curve.op.startswith(">"):
        return max(values) - curve.threshold
    return -min(abs(value - curve.threshold) for value in values)
