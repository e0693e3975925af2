"""Finds the drills, and the rules that they are held on, beside the systems that `alertdrill.systems` finds.

A system's drills are what `make_drills` of its `drills` makes of its values: a changed threshold is drilled
on both its sides.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.rules.files import RuleFile, parse_rules, read_rules
from alertdrill.rules.panels import Dashboard, parse_panels
from alertdrill.rules.values import Values, override, parse_values, render_rules, switch_on
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.reading import read_bytes
from alertdrill.systems import System, find_systems

MAX_BYTES = 1024 * 1024
"""Of a file of a system."""


def read_values(system: System) -> Values:
    """Return a system's values as shipped; raises BadInput."""
    return parse_values(read_text(system.values_path), str(system.values_path))


def override_values(settings: Sequence[str]) -> dict[str, Values]:
    """Return all systems' values by name, with `SYSTEM.KEY.NAME=VALUE` settings applied; raises BadInput."""
    values = {system.name: read_values(system) for system in find_systems()}
    for setting in settings:
        name, _, rest = setting.partition(".")
        if name not in values:
            raise BadInput(f"{setting!r} does not begin with a system: {', '.join(values)}")
        values[name] = override(values[name], [rest])
    return values


def list_drills(values: Mapping[str, Values]) -> tuple[Drill, ...]:
    """Return all drills of all systems, in the order in which their modules state them.

    Raises BadInput for values that no drill can be made of.
    """
    drills: list[Drill] = []
    for name, own in values.items():
        package = f"alertdrill.systems.{name}"
        try:
            module = importlib.import_module(f"{package}.drills")
        except ModuleNotFoundError as missing:
            # A system may have no drills; what drills import must be there.
            if missing.name not in {package, f"{package}.drills"}:
                raise
            continue
        try:
            drills.extend(_check(drill) for drill in module.make_drills(own))
        except (ArithmeticError, ValueError) as error:
            raise BadInput(f"no drills of {name} can be made of these values: {error}") from error
    return tuple(drills)


def _check(drill: Drill) -> Drill:
    """Return a drill as it is; raises ValueError for one whose traffic or deadlines cannot be."""
    stages = [stage for profile in drill.traffic for stage in profile.stages]
    windows = [
        (expected.fires_after_s, expected.fires_within_s)
        for expected in drill.expects
        if isinstance(expected, Expectation)
    ]
    windows += [
        expected.pending_within_s
        for expected in drill.expects
        if isinstance(expected, NearMiss) and expected.pending_within_s is not None
    ]
    if any(not (stage.duration_s >= 0 and stage.rate_per_s >= 0) for stage in stages):
        raise ValueError(f"{drill.name} would send for less than no time")
    if any(not from_s <= to_s for from_s, to_s in windows):
        raise ValueError(f"{drill.name} would have to end before it begins")
    return drill


def list_rules(drills: Iterable[Drill], values: Mapping[str, Values]) -> tuple[RuleFile, ...]:
    """Return the rules that drills are held on: every alert of their systems is switched on.

    Rules that are kept as written, and those that drill the paging path, are there only where a drill is
    about one of them. Raises BadInput.
    """
    drills = tuple(drills)
    expected = {expectation.alert for drill in drills for expectation in drill.expects}
    files = []
    for system in find_systems_of(drills):
        files.append(_parse_system_rules(system, values[system.name]))
        for path in system.edition_paths:
            edition = read_rules(shorten(path))
            if expected & {rule.name for rule in edition.alerts}:
                files.append(edition)
    return tuple(files)


def list_dashboards(drills: Iterable[Drill], values: Mapping[str, Values]) -> tuple[Dashboard, ...]:
    """Return the dashboards of the systems of these drills, of those that have one; raises BadInput."""
    systems = [system for system in find_systems_of(drills) if system.panels_path.exists()]
    return tuple(read_dashboard(system, values[system.name]) for system in systems)


def read_dashboard(system: System, values: Values) -> Dashboard:
    """Return a system's dashboard, with the thresholds of these values; raises BadInput."""
    return parse_panels(
        read_text(system.panels_path),
        system=system.name,
        values=values,
        rules=_parse_system_rules(system, values).alerts,
        name=str(shorten(system.panels_path)),
    )


def render_system_rules(system: System, values: Values) -> str:
    """Return a system's rule file with these values and every alert switched on; raises BadInput."""
    name = str(shorten(system.template_path))
    return render_rules(read_text(system.template_path), switch_on(values), name)


def _parse_system_rules(system: System, values: Values) -> RuleFile:
    return parse_rules(render_system_rules(system, values), str(shorten(system.template_path)))


def read_text(path: Path) -> str:
    """Return the text of a file of a system's folder; raises BadInput."""
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise BadInput(f"{path}: is larger than {MAX_BYTES} bytes")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error


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
