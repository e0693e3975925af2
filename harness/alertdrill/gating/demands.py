"""What drills an alert has to have so that a change of it can be trusted. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.excuses import Excuses
from alertdrill.judging.kinds import find_kind
from alertdrill.linting.ignoring import NO_FIRING_DRILL, NO_NEAR_MISS

FIRES = "no drill makes it fire and resolve"
SILENT = "no drill comes near without making it fire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphaned:
    """A drill that expects an alert which a change took away; `source` is its `file:line`, if it is known."""

    drill: str
    alert: str
    source: str


def find_orphaned(
    changes: Iterable[RuleChange],
    rules: Iterable[AlertRule],
    drills: Iterable[Drill],
    places: Mapping[str, str],
) -> tuple[Orphaned, ...]:
    """Return the drills that expect alerts which changes took away; `rules` are those that are left."""
    left = {rule.name for rule in rules}
    gone = {
        change.rule.name
        for change in changes
        if change.kind == "removed" and isinstance(change.rule, AlertRule) and change.rule.name not in left
    }
    return tuple(
        Orphaned(drill=drill.name, alert=alert, source=places.get(drill.name, ""))
        for drill in drills
        for alert in dict.fromkeys(one.alert for one in drill.expects)
        if alert in gone
    )


def find_lacking(
    alert: str, drills: Iterable[Drill], nothing_near: Container[str] = (), excuses: Excuses = frozenset()
) -> tuple[str, ...]:
    """Return which drills an alert lacks: one that it fires and resolves in, and a near miss.

    To alerts of `nothing_near` nothing can be near; `excuses` are what comments in rules give a reason for.
    """
    kinds = [find_kind(one) for drill in drills for one in drill.expects if one.alert == alert]
    lacking = []
    if not any(kind.is_paged for kind in kinds) and (alert, NO_FIRING_DRILL) not in excuses:
        lacking.append(FIRES)
    can_be_near = alert not in nothing_near and (alert, NO_NEAR_MISS) not in excuses
    if can_be_near and not any(kind.asks_for_value for kind in kinds):
        lacking.append(SILENT)
    return tuple(lacking)


def list_about(alerts: Sequence[str], drills: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the drills that expect something of any of some alerts, and those that expect none at all."""
    names = set(alerts)
    return tuple(
        drill for drill in drills if not drill.expects or any(one.alert in names for one in drill.expects)
    )
