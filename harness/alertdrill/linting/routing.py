"""To which routes an alert can go, with what is known of its labels before it fires. Pure.

A label is known where the rule states it as a plain text, where the series have one value of it, and where
they can have none; of all else a matcher may hold or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.matchers import Matcher
from alertdrill.alertmanager.routes import Match, Route, list_matchers, parse_routes
from alertdrill.linting.shapes import find_shape
from alertdrill.linting.surroundings import Known, LintedRule, once


def find_destinations(rule: LintedRule) -> tuple[Match, ...]:
    """Return every route that a label set of an alert may end at."""
    found, _ = _descend(_find_root(rule.known), rule)
    return tuple(dict.fromkeys(found))


@once
def _find_root(known: Known) -> Route:
    assert known.alertmanager is not None  # noqa: S101 - who asks for routes has a config
    return parse_routes(known.alertmanager.document)


def _descend(route: Route, rule: LintedRule) -> tuple[list[Match], bool]:
    """Return where an alert that a route may take may end, and whether the route takes it for certain."""
    answers = _ask(route.matchers, rule)
    if False in answers:
        return [], False
    found: list[Match] = []
    is_taken = False
    for child in route.routes:
        ends, takes = _descend(child, rule)
        found += ends
        is_taken = is_taken or takes
        if takes and not child.continues:
            break
    if not is_taken:
        found.append(route.match)
    return found, None not in answers


def _ask(matchers: Iterable[Matcher], rule: LintedRule) -> list[bool | None]:
    """Return whether each matcher holds; None where that depends on the series."""
    values = [(matcher, find_value(matcher.name, rule)) for matcher in matchers]
    return [None if value is None else matcher.matches({matcher.name: value}) for matcher, value in values]


def find_value(label: str, rule: LintedRule) -> str | None:
    """Return the value of a label of an alert, empty if it has none; None where that is not known."""
    stated = {"alertname": rule.rule.name, **rule.rule.labels}
    shape = find_shape(rule.expr, rule.known)
    if label in stated:
        return None if "{{" in stated[label] else stated[label]
    if label in shape.values:
        return shape.values[label]
    return None if shape.may_have(label) else ""


def matches_side(inhibition: Mapping[str, Any], side: str, rule: LintedRule) -> bool | None:
    """Say whether an alert is on a side of an inhibition; None where that depends on the series."""
    answers = _ask(list_matchers(inhibition, side), rule)
    return False if False in answers else None if None in answers else True


def has_integration(config: AlertmanagerConfig, receiver: str) -> bool:
    """Say whether a receiver notifies anybody."""
    return any(True for _ in list_integrations(config, receiver))


def list_integrations(config: AlertmanagerConfig, receiver: str) -> Iterator[str]:
    """Yield the keys of a receiver's integrations, as `slack_configs`."""
    for one in config.document["receivers"]:
        if one["name"] == receiver:
            yield from (key for key, value in one.items() if key.endswith("_configs") and value)
