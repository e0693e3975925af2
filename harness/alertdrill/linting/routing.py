"""To which routes an alert can go, with what is known of its labels before it fires. Pure.

A label is known where the rule states it as a plain text, where the series have one value of it, and where
they can have none; of all else a matcher may hold or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.matchers import Matcher
from alertdrill.alertmanager.routes import Match, Route, parse_routes
from alertdrill.linting.shapes import Shape, find_shape
from alertdrill.linting.surroundings import Known, LintedRule


def find_destinations(rule: LintedRule) -> tuple[Match, ...]:
    """Return every route that a label set of an alert may end at."""
    shape = find_shape(rule.expr, rule.known)
    stated = {"alertname": rule.rule.name, **rule.rule.labels}
    found, _ = _descend(_find_root(rule.known), stated, shape)
    return tuple(dict.fromkeys(found))


def _find_root(known: Known) -> Route:
    key = "routes"
    if key not in known.notes:
        assert known.alertmanager is not None  # noqa: S101 - who asks for routes has a config
        known.notes[key] = parse_routes(known.alertmanager.document)
    return known.notes[key]  # type: ignore[return-value] # what is kept by this key


def _descend(route: Route, stated: dict[str, str], shape: Shape) -> tuple[list[Match], bool]:
    """Return where an alert that a route may take may end, and whether the route takes it for certain."""
    answers = [_holds(matcher, stated, shape) for matcher in route.matchers]
    if False in answers:
        return [], False
    found: list[Match] = []
    is_taken = False
    for child in route.routes:
        ends, takes = _descend(child, stated, shape)
        found += ends
        is_taken = is_taken or takes
        if takes and not child.continues:
            break
    if not is_taken:
        found.append(route.match)
    return found, None not in answers


def _holds(matcher: Matcher, stated: dict[str, str], shape: Shape) -> bool | None:
    """Say whether a matcher holds; None where that depends on the series."""
    name = matcher.name
    if name in stated:
        return None if "{{" in stated[name] else matcher.matches(stated)
    if name in shape.values:
        return matcher.matches(shape.values)
    if not shape.may_have(name):
        return matcher.matches({})
    return None


def has_integration(config: AlertmanagerConfig, receiver: str) -> bool:
    """Say whether a receiver notifies anybody."""
    return any(True for _ in _list_integrations(config, receiver))


def _list_integrations(config: AlertmanagerConfig, receiver: str) -> Iterator[str]:
    for one in config.document["receivers"]:
        if one["name"] == receiver:
            yield from (key for key, value in one.items() if key.endswith("_configs") and value)
