"""The routing tree: which receivers an alert goes to, and how it is grouped there. Pure.

As Alertmanager's dispatch/route.go: depth first, the first child that matches unless it says `continue`; a
route takes what none of its children take. Receiver, grouping and timings are inherited, time intervals are
not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.checks import list_routes
from alertdrill.alertmanager.matchers import Matcher, make_matcher, parse_matchers
from alertdrill.alertmanager.yaml_without_secrets import Located
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration

ALL_LABELS = ("...",)
"""As `group_by`: every alert is a group of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What one route does with an alert; times are seconds of rule time.

    `pointer` is where the route stands in the config (`/route/routes/0`).
    """

    pointer: str
    receiver: str
    group_by: tuple[str, ...]
    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    mute_time_intervals: tuple[str, ...]
    active_time_intervals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route with what it inherited, and the routes below it."""

    match: Match
    matchers: tuple[Matcher, ...]
    continues: bool
    routes: tuple[Route, ...]


def parse_routes(document: Mapping[str, Any]) -> Route:
    """Return the routing tree of a config that has been read; raises BadInput for matchers that are none."""
    default = Match(
        pointer="/route",
        receiver="",
        group_by=(),
        group_wait_s=30.0,
        group_interval_s=300.0,
        repeat_interval_s=4 * 3600.0,
        mute_time_intervals=(),
        active_time_intervals=(),
    )
    return _parse_route(document["route"], "/route", default)


def match_routes(route: Route, labels: Labels) -> tuple[Match, ...]:
    """Return what becomes of an alert with these labels (`alertname` among them), in the routes' order."""
    if not all(matcher.matches(labels) for matcher in route.matchers):
        return ()
    found: list[Match] = []
    for child in route.routes:
        matches = match_routes(child, labels)
        found.extend(matches)
        if matches and not child.continues:
            break
    return tuple(found) or (route.match,)


def check_matchers(document: Mapping[str, Any]) -> Located:
    """Yield a complaint for each matcher, of routes and of inhibition, that is none."""
    for pointer, route in list_routes(document["route"]):
        yield from _try_matchers(route, pointer, "")
    for index, rule in enumerate(document.get("inhibit_rules", ())):
        for side in ("source_", "target_"):
            yield from _try_matchers(rule, f"/inhibit_rules/{index}", side)


def _try_matchers(node: Mapping[str, Any], pointer: str, side: str) -> Located:
    try:
        tuple(list_matchers(node, side))
    except BadInput as error:
        key = next(key for key in (f"{side}matchers", f"{side}match_re") if key in node)
        yield f"{pointer}/{key}", str(error)


def list_matchers(node: Mapping[str, Any], side: str = "") -> Iterator[Matcher]:
    """Yield the matchers of a route, or of a side of an inhibition (`source_`, `target_`)."""
    for name, value in node.get(f"{side}match", {}).items():
        yield make_matcher(name, "=", value)
    for name, value in node.get(f"{side}match_re", {}).items():
        yield make_matcher(name, "=~", value)
    for text in node.get(f"{side}matchers", ()):
        yield from parse_matchers(text)


def _parse_route(node: Mapping[str, Any], pointer: str, above: Match) -> Route:
    own = Match(
        pointer=pointer,
        receiver=node.get("receiver") or above.receiver,
        group_by=_read_group_by(node) or above.group_by,
        group_wait_s=_read_s(node, "group_wait", above.group_wait_s),
        group_interval_s=_read_s(node, "group_interval", above.group_interval_s),
        repeat_interval_s=_read_s(node, "repeat_interval", above.repeat_interval_s),
        mute_time_intervals=tuple(node.get("mute_time_intervals", ())),
        active_time_intervals=tuple(node.get("active_time_intervals", ())),
    )
    return Route(
        match=own,
        matchers=tuple(list_matchers(node)),
        continues=node.get("continue", False),
        routes=tuple(
            _parse_route(child, f"{pointer}/routes/{index}", own)
            for index, child in enumerate(node.get("routes", ()))
        ),
    )


def _read_group_by(node: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(node.get("group_by", ()))
    return ALL_LABELS if "..." in names else names


def _read_s(node: Mapping[str, Any], key: str, inherited_s: float) -> float:
    return parse_duration(node[key]) if key in node else inherited_s
