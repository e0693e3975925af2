"""A system: its folder, and what is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from alertdrill.errors import BadInput
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.reading import decode_text, read_bytes

if TYPE_CHECKING:  # what a system's files say is known without the gateway, and without the library
    from prometheus_client import CollectorRegistry

    from alertdrill.gateway.events import DomainEvent, State

SURFACE = "surface.py"
STATEMENT = "system.yml"
MAX_BYTES = 1024 * 1024
"""Of a file of a system."""


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
    """A system's name and folder.

    `package` is what the folder is imported as; None for a folder that is no part of any package.
    `stated_job` is the scrape job in the folder's `system.yml`; None where there is a surface, which has it.
    """

    name: str
    folder: Path
    package: str | None = None
    stated_job: str | None = None

    @property
    def is_served(self) -> bool:
        """Whether the reference gateway serves the system's metrics: the folder has a surface to import."""
        return self.package is not None and is_there(self.folder / SURFACE)

    @property
    def job(self) -> str:
        """The scrape job under which Prometheus knows the system."""
        return self._import_surface().JOB if self.stated_job is None else self.stated_job

    @property
    def surface(self) -> Callable[[State], Surface]:
        """What makes the surface of a system that is served.

        Raises ModuleNotFoundError without prometheus-client, of which surfaces are made.
        """
        return self._import_surface().Surface

    def _import_surface(self) -> SurfaceModule:
        return cast(SurfaceModule, import_module(f"{self.package}.surface"))

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
    def drills_path(self) -> Path:
        """Where the drills are: a module, or a package."""
        package = self.folder / "drills" / "__init__.py"
        return package if is_there(package) else self.folder / "drills.py"

    @property
    def recordings_path(self) -> Path:
        """Where the golden recordings of its drills are, if it keeps its own."""
        return self.folder / "recordings"

    @property
    def survivors_path(self) -> Path:
        """Where is said why it is right that drills notice some mutants of the rules not, if that is said."""
        return self.folder / "survivors.yml"

    @property
    def edition_paths(self) -> tuple[Path, ...]:
        """Where the rules are that are loaded only for drills that are about them: those there are.

        They are kept as written, or drill the paging path, and have a label `edition` that says which.
        """
        paths = (self.as_written_path, self.paging_path)
        return tuple(path for path in paths if is_there(path))

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
    def runbook_path(self) -> Path:
        """Where it is said what each alert means and what to do."""
        return self.folder / "runbook.md"

    @property
    def metrics_path(self) -> str:
        """Where the gateway shows the system's metrics."""
        return f"/metrics/{self.name}"


def read_text(path: Path) -> str:
    """Return the text of a file of a system's folder; raises BadInput."""
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: is larger than {MAX_BYTES} bytes")
    return decode_text(content, str(path))
