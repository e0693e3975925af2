"""A drill's expectations beside what its traffic makes the rules read, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.rules.values import Values
from support.simulated_prometheus import Points, find_stretches


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule's value is compared with, and for how long it has to be over it."""

    threshold: float
    for_s: float


Readings = Mapping[str, tuple[Rule, Points]]
"""What rules read over a drill, by alert."""


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A system's traffic by arithmetic, and how much room its drills leave around what they expect."""

    read: Callable[[Drill, Values], Readings | None]
    """Returns what the rules read that the drill's traffic moves; None where more than traffic decides."""
    slack_s: float
    closing_s: float = 0.0
    """How long before the drill's end the alert has resolved, so that the page can close."""


def find_faults(drill: Drill, readings: Readings, simulation: Simulation) -> Iterator[str]:
    """Yield what a drill expects and does not get, and which other alert fires."""
    expected = {one.alert for one in drill.expects}
    for alert in expected - set(readings):
        yield f"{drill.name}: {alert}: nothing of its rule is known"
    for one in drill.expects:
        if one.alert in readings and not _is_of_another(one, drill):
            for fault in _compare(one, drill, *readings[one.alert], simulation):
                yield f"{drill.name}: {one.alert}: {fault}: {one}"
    for alert, (rule, points) in readings.items():
        stretches = find_stretches(points, rule.threshold, drill.lasts_s)
        if alert not in expected and _find_firing(stretches, rule):
            yield f"{drill.name}: {alert}: fires, and is not expected: {stretches}"


def _is_of_another(one: object, drill: Drill) -> bool:
    """Tell whether a rule is blind to other series than those that it is to fire on, and that are read."""
    return isinstance(one, BlindRule) and any(
        isinstance(other, Expectation) and (other.alert, other.labels) != (one.alert, one.labels)
        for other in drill.expects
        if other.alert == one.alert
    )


def _find_firing(stretches: list[tuple[float, float]], rule: Rule) -> list[tuple[float, float]]:
    return [(start_s + rule.for_s, end_s) for start_s, end_s in stretches if end_s - start_s >= rule.for_s]


def _compare(one: object, drill: Drill, rule: Rule, points: Points, simulation: Simulation) -> Iterator[str]:
    stretches = find_stretches(points, rule.threshold, drill.lasts_s)
    firing = _find_firing(stretches, rule)
    if isinstance(one, Expectation):
        if len(firing) != 1:
            yield f"fires {len(firing)} times: {stretches}"
            return
        fired_s, over_s = firing[0]
        if not one.fires_after_s <= fired_s <= one.fires_within_s - simulation.slack_s:
            yield f"fires at {fired_s}"
        last_s = drill.lasts_s - simulation.closing_s
        if not over_s + simulation.slack_s <= one.resolves_within_s <= last_s:
            yield f"is over at {over_s}, and the drill at {last_s}"
    elif isinstance(one, NearMiss):
        yield from _compare_near_miss(one, rule, points, stretches)
    elif not isinstance(one, BlindRule):
        yield "nothing is known of such an expectation"
    elif stretches:
        yield f"is over its threshold: {stretches}"


def _compare_near_miss(
    one: NearMiss, rule: Rule, points: Points, stretches: list[tuple[float, float]]
) -> Iterator[str]:
    if _find_firing(stretches, rule):
        yield f"fires: {stretches}"
    reached = max((value for _, value in points), default=0.0) / rule.threshold
    if reached < one.reaches:
        yield f"reaches {reached}"
    if not one.pending:
        if stretches:
            yield f"is over its threshold: {stretches}"
    elif one.pending_within_s is None:
        yield "does not say for how long it is pending"
    else:
        least_s, most_s = one.pending_within_s
        longest_s = max((end_s - start_s for start_s, end_s in stretches), default=0.0)
        if not least_s <= longest_s <= most_s:
            yield f"is over its threshold for {longest_s}"
