"""The stack of a project: somebody's gateway in wall time, and local processes for all else.

Prometheus, Alertmanager, the pager and the stub providers are started as in the embedded stack, and the
gateway too, if the project says how. The providers answer in wall time, as the gateway does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alertdrill.core.drill import Drill
from alertdrill.project.project import Project, Scrape, Target
from alertdrill.project.targets import find_address
from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret
from alertdrill.stacks import Endpoints, Setup
from alertdrill.stacks.local_servers import LISTENERS, plan_servers
from alertdrill.stacks.local_stack import LocalStack, open_local_stack
from alertdrill.stacks.project_parts import (
    choose_addresses,
    demand_silence,
    find_controls,
    find_outage_obstacle,
    find_patience_s,
    plan_own,
)
from alertdrill.stacks.scratch import find_scratch
from alertdrill.stacks.subject import Job, Subject


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
                Job(
                    system=self.project.name,
                    name=scrape.job,
                    interval_s=scrape.interval_s,
                    path=scrape.path,
                )
                for scrape in self.project.scrapes
            ),
            keeps_rule_time=False,
        )

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; see `Site.find_obstacle`."""
        if drill.alertmanagers > 1:
            return "a project's stack has one Alertmanager"
        return find_outage_obstacle(drill, self.target, self.subject.parts)

    @contextmanager
    def open(self, setup: Setup) -> Iterator[LocalStack]:
        """Start every part, wait until all are ready, and end them in the end; see `Site.open`."""
        credentials = {
            scrape.job: scrape.key.read(self.environment)
            for scrape in self.project.scrapes
            if scrape.key is not None
        }
        with ExitStack() as resources:
            folder = resources.enter_context(scratch_folder(find_scratch(self.environment)))
            addresses = choose_addresses(self.project.providers, LISTENERS)
            secret = {name: secrets.token_urlsafe(32) for name in ("control", "pager")}
            plans = plan_servers(
                folder,
                setup,
                self.engines,
                addresses,
                secret["pager"],
                scrape_configs=self._make_scrape_configs(folder, setup.speed, credentials),
            )
            endpoints = Endpoints(
                gateway=self.target.url,
                prometheus=f"http://{addresses['prometheus']}",
                alertmanager=f"http://{addresses['alertmanager']}",
                pager=f"http://{addresses['pager']}",
                controls=find_controls(self.project.providers, addresses),
                admin_token="",
                control_token=secret["control"],
                pager_token=secret["pager"],
                ready=self.target.ready,
                authorities=self.target.ca,
            )
            if self.target.command:
                demand_silence(self.target)
            yield resources.enter_context(
                open_local_stack(
                    {
                        **plans,
                        **plan_own(
                            self.project,
                            self.target,
                            addresses,
                            secret["control"],
                            speed=setup.speed,
                            environment=self.environment,
                        ),
                    },
                    endpoints,
                    versions=self.engines.versions,
                    folder=folder,
                    logs=setup.logs,
                    within_s=find_patience_s(self.target),
                    working_folders={"gateway": self.project.folder},
                )
            )

    def _make_scrape_configs(
        self, folder: Path, speed: float, credentials: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Return the jobs as prometheus.yml has them; what opens them is written into the stack's folder."""
        files = {
            job: str(write_secret(folder / f"scrape-{number}-credentials", secret))
            for number, (job, secret) in enumerate(credentials.items())
        }
        return [
            make_scrape_config(scrape, self.target, speed, files.get(scrape.job))
            for scrape in self.project.scrapes
        ]


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
