"""What drills an alert has to have so that a change of it can be trusted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alertdrill.core.drill import Drill
from alertdrill.judging.kinds import find_kind

FIRES = "no drill makes it fire and resolve"
SILENT = "no drill comes near without making it fire"


def find_lacking(alert: str, drills: Iterable[Drill]) -> tuple[str, ...]:
    """Return which drills an alert lacks: one that it fires and resolves in, and a near miss."""
    kinds = [find_kind(one) for drill in drills for one in drill.expects if one.alert == alert]
    lacking = []
    if not any(kind.is_paged for kind in kinds):
        lacking.append(FIRES)
    if not any(kind.asks_for_value for kind in kinds):
        lacking.append(SILENT)
    return tuple(lacking)


def list_about(alerts: Sequence[str], drills: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the drills that expect something of any of some alerts, and those that expect none at all."""
    names = set(alerts)
    return tuple(
        drill for drill in drills if not drill.expects or any(one.alert in names for one in drill.expects)
    )
