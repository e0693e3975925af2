"""What a config must hold to, so that Alertmanager takes it. Pure.

What is left to Alertmanager's own tool (`alertdrill.alertmanager.amtool`): what only one version of it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from alertdrill.alertmanager.intervals import INTERVAL_LISTS, check_intervals
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.yaml_without_secrets import Located, locate
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration

ROUTE_DURATIONS = ("group_wait", "group_interval", "repeat_interval")
MATCH_FIELDS = ("match", "match_re")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_AT_ROOT_ONLY_BELOW = ("match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals")


def check_document(document: Mapping[str, Any], lines: Mapping[str, int], source: str) -> None:
    """Raise BadInput for the first thing that is wrong."""
    for pointer, what in _list_complaints(document):
        raise BadInput(f"{locate(lines, pointer, source)}: {what}")


def list_routes(route: Mapping[str, Any], pointer: str = "/route") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a route and all below it, each with its pointer, parents first."""
    yield pointer, route
    for index, child in enumerate(route.get("routes", ())):
        yield from list_routes(child, f"{pointer}/routes/{index}")


def _list_complaints(document: Mapping[str, Any]) -> Located:
    route = document.get("route")
    if route is None:
        yield "", "not an Alertmanager config: it has no route"
        return
    yield from _check_root(route)
    yield from _check_names(document)
    receivers = {receiver.get("name") for receiver in document.get("receivers", ())}
    intervals = {interval.get("name") for key in INTERVAL_LISTS for interval in document.get(key, ())}
    for pointer, node in list_routes(route):
        if node.get("receiver") and node["receiver"] not in receivers:
            yield f"{pointer}/receiver", f"the route's receiver {node['receiver']!r} is stated nowhere"
        for key in ("mute_time_intervals", "active_time_intervals"):
            for index, name in enumerate(node.get(key, ())):
                if name not in intervals:
                    yield f"{pointer}/{key}/{index}", f"the time interval {name!r} is stated nowhere"
        for key in ROUTE_DURATIONS:
            yield from _check_duration(node, key, pointer, may_be_zero=key == "group_wait")
        yield from _check_group_by(node, pointer)
    yield from _check_label_names(document)
    yield from check_intervals(document)
    top = document.get("global", {})
    yield from _check_duration(top, "resolve_timeout", "/global", may_be_zero=True)
    for number, receiver in enumerate(document.get("receivers", ())):
        yield from _check_receiver(receiver, f"/receivers/{number}", top)


def _check_group_by(node: Mapping[str, Any], pointer: str) -> Located:
    names = node.get("group_by", ())
    if "..." in names and set(names) != {"..."}:
        yield f"{pointer}/group_by", "group_by has `...`, which is every label, and other labels too"
    for index, name in enumerate(names):
        if not name:
            yield f"{pointer}/group_by/{index}", "a label in group_by has no name"
        if name != "..." and name in names[:index]:
            yield f"{pointer}/group_by/{index}", f"group_by has the label {name!r} twice"


def _check_label_names(document: Mapping[str, Any]) -> Located:
    """Complain of names that no label has; other fields may name labels in any characters."""
    nodes = [(pointer, "", node) for pointer, node in list_routes(document["route"])]
    for number, rule in enumerate(document.get("inhibit_rules", ())):
        pointer = f"/inhibit_rules/{number}"
        nodes += [(pointer, side, rule) for side in ("source_", "target_")]
        for index, name in enumerate(rule.get("equal", ())):
            if not name:
                yield f"{pointer}/equal/{index}", "a label in equal has no name"
    for pointer, side, node in nodes:
        for key in (f"{side}{field}" for field in MATCH_FIELDS):
            for name in node.get(key, {}):
                if not _LABEL_NAME.fullmatch(name):
                    yield f"{pointer}/{key}/{name}", f"{name!r} in {key} is not a label's name"


def _check_root(route: Mapping[str, Any]) -> Located:
    if not route.get("receiver"):
        yield "/route", "the root route has no receiver"
    for key in _AT_ROOT_ONLY_BELOW:
        if route.get(key):
            yield f"/route/{key}", f"the root route takes every alert: it cannot have {key}"
    if route.get("continue"):
        yield "/route/continue", "the root route cannot have continue"


def _check_names(document: Mapping[str, Any]) -> Located:
    """Complain of receivers and time intervals without a name, or with a name that was given before."""
    for keys, what in ((("receivers",), "receiver"), (INTERVAL_LISTS, "time interval")):
        seen = set()
        for key in keys:
            for index, item in enumerate(document.get(key, ())):
                name = item.get("name")
                if not name:
                    yield f"/{key}/{index}", f"a {what} has no name"
                if name in seen:
                    yield f"/{key}/{index}/name", f"the {what} {name!r} is stated twice"
                seen.add(name)


def _check_duration(node: Mapping[str, Any], key: str, pointer: str, *, may_be_zero: bool) -> Located:
    if key not in node:
        return
    try:
        seconds = parse_duration(node[key])
    except ValueError as error:
        yield f"{pointer}/{key}", f"{key}: {error}"
        return
    if not seconds and not may_be_zero:
        yield f"{pointer}/{key}", f"{key} cannot be zero"


def _check_receiver(receiver: Mapping[str, Any], pointer: str, top: Mapping[str, Any]) -> Located:
    for kind in RECEIVER_KINDS.values():
        for index, config in enumerate(receiver.get(kind.section, ())):
            for required in kind.required:
                if not required.is_met(config, top):
                    what = f"receiver {receiver['name']!r}: {kind.integration} {required.say_missing()}"
                    yield f"{pointer}/{kind.section}/{index}", what
