"""Where drills are held, found out from options and the environment."""

from __future__ import annotations

import math
import os
from pathlib import Path

import click

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput, MissingEngine
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.binaries import find_promtool as find_own_promtool
from alertdrill.runtime.free_ports import demand_ports
from alertdrill.runtime.limits import demand_files
from alertdrill.stacks import Site
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.stacks.remote_write import RemoteWrite


def find_site(
    stack: str,
    project: str | None,
    ports: dict[str, int],
    remote_write: RemoteWrite | None = None,
    alertmanagers: int = 1,
) -> Site:
    """Return where the drills are to be held.

    Raises BadInput when that cannot be had, or a port that is asked for, and LimitReached where processes may
    open too few files.
    """
    if stack == "compose":
        if ports:
            raise BadInput(
                "--port is for --stack embedded: containers take ALERTDRILL_GATEWAY_PORT and the like"
            )
        if remote_write is not None:
            raise BadInput("--remote-write is for --stack embedded: the containers' Prometheus sends nothing")
        if alertmanagers > 1:
            raise BadInput("--alertmanagers is for --stack embedded: compose.yaml has one Alertmanager")
        from alertdrill.stacks.compose.site import ComposeSite  # docker's library takes long to import

        return ComposeSite.find(project, os.environ)
    if project is not None:
        raise BadInput("--project is for --stack compose")
    demand_ports(ports)
    demand_files()
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    return EmbeddedSite(engines=engines, ports=ports, remote_write=remote_write, alertmanagers=alertmanagers)


def find_promtool(site: Site) -> Path | None:
    """Return the promtool that replays a run's recording; None where there is none on this machine."""
    if isinstance(site, EmbeddedSite):
        return site.engines.promtool
    try:
        return find_own_promtool(os.environ, say=lambda text: click.echo(text, err=True)).promtool
    except MissingEngine:
        return None


def find_obstacles(
    drills: tuple[Drill, ...], names: tuple[str, ...], site: Site, speed: float | None
) -> dict[str, str]:
    """Say why drills cannot be held here, by name; raises BadInput when they were asked for by name.

    Where no `speed` was asked for, only drills that were named can have a lower one than all others.
    """
    obstacles = {
        drill.name: obstacle
        for drill in drills
        if (obstacle := site.find_obstacle(drill) or _find_haste(drill, names, speed)) is not None
    }
    for name, obstacle in obstacles.items():
        if names:
            raise BadInput(f"{name} cannot be held: {obstacle}")
    return obstacles


def find_slowest(drills: tuple[Drill, ...]) -> float | None:
    """Return the highest speed at which all drills can be held; None if that is for calibration to say."""
    return min((drill.max_speed for drill in drills if drill.max_speed is not None), default=None)


def _find_haste(drill: Drill, names: tuple[str, ...], speed: float | None) -> str | None:
    if drill.max_speed is None or (speed is None and names) or (speed or math.inf) <= drill.max_speed:
        return None
    return f"a pause of the machine would decide: --speed {drill.max_speed:g}"
