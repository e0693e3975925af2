"""The systems: each is a folder, and a sixth system is a sixth folder.

| file | what it says |
|---|---|
| `surface.py` | `JOB`, and `Surface`: the metrics, moved by the gateway's events |
| `metrics.yml` | the table of the metrics that the surface is held to |
| `values.yml` | thresholds, windows and switches of the alerts |
| `rules.tmpl.yml` | the alert rules, with placeholders for values |
| `rules.yml` | the same with the values as shipped and every alert on |
| `as_written.yml` | rules that their authors got wrong, kept to prove it; there may be none |
| `paging.yml` | rules that drill the paging path; there may be none |
| `queries.yml` | the useful queries |
| `panels.yml`, `dashboard.json` | what the dashboard shows, and the dashboard for Grafana made of that |
| `runbook.md` | what each alert means and what to do |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # what a system's files say is known without the gateway, and without the library
    from prometheus_client import CollectorRegistry

    from alertdrill.gateway.events import DomainEvent, State


class Surface(Protocol):
    """What a system shows of the gateway: metrics in a registry of their own, moved by events."""

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics."""

    def observe(self, event: DomainEvent) -> None:
        """Move the metrics by an event; quick, for it runs on the way of every call."""


class SurfaceModule(Protocol):
    """A system's `surface.py`."""

    JOB: str
    Surface: Callable[[State], Surface]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system's folder, and what imports its `surface.py` once that is asked for."""

    name: str
    folder: Path
    find_surface: Callable[[], SurfaceModule]

    @property
    def job(self) -> str:
        """The scrape job under which Prometheus knows the system."""
        return self.find_surface().JOB

    @property
    def surface(self) -> Callable[[State], Surface]:
        """What makes the system's surface."""
        return self.find_surface().Surface

    @property
    def rules_path(self) -> Path:
        """Where the system's alert rules are, as shipped."""
        return self.folder / "rules.yml"

    @property
    def template_path(self) -> Path:
        """Where the rules with placeholders are."""
        return self.folder / "rules.tmpl.yml"

    @property
    def values_path(self) -> Path:
        """Where the values are."""
        return self.folder / "values.yml"

    @property
    def edition_paths(self) -> tuple[Path, ...]:
        """Where the rules are that are loaded only for drills that are about them: those there are.

        They are kept as written, or drill the paging path, and have a label `edition` that says which.
        """
        paths = (self.as_written_path, self.paging_path)
        return tuple(path for path in paths if path.exists())

    @property
    def as_written_path(self) -> Path:
        """Where the rules are that are kept as written, if there are any."""
        return self.folder / "as_written.yml"

    @property
    def paging_path(self) -> Path:
        """Where the rules are that drill the paging path, if there are any."""
        return self.folder / "paging.yml"

    @property
    def panels_path(self) -> Path:
        """Where the dashboard's panels are."""
        return self.folder / "panels.yml"

    @property
    def dashboard_path(self) -> Path:
        """Where the dashboard is that Grafana imports."""
        return self.folder / "dashboard.json"

    @property
    def queries_path(self) -> Path:
        """Where the useful queries are."""
        return self.folder / "queries.yml"

    @property
    def metrics_path(self) -> str:
        """Where the gateway shows the system's metrics."""
        return f"/metrics/{self.name}"


def list_names() -> tuple[str, ...]:
    """Return the name of every folder with metrics, sorted; nothing of theirs is imported."""
    return tuple(sorted(path.parent.name for path in Path(__path__[0]).glob("*/metrics.yml")))


def find_systems() -> tuple[System, ...]:
    """Return every folder here, sorted by name; its `surface.py` has `JOB` and `Surface`.

    Surfaces are imported when they are asked for, and then raise ModuleNotFoundError without
    prometheus-client, of which they are made.
    """
    return tuple(
        System(
            name=name,
            folder=Path(__path__[0]) / name,
            find_surface=partial(import_module, f"{__name__}.{name}.surface"),
        )
        for name in list_names()
    )
