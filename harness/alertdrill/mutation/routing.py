"""Whom an alert would page with other labels, by the routing tree alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.alertmanager.routes import Route, match_routes
from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Event, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.core.wording import say_names
from alertdrill.judging.judge import matches
from alertdrill.judging.kinds import find_kind
from alertdrill.mutation.mutant import Mutant


def list_routed_values(route: Route) -> dict[str, tuple[str, ...]]:
    """Return the labels that a routing tree looks at, each with the values that it asks for."""
    values: dict[str, dict[str, None]] = {}
    for matcher in _list_matchers(route):
        found = values.setdefault(matcher[0], {})
        if matcher[1] == "=" and matcher[2]:
            found[matcher[2]] = None
    values.pop("alertname", None)
    return {label: tuple(found) for label, found in values.items()}


def _list_matchers(route: Route) -> Iterator[tuple[str, str, str]]:
    for matcher in route.matchers:
        yield matcher.name, matcher.operator, matcher.value
    for child in route.routes:
        yield from _list_matchers(child)


def find_misrouted(route: Route, mutant: Mutant, place: Placement, timeline: Timeline) -> Finding | None:
    """Return the first page that a drill expects and that goes elsewhere with a mutant's labels.

    The timeline is that of the rules as they are.
    """
    rule = mutant.rule
    if not isinstance(rule, AlertRule):
        return None
    for expected in place.drill.expects:
        receivers = _list_proved(expected)
        for event in _find_firing(expected, mutant, place, timeline):
            before = _list_receivers(route, event.alert, event.labels)
            labels = relabel(event.labels, mutant)
            after = _list_receivers(route, event.alert, labels)
            for receiver in receivers:
                if receiver in before and receiver not in after:
                    return Finding(
                        outcome="missing",
                        alert=event.alert,
                        labels=labels,
                        expectation=expected,
                        observed={},
                        evidence=f"would page {say_names(after)} instead of {receiver}",
                        broke_at="paged",
                    )
    return None


def relabel(labels: Labels, mutant: Mutant) -> dict[str, str]:
    """Return an alert's labels with those of its rule as a mutant has them."""
    before, after = mutant.original.labels, mutant.rule.labels
    kept = {name: value for name, value in labels.items() if name in after or name not in before}
    return {**kept, **after}


def _find_firing(expected: Expected, mutant: Mutant, place: Placement, timeline: Timeline) -> Iterator[Event]:
    for event in timeline.events:
        is_own = event.alert in mutant.alerts and mutant.original.labels.items() <= event.labels.items()
        is_held = place.start_s <= event.at_s < place.end_s
        if event.kind == "firing" and is_own and is_held and matches(expected, event.alert, event.labels):
            yield event


def _list_proved(expected: Expected) -> tuple[str, ...]:
    """Return the receivers that an expectation proves a page of."""
    claimed = (claim.receiver for claim in find_kind(expected).list_claims(expected))
    return tuple(dict.fromkeys(receiver for receiver in claimed if receiver))


def _list_receivers(route: Route, alert: str, labels: Labels) -> tuple[str, ...]:
    matched = match_routes(route, {**labels, "alertname": alert})
    return tuple(dict.fromkeys(match.receiver for match in matched))
