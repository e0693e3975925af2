"""What a project file states: where a gateway is, how it is scraped, and whose rules and drills are held.

Durations are seconds of the gateway's wall time. Paths are absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.runtime.reading import read_bytes
from alertdrill.runtime.server_options import MAX_VALUE_BYTES, is_header_value

DIALECTS = ("openai", "anthropic", "gemini", "ollama", "openrouter", "vllm")
"""What stub providers speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a secret is kept: in the environment variable `env`, or in the file `file`.

    It is read when it is sent, and no message shows it. `source` is `file:line` of the project file.
    """

    env: str | None = None
    file: Path | None = None
    source: str = field(default="", compare=False)

    def read(self, environ: Mapping[str, str]) -> str:
        """Return the secret; raises BadInput, which names the variable or the file and never the value."""
        where = f"{self.source}: " if self.source else ""
        if self.file is None:
            what, value = f"the environment variable {self.env}", environ.get(self.env or "")
            if value is None:
                raise BadInput(f"{where}{what}, which has a secret, is not set")
        else:
            what, value = str(self.file), _read_secret(self.file, where)
        value = value.strip()
        if not value:
            raise BadInput(f"{where}{what} is empty, and should have a secret")
        if not is_header_value(value):
            raise BadInput(
                f"{where}{what} has no single line of visible ASCII, which a header of HTTP can have"
            )
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The gateway: its base URL without a slash at its end, and what every request of the traffic carries.

    `ready` is the path that answers once it is ready. `command` starts it, with `env` added to the
    environment; no command means that it runs already.
    """

    url: str
    ready: str = "/"
    key: Secret | None = None
    headers: Mapping[str, Secret | str] = field(default_factory=dict, repr=False)
    ca: Path | None = None
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """A scrape job: the path of `targets`, which are `host:port`, every `interval_s` at speed 1."""

    job: str
    path: str = "/metrics"
    interval_s: float = 15.0
    key: Secret | None = None
    targets: tuple[str, ...]
    relabel: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StubProvider:
    """A stub provider to start, on a free port if `port` is None.

    `behaviour` is what it meets calls with, as its control API takes it; calls for one of `models` it meets
    with that model's, and those with one of `keys` with that key's.
    """

    name: str
    dialect: str
    port: int | None = None
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keys: tuple[tuple[Secret, Mapping[str, Any]], ...] = ()
    source: str = field(default="", compare=False)
    """`file:line` of its port, where one is stated."""

    @property
    def behaviours(self) -> tuple[Mapping[str, Any], ...]:
        """All behaviours that it meets calls with."""
        return self.behaviour, *self.models.values(), *(behaviour for _, behaviour in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A timer of the gateway's own, which no speed makes shorter.

    It reaches `alerts`, or every alert if there are none, in `drills`, or in every drill if there are none.
    `source` is `file:line` of the project file.
    """

    name: str
    lasts_s: float
    alerts: tuple[str, ...] = ()
    drills: tuple[str, ...] = ()
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server of somebody's own that runs already, and what every request to it carries.

    `source` is `file:line` of the project file, or the option that named it.
    """

    url: str
    key: Secret | None = None
    headers: Mapping[str, Secret | str] = field(default_factory=dict, repr=False)
    ca: Path | None = None
    source: str = field(default="", compare=False)

    def read_headers(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of every request, secrets included; raises BadInput."""
        read = {
            name: value if isinstance(value, str) else value.read(environ)
            for name, value in self.headers.items()
        }
        return read if self.key is None else {**read, "Authorization": f"Bearer {self.key.read(environ)}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAlertmanager(Service):
    """An Alertmanager of somebody's own; its `receivers` send webhooks to `pager`, which is `host:port`."""

    pager: str | None = None
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project file's statement; `path` is that file. Without a target it can judge recordings.

    `packs` are folders of systems, with rules and drills that are made of values.
    `templates` is where Alertmanager's template files lie, and `nobody` are its receivers that notify nobody
    on purpose.
    With `prometheus`, that server is used and none is started; `running_alertmanager` is who it pages by.
    """

    path: Path
    name: str = "own"
    target: Target | None = None
    scrapes: tuple[Scrape, ...] = ()
    providers: tuple[StubProvider, ...] = ()
    rules: tuple[Path, ...] = ()
    packs: tuple[Path, ...] = ()
    alertmanager: Path | None = None
    templates: Path | None = None
    nobody: tuple[str, ...] = ()
    prometheus: Service | None = None
    running_alertmanager: RunningAlertmanager | None = None
    drills: tuple[Path, ...] = ()
    out: Path
    speed: float | None = None
    warm_up: bool = True
    timers: tuple[Timer, ...] = ()

    @property
    def behaviours(self) -> dict[str, Mapping[str, Any]]:
        """How each stub provider behaves with which nothing is wrong, by its name or `provider:model`."""
        of_models = {
            f"{provider.name}:{model}": behaviour
            for provider in self.providers
            for model, behaviour in provider.models.items()
        }
        return {**{provider.name: provider.behaviour for provider in self.providers}, **of_models}

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that a run reads, and must not replace by its reports."""
        own = () if self.alertmanager is None else (self.alertmanager,)
        return (self.path, *self.rules, *own)

    @property
    def folder(self) -> Path:
        """The folder of the project file, to which its paths are relative."""
        return self.path.parent


def _read_secret(path: Path, where: str) -> str:
    try:
        # One that is larger is no header's value either.
        content = read_bytes(path, MAX_VALUE_BYTES)
    except OSError as error:
        raise BadInput(f"{where}{path}, which has a secret, cannot be read: {error.strerror}") from error
    return content.decode("utf-8", "surrogateescape")
