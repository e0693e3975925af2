"""Somebody's own Prometheus and Alertmanager, which run already: where a project file says they are."""

from __future__ import annotations

import re
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.project.named_files import take_path
from alertdrill.project.project import RunningAlertmanager, Service
from alertdrill.project.secret_fields import take_headers, take_secret
from alertdrill.project.targets import check_key, take_url
from alertdrill.project.toml_fields import TomlFields
from alertdrill.rules.yaml.nodes import Mapping

PAGES = (
    "a Prometheus that alertdrill starts would page whomever that pages: name yours too, by [prometheus] or "
    '--prometheus, or state alertmanager = "alertmanager.yml" to have its config drilled'
)
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


def read_services(fields: TomlFields, folder: Path) -> tuple[Service | None, RunningAlertmanager | None]:
    """Return the Prometheus and the Alertmanager that run already, None for what is to be started.

    `alertmanager` is left to be taken if it names a config. Raises BadInput.
    """
    prometheus = None
    if fields.has("prometheus"):
        within = fields.take_fields("prometheus", "[prometheus]")
        prometheus = _read_service(within, folder)
        check_key(within, prometheus)
        within.end()
    if not isinstance(fields.peek("alertmanager"), Mapping):
        return prometheus, None
    within = fields.take_fields("alertmanager", "[alertmanager]")
    alertmanager = _read_alertmanager(within, folder)
    if prometheus is None:
        raise within.fail(f"[alertmanager] has the url of one that runs already, and {PAGES}")
    return prometheus, alertmanager


def check_wall_time(prometheus: Service, speed: float) -> None:
    """Raise BadInput for another speed than 1 where rules are evaluated by a server that runs already."""
    if speed != 1:
        raise BadInput(
            f"{prometheus.source}: the Prometheus at {prometheus.url} evaluates its rules at their own "
            f"interval, so drills are held on it at speed 1 only, and speed {speed:g} is asked for: state "
            "speed = 1, or --speed 1"
        )


def _read_alertmanager(fields: TomlFields, folder: Path) -> RunningAlertmanager:
    service = _read_service(fields, folder)
    check_key(fields, service)
    receivers = fields.take_texts("receivers")
    node = fields.peek("pager")
    pager = fields.take_text("pager") if node is not None else None
    if pager is not None:
        found = _ADDRESS.fullmatch(pager)
        if found is None or not 0 < int(found[1]) < 65536:
            what = f"pager of [alertmanager] is {pager!r}"
            raise fields.fail(f"{what}, not HOST:PORT such as '127.0.0.1:9199'", node)
    if (pager is None) != (not receivers):
        raise fields.fail(
            "[alertmanager] wants both or neither: pager, where alertdrill takes webhooks during a run, and "
            "receivers, the names of those that send them"
        )
    fields.end()
    return RunningAlertmanager(
        url=service.url,
        key=service.key,
        headers=service.headers,
        ca=service.ca,
        source=service.source,
        pager=pager,
        receivers=receivers,
    )


def _read_service(fields: TomlFields, folder: Path) -> Service:
    return Service(
        url=take_url(fields),
        key=take_secret(fields, "key", folder),
        headers=take_headers(fields, folder),
        ca=take_path(fields, "ca", folder),
        source=f"{fields.name}:{fields.line}",
    )
