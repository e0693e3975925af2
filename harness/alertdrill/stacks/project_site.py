"""The stack of a project: somebody's gateway in wall time, and local processes for all else.

Prometheus, Alertmanager, the pager and the stub providers are started as in the embedded stack, and the
gateway too, if the project says how. The providers answer in wall time, as the gateway does.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alertdrill.core.drill import Drill
from alertdrill.errors import ComponentFailed
from alertdrill.project.placeholders import fill_in
from alertdrill.project.project import Project, Scrape, StubProvider, Target
from alertdrill.project.targets import find_address
from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.free_ports import demand_ports, find_free_ports
from alertdrill.runtime.process import inherit_environment, start
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret
from alertdrill.stacks import Endpoints, Setup
from alertdrill.stacks.configs import dilate_all, write_prometheus_config
from alertdrill.stacks.embedded import FAULTS, EmbeddedStack, plan_prometheus
from alertdrill.stacks.paging_path import ZONEINFO, Plan, plan_alertmanager, plan_pager, write_paging_files
from alertdrill.stacks.readiness import await_ready
from alertdrill.stacks.scratch import find_scratch
from alertdrill.stacks.stub_provider import StubOrder, plan_stub
from alertdrill.stacks.subject import Job, Subject

START_WITHIN_S = 30.0
START_TARGET_WITHIN_S = 180.0
"""A gateway that the project starts may have much to import."""
CONNECT_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSite:
    """Where the drills of a project are held; `target` is the project's."""

    engines: Engines
    project: Project
    target: Target
    environment: Mapping[str, str] = field(repr=False)
    """Where the project's secrets are, and the temporary folder."""
    name: str = "project"

    @property
    def subject(self) -> Subject:
        """What is drilled: the gateway that the project states."""
        providers = tuple(provider.name for provider in self.project.providers)
        return Subject(
            parts=(
                "gateway",
                "prometheus",
                "alertmanager",
                "pager",
                *(f"provider-{name}" for name in providers),
            ),
            providers=providers,
            jobs=tuple(
                Job(system=self.project.name, name=scrape.job, interval_s=scrape.interval_s)
                for scrape in self.project.scrapes
            ),
            keeps_rule_time=False,
        )

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; see `Site.find_obstacle`."""
        if drill.alertmanagers > 1:
            return "a project's stack has one Alertmanager"
        for outage in drill.outages:
            if outage.how not in FAULTS:
                return f"no local process can be put out by {outage.how!r}"
            if outage.part == "gateway" and not self.target.command:
                return "the gateway was not started by the project, which has no command for that"
            if outage.part not in self.subject.parts:
                return f"there is no part {outage.part!r}; there are: {', '.join(self.subject.parts)}"
        return None

    @contextmanager
    def open(self, setup: Setup) -> Iterator[EmbeddedStack]:
        """Start every part, wait until all are ready, and end them in the end; see `Site.open`."""
        rules = dilate_all(setup.rules, setup.speed)
        credentials = {
            scrape.job: scrape.key.read(self.environment)
            for scrape in self.project.scrapes
            if scrape.key is not None
        }
        with ExitStack() as resources:
            folder = resources.enter_context(scratch_folder(find_scratch(self.environment)))
            addresses = _choose_addresses(self.project.providers)
            secret = {name: secrets.token_urlsafe(32) for name in ("control", "pager")}
            self._write_files(folder, setup, rules, addresses, credentials)
            write_paging_files(
                folder,
                setup.alertmanager,
                setup.zones,
                engines=self.engines,
                deliveries=addresses["deliveries"],
                smtp=addresses["smtp"],
                token=secret["pager"],
                speed=setup.speed,
            )
            plans = self._plan_processes(folder, setup.speed, addresses, secret)
            starters = {
                part: partial(
                    start,
                    part,
                    argv,
                    env=inherit_environment(env),
                    log_path=setup.logs / f"{part}.log",
                    cwd=self.project.folder if part == "gateway" else None,
                )
                for part, (argv, env) in plans.items()
            }
            endpoints = Endpoints(
                gateway=self.target.url,
                prometheus=f"http://{addresses['prometheus']}",
                alertmanager=f"http://{addresses['alertmanager']}",
                pager=f"http://{addresses['pager']}",
                controls={
                    one.name: f"http://{addresses[f'control-{one.name}']}" for one in self.project.providers
                },
                admin_token="",
                control_token=secret["control"],
                pager_token=secret["pager"],
                ready=self.target.ready,
                authorities=self.target.ca,
            )
            if self.target.command:
                _demand_silence(self.target)
            stack = EmbeddedStack(endpoints, self.engines.versions, starters, folder / ZONEINFO)
            resources.callback(stack.stop)
            for part in starters:
                stack.start(part)
            within_s = START_TARGET_WITHIN_S if self.target.command else START_WITHIN_S
            await_ready(endpoints, stack.check, within_s=within_s, logs=setup.logs)
            yield stack

    def _write_files(
        self,
        folder: Path,
        setup: Setup,
        rules: Mapping[str, str],
        addresses: Mapping[str, str],
        credentials: Mapping[str, str],
    ) -> None:
        """Write Prometheus's configuration, and the secrets that it scrapes with."""
        for name, text in rules.items():
            write_own(folder / name, text)
        files = {
            job: str(write_secret(folder / f"scrape-{number}-credentials", secret))
            for number, (job, secret) in enumerate(credentials.items())
        }
        config = write_prometheus_config(
            scrape_configs=[
                make_scrape_config(scrape, self.target, setup.speed, files.get(scrape.job))
                for scrape in self.project.scrapes
            ],
            alertmanagers=[addresses["alertmanager"]],
            rule_files=[str(folder / name) for name in rules],
            speed=setup.speed,
        )
        write_own(folder / "prometheus.yml", config)

    def _plan_processes(
        self, folder: Path, speed: float, addresses: Mapping[str, str], secret: Mapping[str, str]
    ) -> dict[str, Plan]:
        """Return how each part is started, the gateway last: it may ask its providers as it starts."""
        plans: dict[str, Plan] = {
            "pager": plan_pager(
                folder,
                listen=addresses["pager"],
                deliveries=addresses["deliveries"],
                smtp=addresses["smtp"],
                token=secret["pager"],
                speed=speed,
            ),
            "alertmanager": plan_alertmanager(
                folder, self.engines, listen=addresses["alertmanager"], data="alertmanager"
            ),
            "prometheus": plan_prometheus(folder, self.engines, listen=addresses["prometheus"], speed=speed),
        }
        for provider in self.project.providers:
            plans[f"provider-{provider.name}"] = plan_stub(
                StubOrder(
                    name=provider.name,
                    dialect=provider.dialect,
                    token=secret["control"],
                    port=_find_port(addresses[f"provider-{provider.name}"]),
                    control_port=_find_port(addresses[f"control-{provider.name}"]),
                    behaviour=provider.behaviour,
                )
            )
        if self.target.command:
            urls = {one.name: f"http://{addresses[f'provider-{one.name}']}" for one in self.project.providers}
            plans["gateway"] = (
                [fill_in(text, urls) for text in self.target.command],
                {name: fill_in(text, urls) for name, text in self.target.env.items()},
            )
        return plans


