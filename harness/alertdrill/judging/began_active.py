"""What of a verdict cannot be told because an alert was active already as its drill began. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf
from types import MappingProxyType

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Event, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.core.wording import say_selector
from alertdrill.judging.findings import Identity, identify, put_in_doubt
from alertdrill.judging.judge import matches

ENDED_WITHIN_S = 60.0
"""How soon after it was last seen to be pending an alert is known not to be: a few evaluations."""

Pended = Mapping[tuple[str, Identity, float], float]
"""How long an alert with some labels was seen to be pending from an instant on, if it did not fire."""

_Alert = tuple[str, Identity]


def doubt_active(
    verdict: Verdict,
    placement: Placement,
    timeline: Timeline,
    for_s: Mapping[str, float],
    pended_s: Pended = MappingProxyType({}),
) -> Verdict:
    """Return a drill's verdict with a doubt for every alert that was active as it began.

    `for_s` is how long each alert is pending before it fires: what was pending before may be so still, unless
    `pended_s` says until when it was.
    """
    active = _find_active(timeline, placement.start_s, for_s, pended_s)
    if not placement.drill.expects:
        return replace(verdict, doubt=_say(active, placement.start_s)) if active else verdict
    findings = []
    for finding in verdict.findings:
        expected = finding.expectation
        own = {
            alert: since_s
            for alert, since_s in active.items()
            if expected is not None and matches(expected, alert[0], dict(alert[1]))
        }
        findings.append(put_in_doubt(finding, _say(own, placement.start_s) if own else ""))
    return replace(verdict, findings=tuple(findings))


def find_longest_for_s(rules: Iterable[AlertRule]) -> dict[str, float]:
    """Return how long each alert is pending before it fires, by its name; of several rules the longest."""
    for_s: dict[str, float] = {}
    for rule in rules:
        for_s[rule.name] = max(rule.for_s, for_s.get(rule.name, 0.0))
    return for_s


def _find_active(
    timeline: Timeline, start_s: float, for_s: Mapping[str, float], pended_s: Pended
) -> dict[_Alert, float]:
    """Return since when alerts had been pending or firing at an instant."""
    since: dict[_Alert, float] = {}
    firing: set[_Alert] = set()
    for event in sorted(timeline.events, key=lambda event: event.at_s):
        alert = _identify(event)
        if event.at_s >= start_s:
            if alert in firing:
                continue
            if event.kind == "firing" and alert in since:
                firing.add(alert)  # it had been pending all the time
            elif event.kind == "pending":
                since.pop(alert, None)  # it begins anew: what was pending before had ended, which is no event
            continue
        if event.kind == "pending":
            since[alert] = event.at_s
            firing.discard(alert)
        elif event.kind == "firing":
            since.setdefault(alert, event.at_s)
            firing.add(alert)
        elif event.kind == "resolved":
            since.pop(alert, None)
            firing.discard(alert)
    return {
        alert: since_s
        for alert, since_s in since.items()
        if alert in firing
        or since_s + min(for_s.get(alert[0], 0.0), pended_s.get((*alert, since_s), inf) + ENDED_WITHIN_S)
        > start_s
    }


def _identify(event: Event) -> _Alert:
    return event.alert, identify(event.labels)


def _say(active: Mapping[_Alert, float], start_s: float) -> str:
    (alert, labels), since_s = min(active.items(), key=lambda one: one[1])
    named = say_selector(alert, dict(labels))
    more = f" and {len(active) - 1} more" if len(active) > 1 else ""
    return (
        f"{named}{more} had been active for {format_s(start_s - since_s)} as the drill began; "
        "what it would have done from rest is unknown"
    )
