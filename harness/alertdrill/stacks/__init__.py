"""Where drills are held: a site makes stacks of the same parts, and a stack tells where its parts are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.drill import Drill, Fault
from alertdrill.core.parts import PEER
from alertdrill.rules.files import RuleFile
from alertdrill.runtime.http_client import Api
from alertdrill.stacks.subject import Subject

CALENDAR_LASTS_S = 24 * 3600.0
"""How long the calendar of time intervals runs at the speed of a stack that no drill is held on."""

READY_PATHS = {"prometheus": "/-/ready", "alertmanager": "/-/ready", PEER: "/-/ready"}
"""Where a part says that it is ready; the project's own servers say so at `/healthz`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What requests to a part carry, and the file that its certificate is checked with, if it has its own."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Base URLs of a stack's parts, and the secrets that open them; secrets are kept out of `repr`.

    `alertmanager` is empty where there is none that can be asked.
    """

    gateway: str
    prometheus: str
    alertmanager: str
    pager: str
    controls: Mapping[str, str]
    """Control API of each stub provider, by provider name."""
    admin_token: str = field(repr=False)
    control_token: str = field(repr=False)
    pager_token: str = field(repr=False)
    ready: str = "/healthz"
    """Where the gateway says that it is ready."""
    authorities: Path | None = None
    """What the gateway's certificate is checked with; None for the system's."""
    peer: str | None = None
    """The second Alertmanager, if there is one."""
    guard: str | None = None
    """The guard before the engine of containers, where the harness passes by it."""
    access: Mapping[str, Access] = field(default_factory=dict)
    """How parts are asked that somebody else runs, by part."""

    def open_prometheus(self) -> Api:
        """Return Prometheus's API."""
        return self._open("prometheus", self.prometheus)

    def open_alertmanagers(self) -> dict[str, Api]:
        """Return the API of every Alertmanager, by part."""
        return {part: self._open(part, url) for part, url in self.alertmanagers.items()}

    def _open(self, part: str, url: str) -> Api:
        access = self.access.get(part, Access())
        return Api(part, url, headers=access.headers, authorities=access.authorities)

    @property
    def alertmanagers(self) -> Mapping[str, str]:
        """Every Alertmanager's URL, by part."""
        first = {"alertmanager": self.alertmanager} if self.alertmanager else {}
        return first if self.peer is None else {**first, PEER: self.peer}

    @property
    def certificates(self) -> Mapping[str, Path]:
        """What certificates are checked with that are not checked with the system's authorities, by part."""
        own = {part: access.authorities for part, access in self.access.items()}
        return {part: path for part, path in {"gateway": self.authorities, **own}.items() if path is not None}

    @property
    def health(self) -> Mapping[str, str]:
        """Where each part can be asked whether it lives, by part.

        A provider's control API refuses who has no token, which is an answer.
        """
        parts = {"gateway": self.gateway, "prometheus": self.prometheus, "pager": self.pager}
        parts |= {**self.alertmanagers, **{f"provider-{name}": url for name, url in self.controls.items()}}
        if self.guard is not None:
            parts["guard"] = self.guard
        paths = {**READY_PATHS, "gateway": self.ready}
        return {part: url + paths.get(part, "/healthz") for part, url in parts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a stack is made of; `rules` and `alertmanager` are in rule time, and dilated by `speed`.

    `zones` are the files of the time zones that Alertmanager's time intervals are read in.
    """

    speed: float
    rules: tuple[RuleFile, ...]
    alertmanager: AlertmanagerConfig
    logs: Path
    zones: Mapping[str, bytes]


class Stack(Protocol):
    """A running stack."""

    @property
    def endpoints(self) -> Endpoints:
        """Where its parts are."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of Prometheus and of Alertmanager, by name."""

    def begin_outage(self, part: str, how: Fault) -> None:
        """Put a part out. Raises BadInput for a part or a fault that the stack does not have."""

    def end_outage(self, part: str, how: Fault) -> None:
        """Undo what `begin_outage` did."""

    def set_zones(self, zones: Mapping[str, bytes]) -> None:
        """Let Alertmanager read its time intervals in these zones from now on. Raises ComponentFailed."""

    def set_rules(self, texts: Mapping[str, str]) -> None:
        """Let its own Prometheus evaluate these rules from now on, by the names of the files that it has.

        Raises ComponentFailed.
        """

    def save_logs(self) -> None:
        """See to it that what every part has logged is in the setup's folder. Raises ComponentFailed."""

    def check(self) -> None:
        """Raise ComponentFailed, naming it, if a part has broken that was not put out on purpose."""


class Site(Protocol):
    """Where stacks are made: of local processes, or of containers."""

    @property
    def name(self) -> str:
        """What `--stack` calls it, and the timeline's mode."""

    @property
    def subject(self) -> Subject:
        """What is drilled here."""

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; None when it can."""

    def open(self, setup: Setup) -> AbstractContextManager[Stack]:
        """Start, or find, a stack that nobody has used, and leave nothing of it behind that was not there.

        Raises BadRules or BadInput for a setup that cannot be dilated, before anything is started, and
        ComponentFailed, naming the part and its log, when one does not get ready.
        """
