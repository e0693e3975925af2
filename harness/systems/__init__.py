"""The systems: each is a folder with its metrics, its alert rules and its runbook."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry

from harness.gateway.events import DomainEvent, State


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
        """Where the system's alert rules are."""
        return self.folder / "rules.yml"

    @property
    def metrics_path(self) -> str:
        """Where the gateway shows the system's metrics."""
        return f"/metrics/{self.name}"


def find_systems() -> tuple[System, ...]:
    """Return every folder here with its `surface.py` (which has `JOB` and `Surface`), sorted by name."""
    systems = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if module.ispkg:
            surface = importlib.import_module(f"{__name__}.{module.name}.surface")
            folder = Path(__path__[0]) / module.name
            systems.append(System(name=module.name, folder=folder, job=surface.JOB, surface=surface.Surface))
    return tuple(systems)
