"""A running stack of containers: made anew for a run, put out and brought back by docker, watched."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from docker.models.containers import Container
from docker.models.networks import Network

from alertdrill.alertmanager.recorder import FILE_NAME
from alertdrill.core.drill import Fault
from alertdrill.core.parts import PARTS, PROVIDERS
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.runtime.files import write_own
from alertdrill.runtime.http_client import Api
from alertdrill.stacks import Endpoints, Setup
from alertdrill.stacks.compose.containers import (
    PROJECT_LABEL,
    Mishap,
    Project,
    describe_end,
    find_published,
    naming_the_engine,
    read_file,
    save_log,
)
from alertdrill.stacks.compose.order import pack_files, pack_order
from alertdrill.stacks.compose.shaping import slow_down, speed_up
from alertdrill.stacks.readiness import await_ready

PREPARE = "prepare"
READY_WITHIN_S = 60.0
PREPARED_WITHIN_S = 60
STOP_GRACE_S = 2
MAX_AT_ONCE = 4
RECORDED = f"/data/alertmanager/{FILE_NAME}"
"""Where the preparing container has what Alertmanager recorded of itself."""
MAX_EVENTS_BYTES = 64 * 1024 * 1024
TOKENS = ("ADMIN", "CONTROL", "PAGER")
SECRETS_FOLDER = "/run/alertdrill"
PROVIDER_PARTS = tuple(f"provider-{name}" for name in PROVIDERS)
PORTS: Mapping[str, int] = {
    "gateway": 8080,
    "prometheus": 9090,
    "alertmanager": 9093,
    "pager": 8080,
    **dict.fromkeys(PROVIDER_PARTS, 8081),
}
"""Where each part listens for the harness; of a provider, its control API."""
GUARD = "http://guard:2375"
"""Where the guard is for who runs in a container beside it; whoever does not asks the engine itself."""
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "gateway": ("front", "upstream"),
    "prometheus": ("front",),
    "alertmanager": ("front",),
    "pager": ("front",),
    **dict.fromkeys(PROVIDER_PARTS, ("upstream", "control")),
}
"""Each part's networks."""
KEPT = "control"
"""The network that no part is cut off from, so that a provider can still be told what to do."""


