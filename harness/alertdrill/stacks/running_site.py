"""The stack of a project whose Prometheus, and perhaps Alertmanager, are somebody's own and run already.

Only the pager, the stub providers and, if the project says how, the gateway are started. What runs already is
read, and nothing is done to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from alertdrill.core.drill import Drill
from alertdrill.pager.certificates import make_certificate
from alertdrill.project.project import Project, Service, Target
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret
from alertdrill.stacks import Access, Endpoints, Setup
from alertdrill.stacks.local_stack import LocalStack, open_local_stack
from alertdrill.stacks.paging_path import plan_pager
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

PARTS = ("pager", "deliveries", "smtp")
"""What listens besides the providers and the gateway."""
THEIRS = frozenset({"prometheus", "alertmanager"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSite:
    """Where drills are held that somebody's own Prometheus sees; `jobs` are how it scrapes the gateway.

    `versions` are those of the servers that run already, by name.
    """

    project: Project
    target: Target
    prometheus: Service
    jobs: tuple[Job, ...]
    versions: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    """Where the project's secrets are, and the temporary folder."""
    name: str = "project"

    @property
    def subject(self) -> Subject:
        """What is drilled: the gateway that the project states."""
        alertmanager = self.project.running_alertmanager
        providers = tuple(provider.name for provider in self.project.providers)
        return Subject(
            parts=(
                *("gateway", "prometheus"),
                *(("alertmanager",) if alertmanager is not None else ()),
                *("pager", *(f"provider-{name}" for name in providers)),
            ),
            providers=providers,
            jobs=self.jobs,
            keeps_rule_time=False,
            runs_already=THEIRS,
            receivers=frozenset(alertmanager.receivers if alertmanager is not None else ()),
        )

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; see `Site.find_obstacle`."""
        if drill.alertmanagers > 1:
            return "it is about a cluster of Alertmanagers, and yours is used as it is"
        if drill.faults:
            return "it has receivers fail, and those of your Alertmanager are not alertdrill's"
        if drill.maintenance:
            return "it would silence alerts in your Alertmanager, to which nothing is written"
        if any(outage.part in THEIRS for outage in drill.outages):
            return "it puts out Prometheus or Alertmanager, and yours are used as they are"
        if drill.starts_at is not None:
            return "it wants a time of day, and your Alertmanager reads the real clock"
        return find_outage_obstacle(drill, self.target, self.subject.parts)

    @contextmanager
    def open(self, setup: Setup) -> Iterator[LocalStack]:
        """Start what the project starts, wait until it is ready, and end it in the end; see `Site.open`."""
        alertmanager = self.project.running_alertmanager
        services = {"prometheus": self.prometheus, "alertmanager": alertmanager}
        access = {
            part: Access(headers=service.read_headers(self.environment), authorities=service.ca)
            for part, service in services.items()
            if service is not None
        }
        with ExitStack() as resources:
            folder = resources.enter_context(scratch_folder(find_scratch(self.environment)))
            addresses = choose_addresses(self.project.providers, PARTS)
            secret = {name: secrets.token_urlsafe(32) for name in ("control", "pager")}
            _, certificate = make_certificate(["127.0.0.1"])
            write_secret(folder / "certificate.pem", certificate)
            pager = plan_pager(
                folder,
                listen=addresses["pager"],
                deliveries=addresses["deliveries"],
                smtp=addresses["smtp"],
                token=secret["pager"],
                speed=setup.speed,
                webhooks=alertmanager.pager if alertmanager is not None else None,
            )
            plans = {
                "pager": pager,
                **plan_own(
                    self.project,
                    self.target,
                    addresses,
                    secret["control"],
                    speed=setup.speed,
                    environment=self.environment,
                ),
            }
            endpoints = Endpoints(
                gateway=self.target.url,
                prometheus=self.prometheus.url,
                alertmanager=alertmanager.url if alertmanager is not None else "",
                pager=f"http://{addresses['pager']}",
                controls=find_controls(self.project.providers, addresses),
                admin_token="",
                control_token=secret["control"],
                pager_token=secret["pager"],
                ready=self.target.ready,
                authorities=self.target.ca,
                access=access,
            )
            if self.target.command:
                demand_silence(self.target)
            yield resources.enter_context(
                open_local_stack(
                    plans,
                    endpoints,
                    versions=self.versions,
                    folder=folder,
                    logs=setup.logs,
                    within_s=find_patience_s(self.target),
                    working_folders={"gateway": self.project.folder},
                )
            )
