"""The embedded stack: every part a local process on a free loopback port, its data in a temporary folder.

Whatever way the `with` block is left, the processes are ended and the folder is removed; their logs stay.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from alertdrill.core.drill import Drill, Fault
from alertdrill.core.parts import PARTS, PEER, PROVIDERS
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.process import Process, inherit_environment, start
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret
from alertdrill.stacks import Endpoints, Setup
from alertdrill.stacks.configs import (
    dilate_all,
    list_cluster_flags,
    list_prometheus_flags,
    make_scrape_configs,
    write_gateway_config,
    write_prometheus_config,
)
from alertdrill.stacks.paging_path import (
    ZONEINFO,
    Plan,
    plan_alertmanager,
    plan_pager,
    write_below,
    write_paging_files,
)
from alertdrill.stacks.readiness import await_ready
from alertdrill.stacks.remote_write import RemoteWrite, write_remote_write
from alertdrill.stacks.scratch import find_scratch
from alertdrill.stacks.subject import Subject, find_reference_subject
from alertdrill.systems import find_served

START_WITHIN_S = 30.0
STOP_GRACE_S = 5.0

FAULTS: frozenset[Fault] = frozenset({"pause", "stop", "kill", "restart"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSite:
    """Stacks of local processes. `ports` were asked for, by part; all others are free ones."""

    engines: Engines
    ports: Mapping[str, int]
    remote_write: RemoteWrite | None = None
    """Where Prometheus sends its samples too."""
    alertmanagers: int = 1
    """How many Alertmanagers there are, in a cluster if there are two."""
    name: str = "embedded"
    subject: Subject = field(default_factory=find_reference_subject)

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; see `Site.find_obstacle`."""
        if drill.alertmanagers > self.alertmanagers:
            return f"it wants a cluster of Alertmanagers: --alertmanagers {drill.alertmanagers}"
        return next((_say_obstacle(o.how) for o in drill.outages if o.how not in FAULTS), None)

    @contextmanager
    def open(self, setup: Setup) -> Iterator[EmbeddedStack]:
        """Start every part, wait until all are ready, and end them in the end; see `Site.open`."""
        rules = dilate_all(setup.rules, setup.speed)
        with ExitStack() as resources:
            folder = resources.enter_context(scratch_folder(find_scratch(os.environ)))
            ports = _choose_ports(self.ports, self.alertmanagers)
            secret = {name: secrets.token_urlsafe(32) for name in ("admin", "control", "pager", "provider")}
            addresses = {part: f"127.0.0.1:{port}" for part, port in ports.items()}
            _write_files(folder, setup, rules, addresses, self.remote_write)
            write_paging_files(
                folder,
                setup.alertmanager,
                setup.zones,
                engines=self.engines,
                deliveries=addresses["deliveries"],
                smtp=addresses["smtp"],
                token=secret["pager"],
                speed=setup.speed,
                logs=setup.logs,
            )
            starters = {
                part: partial(
                    start, part, argv, env=inherit_environment(env), log_path=setup.logs / f"{part}.log"
                )
                for part, (argv, env) in plan_processes(
                    folder, self.engines, setup.speed, addresses, secret
                ).items()
            }
            endpoints = _make_endpoints(addresses, secret)
            stack = EmbeddedStack(endpoints, self.engines.versions, starters, folder / ZONEINFO)
            resources.callback(stack.stop)
            for part in starters:
                stack.start(part)
            await_ready(stack.endpoints, stack.check, within_s=START_WITHIN_S, logs=setup.logs)
            yield stack