class ComposeStack:
    """The containers of a project, all of which exist. `is_inside`: we run in one of its networks."""

    def __init__(self, project: Project, *, logs: Path, is_inside: bool) -> None:
        self._project = project
        self._logs = logs
        self._is_inside = is_inside
        self._containers = project.find()
        self._since_s = self._started_s = self._looked_s = time.time()
        self._undo: dict[str, Callable[[], object]] = {}
        self._outages: list[_Window] = []
        self.endpoints: Endpoints
        self.versions: Mapping[str, str] = {}
        for part in (*PARTS, PREPARE):
            # There from the first, so that a report names them; they are filled in the end.
            (logs / f"{part}.log").touch()

    def renew(self, setup: Setup) -> None:
        """Make all parts start anew, empty, as the setup says. Raises BadInput, ComponentFailed."""
        self._since_s = time.time()
        self._restore()
        self._on_all(lambda container: container.stop(timeout=STOP_GRACE_S))
        self._prepare(setup)
        self._started_s = self._looked_s = time.time()
        self._on_all(lambda container: container.start())
        self.endpoints = self._find_endpoints()
        await_ready(self.endpoints, self.check, within_s=READY_WITHIN_S, logs=self._logs)
        self.versions = _read_versions(self.endpoints)

    def begin_outage(self, part: str, how: Fault) -> None:
        """Put a part out; see `Stack.begin_outage`."""
        if part not in PARTS:
            raise BadInput(f"the stack has no part {part!r}; there are: {', '.join(PARTS)}")
        container = self._containers[part]
        window = _Window(part=part, since_s=time.time())
        self._outages.append(window)
        # How to undo it is noted first: an answer may be lost, and the thing done all the same.
        with naming_the_engine():
            match how:
                case "pause":
                    self._undo[part] = container.unpause
                    container.pause()
                case "stop":
                    self._undo[part] = container.start
                    container.stop(timeout=STOP_GRACE_S)
                case "kill":
                    self._undo[part] = container.start
                    container.kill()
                case "restart":
                    self._undo[part] = container.start
                    container.restart(timeout=STOP_GRACE_S)
                case "disconnect":
                    self._undo[part] = lambda: self._connect_all(part)
                    for network in NETWORKS[part]:
                        if network != KEPT:
                            self._find_network(network).disconnect(container, force=True)
                case "slow":
                    self._undo[part] = lambda: speed_up(self._project.client, container)
                    slow_down(self._project.client, container)
        if how == "restart":
            window.until_s = time.time()

    def end_outage(self, part: str, how: Fault) -> None:  # noqa: ARG002 - what was begun is known
        """Undo what was done to a part; after a restart, that is to start what is up already."""
        for window in self._outages:
            window.until_s = min(window.until_s, time.time()) if window.part == part else window.until_s
        with naming_the_engine():
            self._undo[part]()
        del self._undo[part]

    def set_zones(self, zones: Mapping[str, bytes]) -> None:
        """Let Alertmanager read its time intervals in these zones; see `Stack.set_zones`."""
        files = {f"zoneinfo/{name}": content for name, content in zones.items()}
        with naming_the_engine():
            self._containers[PREPARE].put_archive("/config", pack_files(files))
        Api("alertmanager", self.endpoints.alertmanager).post("/-/reload", None)

    def set_rules(self, texts: Mapping[str, str]) -> None:
        """Let Prometheus evaluate these rules; see `Stack.set_rules`."""
        with naming_the_engine():
            files = {name: text.encode() for name, text in texts.items()}
            self._containers[PREPARE].put_archive("/config", pack_files(files))
            self._containers["prometheus"].kill(signal="SIGHUP")

    def check(self) -> None:
        """Raise ComponentFailed if a container has ended, restarted or become unhealthy on its own."""
        now_s = int(time.time())
        if now_s <= self._looked_s:
            return
        since_s, self._looked_s = int(self._looked_s), now_s
        for mishap in self._project.read_mishaps(since_s, now_s):
            if mishap.service in PARTS and mishap.at_s >= self._started_s and not self._is_excused(mishap):
                raise ComponentFailed(
                    f"the container of {mishap.service} {mishap.said}; "
                    f"its log is {self._logs / f'{mishap.service}.log'}"
                )

    def save_logs(self) -> None:
        """Write what every container has said since the run began to its log; every one is tried."""
        with ExitStack() as ends:
            ends.callback(self._save_events)
            for part, container in self._containers.items():
                if part in (*PARTS, PREPARE):
                    ends.callback(save_log, container, self._logs / f"{part}.log", self._since_s)

    def _save_events(self) -> None:
        """Write what Alertmanager recorded of itself beside the logs, where it can be had; runs need none."""
        with suppress(ComponentFailed):
            recorded = read_file(self._containers[PREPARE], RECORDED, MAX_EVENTS_BYTES)
            write_own(self._logs / FILE_NAME, recorded.encode())

    def close(self) -> None:
        """Undo every outage that is still on, and save all logs; every one is tried."""
        with ExitStack() as ends:
            ends.callback(self.save_logs)
            for undo in self._undo.values():
                ends.callback(undo)

    def _restore(self) -> None:
        """Undo what a run that was killed may have left: pauses and missing networks."""
        for part in PARTS:
            container = self._containers[part]
            with naming_the_engine():
                container.reload()
                if container.status == "paused":
                    container.unpause()
                self._connect_all(part)

    def _connect_all(self, part: str) -> None:
        """Connect a part to those of its networks that it is not on."""
        container = self._containers[part]
        container.reload()
        for network in NETWORKS[part]:
            if network not in self._project.find_networks(container):
                # Under the names that compose gives it, or nobody finds it again.
                self._find_network(network).connect(container, aliases=[part, str(container.name)])

    def _find_network(self, name: str) -> Network:
        label = f"{PROJECT_LABEL}={self._project.name}"
        full_name = f"{self._project.name}_{name}"
        found = self._project.client.networks.list(names=[full_name], filters={"label": label})
        if not found:
            raise ComponentFailed(f"the network {full_name} is not there")
        return found[0]

    def _on_all(self, profile: Callable[[Container], object]) -> None:
        """Do something to every part at once; the first failure is raised when all were tried."""

        def do(part: str) -> None:
            with naming_the_engine():
                profile(self._containers[part])

        with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
            for done in [pool.submit(do, part) for part in PARTS]:
                done.result()

    def _prepare(self, setup: Setup) -> None:
        container = self._containers[PREPARE]
        with naming_the_engine():
            container.put_archive("/config", pack_order(setup))
            container.start()
            code = container.wait(timeout=PREPARED_WITHIN_S)["StatusCode"]
            said = container.logs(tail=1).decode(errors="replace").strip()
        if code == BadInput.exit_code:
            raise BadInput(said)
        if code != 0:
            raise ComponentFailed(f'the container of prepare ended with exit code {code} ("{said}")')

    def _find_endpoints(self) -> Endpoints:
        urls = {part: f"http://{self._find_address(part)}" for part in PARTS}
        prepare = self._containers[PREPARE]
        secret = {name: read_file(prepare, f"{SECRETS_FOLDER}/ALERTDRILL_{name}_TOKEN") for name in TOKENS}
        return Endpoints(
            gateway=urls["gateway"],
            prometheus=urls["prometheus"],
            alertmanager=urls["alertmanager"],
            pager=urls["pager"],
            controls={name: urls[f"provider-{name}"] for name in PROVIDERS},
            admin_token=secret["ADMIN"],
            control_token=secret["CONTROL"],
            pager_token=secret["PAGER"],
            guard=GUARD if self._is_inside else None,
        )

    def _find_address(self, part: str) -> str:
        if self._is_inside:
            return f"{part}:{PORTS[part]}"
        container = self._containers[part]
        with naming_the_engine():
            container.reload()
        address = find_published(container, PORTS[part])
        if address is None:
            raise ComponentFailed(f"the container of {part} {describe_end(container)}, and has no port")
        return address

    def _is_excused(self, mishap: Mishap) -> bool:
        return any(
            window.part == mishap.service and window.since_s <= mishap.at_s <= window.until_s
            for window in self._outages
        )


@dataclass(slots=True, kw_only=True)
class _Window:
    """From when to when (epoch seconds) a part was out on purpose."""

    part: str
    since_s: float
    until_s: float = math.inf


def _read_versions(endpoints: Endpoints) -> dict[str, str]:
    """Ask Prometheus and Alertmanager for their versions. Raises ComponentFailed."""
    prometheus = Api("prometheus", endpoints.prometheus).get("/api/v1/status/buildinfo")
    alertmanager = Api("alertmanager", endpoints.alertmanager).get("/api/v2/status")
    try:
        return {
            "prometheus": str(prometheus.json()["data"]["version"]),
            "alertmanager": str(alertmanager.json()["versionInfo"]["version"]),
        }
    except (ValueError, LookupError, TypeError) as error:
        raise ComponentFailed(f"Prometheus or Alertmanager does not say its version: {error!r}") from error
