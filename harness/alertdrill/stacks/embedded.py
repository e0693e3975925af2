"""The embedded stack: every part a local process on a free loopback port, its data in a temporary folder.

It is a project's stack with the reference gateway, which runs in rule time, and so do its stub providers.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alertdrill.core.drill import Drill, Outage
from alertdrill.core.parts import PARTS, PEER, PROVIDERS, SCRAPES
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret
from alertdrill.stacks import Endpoints, Setup
from alertdrill.stacks.configs import make_scrape_configs, write_gateway_config
from alertdrill.stacks.local_servers import plan_servers
from alertdrill.stacks.local_stack import FAULTS, LocalStack, open_local_stack, say_no_fault
from alertdrill.stacks.paging_path import Plan
from alertdrill.stacks.remote_write import RemoteWrite, write_remote_write
from alertdrill.stacks.scratch import find_scratch
from alertdrill.stacks.stub_provider import StubOrder, find_port, plan_stub
from alertdrill.stacks.subject import Subject, find_reference_subject
from alertdrill.systems import find_served


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
        found = (_find_obstacle(outage) for outage in drill.outages)
        return next((obstacle for obstacle in found if obstacle is not None), None)

    @contextmanager
    def open(self, setup: Setup) -> Iterator[LocalStack]:
        """Start every part, wait until all are ready, and end them in the end; see `Site.open`."""
        with ExitStack() as resources:
            folder = resources.enter_context(scratch_folder(find_scratch(os.environ)))
            ports = _choose_ports(self.ports, self.alertmanagers)
            secret = {name: secrets.token_urlsafe(32) for name in ("admin", "control", "pager", "provider")}
            addresses = {part: f"127.0.0.1:{port}" for part, port in ports.items()}
            plans = plan_processes(folder, setup, self.engines, addresses, secret, self.remote_write)
            yield resources.enter_context(
                open_local_stack(
                    plans,
                    _make_endpoints(addresses, secret),
                    versions=self.engines.versions,
                    folder=folder,
                    logs=setup.logs,
                    jobs=_name_jobs(),
                )
            )


def _find_obstacle(outage: Outage) -> str | None:
    if outage.how == "unlist":
        jobs = _name_jobs()
        return None if outage.part in jobs else f"what can be unlisted: {', '.join(jobs)}"
    if outage.part.startswith(SCRAPES):
        return f"a scrape target can be unlisted, and not put out by {outage.how!r}"
    return None if outage.how in FAULTS else f"{say_no_fault(outage.how)}: --stack compose"


def _name_jobs() -> dict[str, str]:
    """Return the job of each scrape target, by what drills call it."""
    return {SCRAPES + system.name: system.job for system in find_served()}


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


def plan_processes(
    folder: Path,
    setup: Setup,
    engines: Engines,
    addresses: Mapping[str, str],
    secret: Mapping[str, str],
    remote_write: RemoteWrite | None,
) -> dict[str, Plan]:
    """Write all configurations into a folder, and return how each part is started."""
    jobs = {system.job: system.metrics_path for system in find_served()}
    plans = plan_servers(
        folder,
        setup,
        engines,
        addresses,
        secret["pager"],
        scrape_configs=make_scrape_configs(jobs, addresses["gateway"]),
        remote_writes=_write_remote_writes(folder, remote_write),
    )
    for name, dialect in PROVIDERS.items():
        plans[f"provider-{name}"] = plan_stub(
            StubOrder(
                name=name,
                dialect=dialect,
                token=secret["control"],
                key=secret["provider"],
                port=find_port(addresses[f"provider-{name}"]),
                control_port=find_port(addresses[f"control-{name}"]),
                speed=setup.speed,
            )
        )
    return {**plans, "gateway": _plan_gateway(folder, setup.speed, addresses, secret)}


def _write_remote_writes(folder: Path, remote_write: RemoteWrite | None) -> list[dict[str, Any]]:
    """Write what opens the store that samples are sent to, and return that section of prometheus.yml."""
    if remote_write is None:
        return []
    section, secret = write_remote_write(remote_write, str(folder / "remote-write-credentials"))
    write_secret(folder / "remote-write-credentials", secret)
    return [section]


def _plan_gateway(
    folder: Path, speed: float, addresses: Mapping[str, str], secret: Mapping[str, str]
) -> Plan:
    """Write the reference gateway's configuration, and return how it is started."""
    config = write_gateway_config(
        speed=speed,
        data_dir=str(folder / "gateway"),
        providers={name: addresses[f"provider-{name}"] for name in PROVIDERS},
    )
    write_own(folder / "gateway.json", config)
    (folder / "gateway").mkdir()
    # -P: a folder of the same name where the user happens to stand is not ours.
    argv = [sys.executable, "-P", "-m", "alertdrill.gateway", "--config", str(folder / "gateway.json")]
    return (
        [*argv, "--listen", addresses["gateway"]],
        {"ALERTDRILL_ADMIN_TOKEN": secret["admin"], "ALERTDRILL_PROVIDER_KEY": secret["provider"]},
    )
