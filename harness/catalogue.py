"""Finds what there is to drill: each system's rules and each system's drills.

A system is a folder of `harness/systems/` with a `rules.yml`; its drills are the `DRILLS` of the module of
the same name in `scenarios/drills/`. A sixth system is found like the first.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import harness.systems
from harness.errors import BadInput
from harness.model import Drill


def list_systems() -> tuple[str, ...]:
    """Return the names of all systems, sorted."""
    return tuple(
        sorted(module.name for module in pkgutil.iter_modules(harness.systems.__path__) if module.ispkg)
    )


def rules_path(system: str) -> Path:
    """Return where a system's rules are."""
    return Path(harness.systems.__path__[0]) / system / "rules.yml"


def list_drills() -> tuple[Drill, ...]:
    """Return all drills of all systems, in the order in which their modules state them."""
    import scenarios.drills

    drills: list[Drill] = []
    for module in pkgutil.iter_modules(scenarios.drills.__path__):
        drills.extend(importlib.import_module(f"scenarios.drills.{module.name}").DRILLS)
    return tuple(drills)


def choose_drills(names: Sequence[str], system: str | None, among: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the drills of that system (if one is given) with these names (if any are given).

    Raises BadInput for a name or a system that does not exist.
    """
    drills = tuple(among)
    known = {drill.name for drill in drills}
    for name in names:
        if name not in known:
            raise BadInput(f"there is no drill {name!r}; `alertdrill list` shows all {len(known)}")
    if system is not None and system not in list_systems():
        raise BadInput(f"there is no system {system!r}; there are: {', '.join(list_systems())}")
    return tuple(
        drill
        for drill in drills
        if (not names or drill.name in names) and (system is None or drill.system == system)
    )


def find_jobs() -> dict[str, str]:
    """Return each system's scrape job and the path of its metrics on the gateway."""
    return {
        importlib.import_module(f"harness.systems.{system}.surface").JOB: f"/metrics/{system}"
        for system in list_systems()
    }