class EmbeddedStack:
    """A running stack. `starters` start each part anew, as it was started at first.

    `zoneinfo` is the folder in which Alertmanager finds time zones.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        versions: Mapping[str, str],
        starters: Mapping[str, Callable[[], Process]],
        zoneinfo: Path,
    ) -> None:
        self.endpoints = endpoints
        self.versions = versions
        self._starters = starters
        self._zoneinfo = zoneinfo
        self._processes: dict[str, Process] = {}
        self._out: set[str] = set()

    @property
    def processes(self) -> tuple[Process, ...]:
        """The process of each part, the one that was started last."""
        return tuple(self._processes.values())

    def start(self, part: str) -> None:
        """Start a part; it may take a moment to be ready. Raises ComponentFailed."""
        self._processes[part] = self._starters[part]()
        self._out.discard(part)

    def begin_outage(self, part: str, how: Fault) -> None:
        """Put a part out; see `Stack.begin_outage`."""
        if part not in self._processes:
            raise BadInput(f"the stack has no part {part!r}; there are: {', '.join(self._processes)}")
        if how not in FAULTS:
            raise BadInput(f"{part}: {_say_obstacle(how)}")
        process = self._processes[part]
        if how == "pause":
            process.pause()
            return
        self._out.add(part)
        if how == "kill":
            process.kill()
        else:
            process.stop(STOP_GRACE_S)
        if how == "restart":
            self.start(part)

    def end_outage(self, part: str, how: Fault) -> None:
        """Let a paused part go on, or start one again that was ended."""
        if how == "pause":
            self._processes[part].resume()
        elif how in ("stop", "kill"):
            self.start(part)

    def set_zones(self, zones: Mapping[str, bytes]) -> None:
        """Let Alertmanager read its time intervals in these zones; see `Stack.set_zones`."""
        write_below(self._zoneinfo, zones)
        for part, url in self.endpoints.alertmanagers.items():
            Api(part, url).post("/-/reload", None)

    def save_logs(self) -> None:
        """Do nothing: every process writes its log itself; see `Stack.save_logs`."""

    def check(self) -> None:
        """Raise ComponentFailed if a part of the stack has died that was not killed on purpose."""
        for part, process in self._processes.items():
            if part not in self._out:
                process.check()

    def stop(self) -> None:
        """End all parts, the last one started first; every one is tried."""
        with ExitStack() as ends:
            for process in self._processes.values():
                ends.callback(process.stop, STOP_GRACE_S)


def _say_obstacle(how: Fault) -> str:
    return f"no local process can be put out by {how!r}: --stack compose"


def _make_endpoints(addresses: Mapping[str, str], secret: Mapping[str, str]) -> Endpoints:
    return Endpoints(
        gateway=f"http://{addresses['gateway']}",
        prometheus=f"http://{addresses['prometheus']}",
        alertmanager=f"http://{addresses['alertmanager']}",
        pager=f"http://{addresses['pager']}",
        controls={name: f"http://{addresses[f'control-{name}']}" for name in PROVIDERS},
        admin_token=secret["admin"],
        control_token=secret["control"],
        pager_token=secret["pager"],
        peer=f"http://{addresses[PEER]}" if PEER in addresses else None,
    )


def _choose_ports(asked: Mapping[str, int], alertmanagers: int) -> dict[str, int]:
    """Return a port for every listener: the one that is asked for, else a free one."""
    names = [*PARTS, *(f"control-{name}" for name in PROVIDERS), "deliveries", "smtp"]
    if alertmanagers == 2:
        names += [PEER, "cluster", f"{PEER}-cluster"]
    free = iter(set(find_free_ports(len(names))) - set(asked.values()))
    return {**asked, **{name: next(free) for name in names if name not in asked}}


def _write_files(
    folder: Path,
    setup: Setup,
    rules: Mapping[str, str],
    addresses: Mapping[str, str],
    remote_write: RemoteWrite | None,
) -> None:
    """Write the configurations of Prometheus and the gateway."""
    speed = setup.speed
    remote_writes = []
    if remote_write is not None:
        section, secret = write_remote_write(remote_write, str(folder / "remote-write-credentials"))
        write_secret(folder / "remote-write-credentials", secret)
        remote_writes.append(section)
    for name, text in rules.items():
        write_own(folder / name, text)
    prometheus = write_prometheus_config(
        scrape_configs=make_scrape_configs(
            {system.job: system.metrics_path for system in find_served()}, addresses["gateway"]
        ),
        alertmanagers=[addresses[part] for part in ("alertmanager", PEER) if part in addresses],
        rule_files=[str(folder / name) for name in rules],
        speed=speed,
        remote_writes=remote_writes,
    )
    gateway = write_gateway_config(
        speed=speed,
        data_dir=str(folder / "gateway"),
        providers={name: addresses[f"provider-{name}"] for name in PROVIDERS},
    )
    files = {"prometheus.yml": prometheus, "gateway.json": gateway}
    for name, text in files.items():
        write_own(folder / name, text)
    (folder / "gateway").mkdir()


def plan_processes(
    folder: Path,
    engines: Engines,
    speed: float,
    addresses: Mapping[str, str],
    secret: Mapping[str, str],
) -> dict[str, Plan]:
    """Return how each part is started."""
    # -P: a folder of the same name where the user happens to stand is not ours.
    python = [sys.executable, "-P", "-m"]
    plans: dict[str, Plan] = {
        "pager": plan_pager(
            folder,
            listen=addresses["pager"],
            deliveries=addresses["deliveries"],
            smtp=addresses["smtp"],
            token=secret["pager"],
            speed=speed,
        ),
        "gateway": (
            [
                *python,
                "alertdrill.gateway",
                "--config",
                str(folder / "gateway.json"),
                "--listen",
                addresses["gateway"],
            ],
            {"ALERTDRILL_ADMIN_TOKEN": secret["admin"], "ALERTDRILL_PROVIDER_KEY": secret["provider"]},
        ),
        **_plan_alertmanagers(folder, engines, speed, addresses),
        "prometheus": plan_prometheus(folder, engines, listen=addresses["prometheus"], speed=speed),
    }
    for name, dialect in PROVIDERS.items():
        argv = [*python, "stub_providers", "--name", name, "--dialect", dialect]
        argv += ["--listen", addresses[f"provider-{name}"], "--control", addresses[f"control-{name}"]]
        argv += ["--speed", f"{speed:g}"]
        plans[f"provider-{name}"] = (
            argv,
            {"ALERTDRILL_PROVIDER_KEY": secret["provider"], "ALERTDRILL_CONTROL_TOKEN": secret["control"]},
        )
    return plans


def plan_prometheus(folder: Path, engines: Engines, *, listen: str, speed: float) -> Plan:
    """Return how Prometheus is started, with the folder's prometheus.yml."""
    argv = [
        str(engines.prometheus),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={listen}",
        *list_prometheus_flags(speed),
    ]
    return argv, {}


def _plan_alertmanagers(
    folder: Path, engines: Engines, speed: float, addresses: Mapping[str, str]
) -> dict[str, Plan]:
    clusters: dict[str, list[str]] = {"alertmanager": []}
    if PEER in addresses:
        own, other = addresses["cluster"], addresses[f"{PEER}-cluster"]
        flags = list_cluster_flags(speed)
        clusters = {
            "alertmanager": [f"--cluster.listen-address={own}", f"--cluster.peer={other}", *flags],
            PEER: [f"--cluster.listen-address={other}", f"--cluster.peer={own}", *flags],
        }
    return {
        part: plan_alertmanager(folder, engines, listen=addresses[part], data=part, cluster=cluster)
        for part, cluster in clusters.items()
    }
