"""The types of metrics, as a target's `# TYPE` lines or a Prometheus's metadata tell them, by name.

Prometheus's text format and OpenMetrics write them alike.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Container, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from alertdrill.errors import AlertdrillError, BadInput, CouldNotTell
from alertdrill.project.project import Project, Target
from alertdrill.project.targets import find_address
from alertdrill.runner.order import FindUnfit
from alertdrill.runner.running_services import open_service
from alertdrill.runtime.http_client import Api

CONNECT_WITHIN_S = 1.0
_TYPE = re.compile(r"^# TYPE (\S+) (\w+)\s*$", re.MULTILINE)


def read_types(project: Project, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the types of the metrics of a project's gateway, as far as somebody can be asked now.

    A gateway that is yet to be started tells none.
    """
    types: dict[str, str] = {}
    if project.prometheus is not None:
        return _read_metadata(open_service("Prometheus", project.prometheus, environ))
    for scrape in project.scrapes:
        # Whoever holds drills is told of a secret that is not there.
        with suppress(BadInput):
            key = scrape.key.read(environ) if scrape.key is not None else None
            for address in scrape.targets:
                types |= _ask(project.target, address, scrape.path, key)
    return types


def demand_types(prometheus: Api, find_unfit: FindUnfit, unfit: Container[str]) -> None:
    """Raise CouldNotTell for a rule that is right at speed 1 only, by the types that Prometheus has seen.

    `unfit` are the names of those of which that was known before the gateway was there to be asked.
    """
    for name, why in find_unfit(_read_metadata(prometheus)).items():
        if name not in unfit:
            raise CouldNotTell(
                f"by the types of the metrics, which the gateway tells now, {name} is right at speed 1 only: "
                f"{why}. By their names it seemed right at any. No drill was held: hold them with --speed 1, "
                "or let the gateway run before, so that its types are known"
            )


def _read_metadata(prometheus: Api) -> dict[str, str]:
    found = prometheus.get("/api/v1/metadata").json()["data"]
    return {name: said[0]["type"] for name, said in found.items() if said}


def _ask(target: Target | None, address: str, path: str, key: str | None) -> dict[str, str]:
    """Return what a scraped address tells; nothing if nobody answers there."""
    is_own = target is not None and address == find_address(target)
    scheme = urlsplit(target.url).scheme if target is not None and is_own else "http"
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_WITHIN_S).close()
        ca = target.ca if target is not None and is_own else None
        text = Api("the target", f"{scheme}://{address}", key, authorities=ca).get(path).text
    except (OSError, AlertdrillError):
        return {}
    return dict(_TYPE.findall(text))
