"""Finds the drills, beside the systems that `harness.systems` finds.

A system's drills are the `DRILLS` of the module of the same name in `scenarios/drills/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence

import scenarios.drills
from harness.errors import BadInput
from harness.model import Drill
from harness.systems import System, find_systems


def list_drills() -> tuple[Drill, ...]:
    """Return all drills of all systems, in the order in which their modules state them."""
    drills: list[Drill] = []
    for module in pkgutil.iter_modules(scenarios.drills.__path__):
        drills.extend(importlib.import_module(f"scenarios.drills.{module.name}").DRILLS)
    return tuple(drills)


def choose_drills(names: Sequence[str], system: str | None, among: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the drills of that system (if one is given) with these names (if any are given).

    Raises BadInput for a name or a system that does not exist, and when nothing is left.
    """
    drills = tuple(among)
    known = {drill.name for drill in drills}
    for name in names:
        if name not in known:
            raise BadInput(f"there is no drill {name!r}; `alertdrill list` shows all {len(known)}")
    systems = [found.name for found in find_systems()]
    if system is not None and system not in systems:
        raise BadInput(f"there is no system {system!r}; there are: {', '.join(systems)}")
    chosen = tuple(
        drill
        for drill in drills
        if (not names or drill.name in names) and (system is None or drill.system == system)
    )
    if not chosen:
        raise BadInput("none of these drills is of that system")
    return chosen


def find_systems_of(drills: Iterable[Drill]) -> tuple[System, ...]:
    """Return the systems that have any of these drills."""
    names = {drill.system for drill in drills}
    return tuple(system for system in find_systems() if system.name in names)
