"""What of a config no alert reaches: routes, receivers, inhibit rules, time intervals, templates. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.default_templates import DEFAULT_TEMPLATES
from alertdrill.alertmanager.matchers import say_matchers
from alertdrill.alertmanager.routes import Route, parse_routes
from alertdrill.alertmanager.templates import Inclusion, list_texts, scan
from alertdrill.alertmanager.time_intervals import parse_intervals
from alertdrill.alertmanager.unplayed import SECTION_END
from alertdrill.core.wording import say_name
from alertdrill.runner.routing.inhibitions import Inhibition, find_inhibitions
from alertdrill.runner.routing.subjects import Way, find_ways, name_alerts
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

KINDS = ("routes", "receivers", "inhibit rules", "time intervals", "templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a config: what kind it is of, where it stands (`file:line`), and what it is called."""

    kind: str
    where: str
    name: str
    is_reached: bool


def find_places(config: AlertmanagerConfig, alerts: Sequence[SyntheticAlert]) -> tuple[Place, ...]:
    """Return all parts of a config, each with whether one of these alerts reaches it."""
    ways = find_ways(config, name_alerts(alerts))
    return list_places(config, ways, find_inhibitions(config, [way.subject for way in ways]))


def list_places(
    config: AlertmanagerConfig, ways: Sequence[Way], inhibitions: Iterable[Inhibition]
) -> tuple[Place, ...]:
    """Return all parts of a config, each with whether an alert reaches it.

    A route is reached by what it takes, itself or by a route below it; a receiver by a route; an inhibit rule
    by two alerts of which one inhibits the other; a time interval by a route that it may mute; a template by
    what is said to a receiver that is reached.
    """
    matches = [match for way in ways for match in way.matches]
    pointers = {match.pointer for match in matches}
    on_the_way = {ancestor for pointer in pointers for ancestor in _list_ancestors(pointer)}
    receivers = {match.receiver for match in matches}
    applied = {pointer for one in inhibitions for pointer in one.pointers}
    intervals = {
        name for match in matches for name in (*match.mute_time_intervals, *match.active_time_intervals)
    }
    return (
        *_list_routes(config, parse_routes(config.document), on_the_way),
        *(
            Place(
                kind="receivers",
                where=config.locate(f"/receivers/{index}"),
                name=receiver["name"],
                is_reached=receiver["name"] in receivers,
            )
            for index, receiver in enumerate(config.document.get("receivers", ()))
        ),
        *(
            Place(
                kind="inhibit rules",
                where=config.locate(rule.pointer),
                name=f"{say_matchers(rule.source)} inhibits {say_matchers(rule.target)}",
                is_reached=rule.pointer in applied,
            )
            for rule in read_inhibit_rules(config.document)
        ),
        *(
            Place(
                kind="time intervals",
                where=config.locate(interval.pointer),
                name=interval.name,
                is_reached=interval.name in intervals,
            )
            for interval in parse_intervals(config.document).values()
        ),
        *_list_templates(config, receivers),
    )


def _list_ancestors(pointer: str) -> Iterator[str]:
    parts = pointer.split("/routes/")
    for count in range(1, len(parts) + 1):
        yield "/routes/".join(parts[:count])


def _list_routes(config: AlertmanagerConfig, route: Route, reached: Collection[str]) -> Iterator[Place]:
    match = route.match
    yield Place(
        kind="routes",
        where=config.locate(match.pointer),
        name=f"{say_matchers(route.matchers)} to {say_name(match.receiver)}",
        is_reached=match.pointer in reached,
    )
    for child in route.routes:
        yield from _list_routes(config, child, reached)


def _list_templates(config: AlertmanagerConfig, receivers: Collection[str]) -> Iterator[Place]:
    """Yield the templates that the config's files define, each as its last definition has it."""
    known: dict[str, tuple[Inclusion, ...]] = {
        name: tuple(Inclusion(inside=name, name=included, where=name) for included in includes)
        for name, includes in DEFAULT_TEMPLATES.items()
    }
    places: dict[str, str] = {}
    for name, text in config.templates.items():
        found = scan(text, config.template_sources.get(name, name), 1)
        known = found.define(known)
        places |= found.places
    said = set(_list_said(config.document, receivers, known))
    for name, where in places.items():
        yield Place(kind="templates", where=where, name=name, is_reached=name in said)


def _list_said(
    document: Mapping[str, Any], receivers: Collection[str], known: Mapping[str, Sequence[Inclusion]]
) -> Iterator[str]:
    """Yield the templates that receivers' texts include, with those that these include in turn."""
    waiting = []
    for receiver in document.get("receivers", ()):
        if receiver["name"] not in receivers:
            continue
        for _, text in list_texts(receiver, ""):
            waiting += [item.name for item in scan(text, "", None).inclusions]
        # What an integration says where nothing is stated are templates of its kind.
        kinds = tuple(
            f"{key.removesuffix(SECTION_END)}.default." for key in receiver if key.endswith(SECTION_END)
        )
        waiting += [name for name in known if name.startswith(kinds)]
    done: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in done:
            done.add(name)
            yield name
            waiting += [item.name for item in known.get(name, ())]
