"""What the drills of a project can be about, so that a name that there is not is found as they are read."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.alertmanager.config import AlertmanagerConfig, read_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.routes import Route, parse_routes
from alertdrill.project.project import Project
from alertdrill.runner.project_files import name_systems, read_project_rules
from alertdrill.runner.rulebook import name_alerts
from alertdrill.runner.scenario_files import list_shipped
from alertdrill.runtime.paths import shorten
from alertdrill.systems.drill_files.known import Known

PARTS = ("gateway", "prometheus", "alertmanager", "pager")
"""What a project's stack has beside its stub providers; not all of it can be put out in each."""


def find_known(project: Project) -> Known:
    """Return what drills of a project can be about; raises BadInput for rules or a config with a mistake.

    Rules and routes of servers that run already are not known. Only where there is a target to hold drills
    on are providers told something, is traffic sent, and do pages close.
    """
    is_held = project.target is not None
    config = None if project.prometheus is not None else read_project_config(project)
    alerts = None
    if project.prometheus is None and (project.rules or project.packs):
        alerts = frozenset(name for file in read_project_rules(project).files for name in name_alerts(file))
    return Known(
        alerts=alerts,
        receivers=None
        if config is None or project.alertmanager is None
        else frozenset(receiver["name"] for receiver in config.document["receivers"]),
        providers=frozenset(one.name for one in project.providers) if is_held else None,
        parts=frozenset((*PARTS, *(f"provider-{one.name}" for one in project.providers)))
        if is_held
        else None,
        scenarios=frozenset(list_shipped()) if is_held else None,
        is_own_gateway=is_held,
        find_closing_s=_Closing(config) if is_held and config is not None else None,
    )


def read_project_config(project: Project) -> AlertmanagerConfig:
    """Return the Alertmanager config of a project that starts one; raises BadInput."""
    if project.alertmanager is None:
        return make_reference_config(name_systems(project))
    return read_config(shorten(project.alertmanager), project.templates and shorten(project.templates))


class _Closing:
    """How long a receiver waits at the most to be told of an end: the least of the routes that lead there."""

    def __init__(self, config: AlertmanagerConfig) -> None:
        self._routes = tuple(_list_routes(parse_routes(config.document)))

    def __call__(self, receiver: str) -> float:
        """Return seconds; 0 where no route leads to the receiver."""
        intervals = (one.match.group_interval_s for one in self._routes if one.match.receiver == receiver)
        return min(intervals, default=0.0)


def _list_routes(route: Route) -> Iterator[Route]:
    yield route
    for child in route.routes:
        yield from _list_routes(child)
