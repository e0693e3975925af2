"""Whom an Alertmanager config pages otherwise than the one before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.routes import match_routes, parse_routes
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.rules.promql.expressions import format_duration

TEMPLATES = "templates"
ROUTED = ("route",)
"""Sections whose changes show in where alerts go; what changes in others is named as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChange:
    """An alert whose pages go elsewhere, or are grouped or timed otherwise: a line for each page."""

    alert: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def find_route_changes(
    rules: Iterable[AlertRule],
    drills: Iterable[Drill],
    before: AlertmanagerConfig,
    after: AlertmanagerConfig,
) -> tuple[RouteChange, ...]:
    """Return which alerts are paged otherwise: each rule by its labels, and by those that drills state.

    What a label's template makes, and what only series have, is not known here: such a label is none.
    """
    expected: dict[str, list[Labels]] = {}
    for drill in drills:
        for one in drill.expects:
            expected.setdefault(one.alert, []).append(one.labels)
    changes = {}
    for rule in rules:
        stated = {name: value for name, value in rule.labels.items() if "{{" not in value}
        for more in ({}, *expected.get(rule.name, ())):
            labels = {**more, **stated, "alertname": rule.name}
            was, becomes = _say_pages(before, labels), _say_pages(after, labels)
            if was != becomes:
                changes[rule.name, was, becomes] = RouteChange(alert=rule.name, before=was, after=becomes)
    return tuple(changes.values())


def list_other_sections(before: AlertmanagerConfig, after: AlertmanagerConfig) -> tuple[str, ...]:
    """Return the sections of the config, but for the routes, that say something else, or whose files do."""
    names = dict.fromkeys((*after.document, *before.document))
    changed = [name for name in names if before.document.get(name) != after.document.get(name)]
    if before.templates != after.templates:
        changed.append(TEMPLATES)
    return tuple(dict.fromkeys(name for name in changed if name not in ROUTED))


def _say_pages(config: AlertmanagerConfig, labels: Mapping[str, str]) -> tuple[str, ...]:
    document: Mapping[str, Any] = config.document
    return tuple(
        f"{match.receiver} (grouped by {', '.join(match.group_by) or 'nothing'}; waits "
        f"{format_duration(match.group_wait_s)}, then {format_duration(match.group_interval_s)}, "
        f"repeats after {format_duration(match.repeat_interval_s)}"
        + "".join(f"; muted {name}" for name in match.mute_time_intervals)
        + "".join(f"; active {name}" for name in match.active_time_intervals)
        + ")"
        for match in match_routes(parse_routes(document), labels)
    )
