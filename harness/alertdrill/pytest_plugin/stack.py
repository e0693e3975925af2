"""The stack of a project, which stands for the tests of a module: no drill is held on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.cli.run_folder import open_folder
from alertdrill.core.clock import Clock
from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.project.project import Project
from alertdrill.pytest_plugin.project_drills import ProjectDrills
from alertdrill.runner.project_files import name_systems, read_project_rules
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.limits import demand_files
from alertdrill.runtime.looking import follow
from alertdrill.runtime.paths import shorten
from alertdrill.stacks import CALENDAR_LASTS_S, Setup, Stack
from alertdrill.stacks.project_site import ProjectSite

FOLDER = "stack"
"""Where its logs are, below the folder of reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingStack:
    """A running stack, and a client of each of its parts that has what opens it."""

    stack: Stack
    speed: float
    """Seconds of rule time in a second of wall time: windows in rules are divided by it."""

    @property
    def url(self) -> str:
        """The gateway's base URL."""
        return self.stack.endpoints.gateway

    @property
    def prometheus(self) -> Api:
        """Prometheus's HTTP API."""
        return Api("Prometheus", self.stack.endpoints.prometheus)

    @property
    def alertmanager(self) -> Api:
        """Alertmanager's HTTP API."""
        return Api("Alertmanager", self.stack.endpoints.alertmanager)

    @property
    def pager(self) -> Api:
        """The pager's HTTP API: what it was sent."""
        return Api("the pager", self.stack.endpoints.pager, self.stack.endpoints.pager_token)

    @property
    def providers(self) -> dict[str, Api]:
        """The control API of each stub provider, by its name."""
        endpoints = self.stack.endpoints
        return {
            name: Api(f"the provider {name}", url, endpoints.control_token)
            for name, url in endpoints.controls.items()
        }


@contextmanager
def open_standing(find_drills: Callable[[], ProjectDrills]) -> Iterator[StandingStack]:
    """Start a project's stack, and end it; meanwhile nobody holds a run of the session's."""
    try:
        drills = find_drills()
        if drills.settings.replay is not None:
            pytest.skip("--alertdrill-replay starts no stack")
        speed = drills.settings.speed or drills.project.speed or 1.0
        out = (drills.settings.out or drills.project.out) / FOLDER
        with drills.share.occupy(), _open(drills.project, speed, out) as stack:
            yield StandingStack(stack=stack, speed=speed)
            return
    except AlertdrillError as error:
        failure = str(error)
    pytest.fail(failure, pytrace=False)  # where it was raised is nothing that a test's author knows


@contextmanager
def _open(project: Project, speed: float, out: Path) -> Iterator[Stack]:
    if project.target is None:
        raise BadInput(f"{shorten(project.path)}: states no [target], so there is no stack to start")
    demand_files()
    config = make_reference_config(name_systems(project))
    if project.alertmanager is not None:
        config = read_config(shorten(project.alertmanager), project.templates)
    clock = Clock(speed=speed, origin_s=time.time())
    setup = Setup(
        speed=speed,
        rules=read_project_rules(project).files,
        alertmanager=config,
        logs=follow(out) / "logs",
        zones=write_zones(config.document, clock, Calendar(origin=datetime.now(UTC)), CALENDAR_LASTS_S),
    )
    site = ProjectSite(
        engines=find_engines(os.environ), project=project, target=project.target, environment=os.environ
    )
    with open_folder(out, [project.path, *project.rules]) as reports:
        try:
            with site.open(setup) as stack:
                yield stack
        finally:
            reports.publish()  # what went wrong is in a log
