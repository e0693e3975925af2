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

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.gateway.events import DomainEvent, State

if TYPE_CHECKING:  # the systems' names are known without the library
    from prometheus_client import CollectorRegistry


class Surface(Protocol):
    """What a system shows of the gateway: metrics in a registry of their own, moved by events."""

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics."""

    def observe(self, event: DomainEvent) -> None:
        """Move the metrics by an event; quick, for it runs on the way of every call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system's folder, the scrape job under which Prometheus knows it, and how its surface is made."""

    name: str
    folder: Path
    job: str
    surface: Callable[[State], Surface]

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
    """Return the name of every folder here, sorted; nothing of theirs is imported."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def find_systems() -> tuple[System, ...]:
    """Return every folder here with its `surface.py` (which has `JOB` and `Surface`), sorted by name.

    Raises ModuleNotFoundError without prometheus-client, of which surfaces are made.
    """
    systems = []
    for name in list_names():
        surface = importlib.import_module(f"{__name__}.{name}.surface")
        folder = Path(__path__[0]) / name
        systems.append(System(name=name, folder=folder, job=surface.JOB, surface=surface.Surface))
    return tuple(systems)
