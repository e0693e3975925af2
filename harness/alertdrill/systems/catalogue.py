"""Finds the drills, and the rules that they are held on, beside the systems that `alertdrill.systems` finds.

A system's drills are what `make_drills` of its `drills` makes of its values: a changed threshold is drilled
on both its sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile, parse_rules, read_rules
from alertdrill.rules.panels import Dashboard, parse_panels
from alertdrill.rules.values import Values, override, parse_values, render_rules, switch_on
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import System, find_systems
from alertdrill.systems.drill_modules import make_drills
from alertdrill.systems.system import read_text


def read_values(system: System) -> Values:
    """Return a system's values as shipped; raises BadInput."""
    return parse_values(read_text(system.values_path), str(system.values_path))


def override_values(settings: Sequence[str], systems: Sequence[System] | None = None) -> dict[str, Values]:
    """Return systems' values by name, with `SYSTEM.KEY.NAME=VALUE` settings applied; raises BadInput.

    Here and below, without `systems` they are those that are found without being named.
    """
    values = {system.name: read_values(system) for system in _take(systems)}
    for setting in settings:
        name, _, rest = setting.partition(".")
        if name not in values:
            raise BadInput(f"{setting!r} does not begin with a system: {', '.join(values)}")
        values[name] = override(values[name], [rest])
    return values


def _take(systems: Sequence[System] | None) -> Sequence[System]:
    return find_systems() if systems is None else systems


def list_drills(values: Mapping[str, Values], systems: Sequence[System] | None = None) -> tuple[Drill, ...]:
    """Return all drills of the systems with values, in the order in which their modules state them.

    Raises BadInput for values that no drill can be made of, and for a name that two drills have.
    """
    drills: dict[str, Drill] = {}
    for system in _take(systems):
        for drill in make_drills(system, values[system.name]) if system.name in values else ():
            other = drills.setdefault(drill.name, drill)
            if other is not drill:
                raise BadInput(
                    f"{shorten(system.drills_path)}: a drill of {other.system} is called {drill.name}, too"
                )
    return tuple(drills.values())


def list_rules(
    drills: Iterable[Drill], values: Mapping[str, Values], systems: Sequence[System] | None = None
) -> tuple[RuleFile, ...]:
    """Return the rules that drills are held on: every alert of their systems is switched on.

    Rules that are kept as written, and those that drill the paging path, are there only where a drill is
    about one of them. Raises BadInput.
    """
    drills = tuple(drills)
    return tuple(
        file
        for system in find_systems_of(drills, systems)
        for file in list_system_rules(system, values[system.name], drills)
    )


def list_system_rules(system: System, values: Values, drills: Iterable[Drill]) -> tuple[RuleFile, ...]:
    """Return a system's rules, and those of its editions that drills are about; raises BadInput."""
    expected = {expectation.alert for drill in drills for expectation in drill.expects}
    editions = (read_rules(shorten(path)) for path in system.edition_paths)
    wanted = (file for file in editions if expected & {rule.name for rule in file.alerts})
    return _parse_system_rules(system, values), *wanted


def list_dashboards(
    drills: Iterable[Drill], values: Mapping[str, Values], systems: Sequence[System] | None = None
) -> tuple[Dashboard, ...]:
    """Return the dashboards of the systems of these drills, of those that have one; raises BadInput."""
    shown = [system for system in find_systems_of(drills, systems) if is_there(system.panels_path)]
    return tuple(read_dashboard(system, values[system.name]) for system in shown)


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
    return _parse_rendered(render_system_rules(system, values), str(shorten(system.template_path)))


# For rules, for each dashboard, and again where only some drills are chosen.
_parse_rendered = lru_cache(maxsize=64)(parse_rules)


def choose_drills(
    names: Sequence[str],
    system: str | None,
    among: Iterable[Drill],
    systems: Sequence[System] | None = None,
) -> tuple[Drill, ...]:
    """Return the drills of that system (if one is given) with these names (if any are given).

    Raises BadInput for a name or a system that does not exist, and when nothing is left.
    """
    drills = tuple(among)
    known = {drill.name for drill in drills}
    for name in names:
        if name not in known:
            shown = say_nearest(name, sorted(known)) or f"; `alertdrill list` shows all {len(known)}"
            raise BadInput(f"there is no drill {name!r}{shown}")
    if system is not None:
        find_system(system, _take(systems))
    chosen = tuple(
        drill
        for drill in drills
        if (not names or drill.name in names) and (system is None or drill.system == system)
    )
    if not chosen:
        raise BadInput("none of these drills is of that system")
    return chosen


def find_system(name: str, systems: Sequence[System]) -> System:
    """Return the system of a name; raises BadInput if there is none."""
    by_name = {system.name: system for system in systems}
    if name not in by_name:
        raise BadInput(f"there is no system {name!r}; there are: {', '.join(by_name)}")
    return by_name[name]


def find_systems_of(drills: Iterable[Drill], systems: Sequence[System] | None = None) -> tuple[System, ...]:
    """Return the systems that have any of these drills."""
    names = {drill.system for drill in drills}
    return tuple(system for system in _take(systems) if system.name in names)
