"""What is asked of somebody's own Prometheus and Alertmanager before drills are held on them.

Prometheus says which rules it evaluates and what it scrapes (its HTTP API, "Rules" and "Targets"). Nothing is
written to either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.project.project import Project, Service, Target
from alertdrill.project.targets import find_address
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.runner.running_rules import compare_rules, list_names, make_rule_files
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.paths import shorten
from alertdrill.stacks.subject import Job

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs already: the rules that are evaluated, the scrapes of the gateway, and versions by name."""

    prometheus: Service
    files: tuple[RuleFile, ...]
    jobs: tuple[Job, ...]
    versions: Mapping[str, str]


def ask_running(project: Project, stated: Sequence[RuleFile], environ: Mapping[str, str]) -> Running | None:
    """Return what a project's own Prometheus evaluates and scrapes; None where alertdrill starts one.

    `stated` are the project's rule files: their alerts are those of a run, as Prometheus has them; without
    any, all of Prometheus's are. Raises BadInput where they differ, CouldNotTell where it cannot be asked.
    """
    service = project.prometheus
    if service is None:
        return None
    prometheus = open_service("Prometheus", service, environ)
    found = _read(prometheus, "/api/v1/rules", lambda document: list(document["data"]["groups"]))
    files = make_rule_files(found, service.url, {rule.name for file in stated for rule in file.alerts})
    compare_rules(stated, files, list_names(found), service)
    versions = {
        "prometheus": str(
            _read(prometheus, "/api/v1/status/buildinfo", lambda document: document["data"]["version"])
        )
    }
    if project.running_alertmanager is not None:
        versions["alertmanager"] = _ask_alertmanager(project, environ)
    return Running(
        prometheus=service,
        files=files,
        jobs=tuple(_find_jobs(project, prometheus)),
        versions=versions,
    )


def open_service(name: str, service: Service, environ: Mapping[str, str]) -> Api:
    """Return the API of a server that runs already; raises BadInput for a secret that is not there."""
    return Api(name, service.url, headers=service.read_headers(environ), authorities=service.ca)


def _ask_alertmanager(project: Project, environ: Mapping[str, str]) -> str:
    """Return Alertmanager's version; raises BadInput for a receiver that it does not have."""
    service = project.running_alertmanager
    assert service is not None  # noqa: S101 - who calls knows that there is one
    alertmanager = open_service("Alertmanager", service, environ)
    known = _read(alertmanager, "/api/v2/receivers", lambda document: [str(one["name"]) for one in document])
    for name in service.receivers:
        if name not in known:
            raise BadInput(
                f"{service.source}: receivers of [alertmanager] has {name!r}, and the Alertmanager at "
                f"{service.url} has no such receiver{say_nearest(name, known)}"
            )
    return str(_read(alertmanager, "/api/v2/status", lambda document: document["versionInfo"]["version"]))


def _find_jobs(project: Project, prometheus: Api) -> Iterator[Job]:
    """Yield how Prometheus scrapes the gateway: the jobs of [[scrape]], or else what has its address."""
    targets = _read(prometheus, "/api/v1/targets", lambda document: list(document["data"]["activeTargets"]))
    jobs = {scrape.job for scrape in project.scrapes}
    known = sorted({str(target["labels"].get("job", "")) for target in targets})
    for job in jobs.difference(known):
        raise BadInput(
            f"{shorten(project.path)}: a [[scrape]] has the job {job!r}, and {prometheus.where} scrapes none "
            f"of that name{say_nearest(job, known)}"
        )
    found = [
        one for one in targets if (one["labels"].get("job") in jobs if jobs else _is_at(one, project.target))
    ]
    if not found:
        has = ", ".join(known) or "none"
        raise BadInput(
            f"{prometheus.where} scrapes nothing at the address of [target]: name the gateway's job by "
            f'[[scrape]] and job = "…"; it has the jobs {has}'
        )
    for target in found:
        yield Job(
            system=project.name,
            name=target["labels"]["job"],
            interval_s=parse_duration(target["scrapeInterval"]),
            instance=target["labels"].get("instance"),
        )


def _is_at(scraped: Mapping[str, Any], target: Target | None) -> bool:
    if target is None:
        return False
    parts = urlsplit(str(scraped["scrapeUrl"]))
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    host, _, own_port = find_address(target).rpartition(":")
    host = host.strip("[]")
    is_same = parts.hostname == host or {parts.hostname, host} <= LOOPBACK
    return is_same and str(port) == own_port


def _read(api: Api, path: str, read: Callable[[Any], Any]) -> Any:
    """Return what is read of an answer; raises CouldNotTell for one that is not as it should be."""
    try:
        return read(api.get(path).json())
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CouldNotTell(
            f"{api.where} answered {path} otherwise than it does by its API: {error!r}"
        ) from error