def make_scrape_config(
    scrape: Scrape, target: Target, speed: float, credentials_file: str | None
) -> dict[str, Any]:
    """Return a job as prometheus.yml has it, its interval divided by the speed.

    What is scraped at the target's own address is scraped as the target is called.
    """
    interval = dilate_duration(scrape.interval_s, speed)
    path, _, query = scrape.path.partition("?")
    config: dict[str, Any] = {
        "job_name": scrape.job,
        "metrics_path": path,
        "scrape_interval": interval,
        "scrape_timeout": interval,
        "static_configs": [{"targets": list(scrape.targets)}],
    }
    if query:
        config["params"] = parse_qs(query, keep_blank_values=True)
    if scrape.targets == (find_address(target),) and urlsplit(target.url).scheme == "https":
        config["scheme"] = "https"
        if target.ca is not None:
            config["tls_config"] = {"ca_file": str(target.ca)}
    if credentials_file is not None:
        config["authorization"] = {"credentials_file": credentials_file}
    if scrape.relabel:
        config["relabel_configs"] = [dict(one) for one in scrape.relabel]
    return config


def _demand_silence(target: Target) -> None:
    """Raise ComponentFailed where somebody listens already at the address of a gateway that is to be started.

    It would be taken for the one that the project starts, which may take long to find its port taken.
    """
    address = find_address(target)
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_WITHIN_S).close()
    except OSError:
        return
    raise ComponentFailed(
        f"somebody listens at {address} already, where the project's command is to start the gateway: end "
        "it, or take the command out of [target] to hold drills on what runs there"
    )


def _choose_addresses(providers: tuple[StubProvider, ...]) -> dict[str, str]:
    """Return an address on loopback for every listener: a provider's port as stated, all others free.

    Raises BadInput for a stated one that cannot be had.
    """
    stated = {f"provider-{one.name}": one.port for one in providers if one.port is not None}
    demand_ports(stated)
    names = ["prometheus", "alertmanager", "pager", "deliveries", "smtp"]
    names += [f"{kind}-{one.name}" for one in providers for kind in ("provider", "control")]
    free = iter(set(find_free_ports(len(names) + len(stated))) - set(stated.values()))
    ports = {name: stated[name] if name in stated else next(free) for name in names}
    return {name: f"127.0.0.1:{port}" for name, port in ports.items()}


def _find_port(address: str) -> int:
    return int(address.rpartition(":")[2])
