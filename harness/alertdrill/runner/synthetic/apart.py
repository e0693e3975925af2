"""Gives alerts that would meet in a page a way of their own, so that all can be sent at once. Pure.

Before the routes of the config stands one for each such alert, for its labels, with all routes below it once
more. It inherits what the root states, so everything is as it was for that alert: receiver, grouping, timers
and templates. Only the group is another one, which nobody else is in.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.checks import list_routes
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import GroupKey
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MAX_ROUTES = 50_000
"""Of the config that comes of it; with more of them alerts that would meet are sent one after another."""


def set_apart(
    bound: Sequence[Bound], document: Mapping[str, Any]
) -> tuple[tuple[Bound, ...], Mapping[str, Any]]:
    """Return alerts of which none meets another, and the config that has them so.

    Alerts with the very same labels are one to Alertmanager: those meet still.
    """
    sent = [one for one in bound if not one.destination.is_nowhere]
    shared = _find_shared(sent)
    alerts = {
        one.alert.fingerprint: one.alert
        for one in sent
        if shared.intersection(leg.group for leg in one.destination.legs)
    }
    route = document["route"]
    if len(alerts) * sum(1 for _ in list_routes(route)) > MAX_ROUTES:
        return tuple(bound), document
    ways = [_make_way(alert, route) for alert in sorted(alerts.values(), key=_count_labels, reverse=True)]
    changed = {**document, "route": {**route, "routes": [*ways, *route.get("routes", ())]}}
    return tuple(_set_apart(one) if one.alert.fingerprint in alerts else one for one in bound), changed


def _find_shared(bound: Sequence[Bound]) -> set[GroupKey]:
    """Return the groups that different alerts are in."""
    members = {(leg.group, one.alert.fingerprint) for one in bound for leg in one.destination.legs}
    return {group for group, count in Counter(group for group, _ in members).items() if count > 1}


def _count_labels(alert: SyntheticAlert) -> int:
    """Return by what the way of an alert comes before those of others, which have a part of its labels."""
    return len(alert.labels)


def _make_way(alert: SyntheticAlert, route: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a route for an alert; `match` takes any value as it is, but only names as they used to be."""
    plain = {name: value for name, value in alert.labels.items() if _PLAIN_NAME.fullmatch(name)}
    quoted = [
        f"{json.dumps(name, ensure_ascii=False)}={json.dumps(value, ensure_ascii=False)}"
        for name, value in alert.labels.items()
        if name not in plain
    ]
    return {"match": plain, "matchers": quoted, "routes": list(route.get("routes", ()))}


def _set_apart(bound: Bound) -> Bound:
    legs = tuple(replace(leg, apart=bound.alert.fingerprint) for leg in bound.destination.legs)
    return replace(bound, destination=replace(bound.destination, legs=legs))
