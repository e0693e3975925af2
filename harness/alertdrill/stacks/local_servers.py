"""What watches any gateway and pages, as local processes: Prometheus, Alertmanagers and the pager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alertdrill.core.parts import PEER
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.stacks import Setup
from alertdrill.stacks.configs import (
    PROMETHEUS_CONFIG,
    dilate_all,
    list_cluster_flags,
    list_prometheus_flags,
    write_prometheus_config,
)
from alertdrill.stacks.paging_path import Plan, plan_alertmanager, plan_pager, write_paging_files

LISTENERS = ("prometheus", "alertmanager", "pager", "deliveries", "smtp")
"""What of them listens. A second Alertmanager does, too, and both of a cluster at further addresses."""


def plan_servers(
    folder: Path,
    setup: Setup,
    engines: Engines,
    addresses: Mapping[str, str],
    token: str,
    *,
    scrape_configs: Sequence[Mapping[str, Any]],
    remote_writes: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Plan]:
    """Write their configurations into a folder, and return how each is started.

    There are two Alertmanagers where `addresses` has both; `token` opens the pager. Raises BadRules and
    BadInput for a setup that cannot be dilated.
    """
    rules = dilate_all(setup.rules, setup.speed)
    for name, text in rules.items():
        write_own(folder / name, text)
    prometheus = write_prometheus_config(
        scrape_configs=scrape_configs,
        alertmanagers=[addresses[part] for part in ("alertmanager", PEER) if part in addresses],
        rule_files=[str(folder / name) for name in rules],
        speed=setup.speed,
        version=engines.versions["prometheus"],
        remote_writes=remote_writes,
    )
    write_own(folder / PROMETHEUS_CONFIG, prometheus)
    write_paging_files(
        folder,
        setup.alertmanager,
        setup.zones,
        engines=engines,
        deliveries=addresses["deliveries"],
        smtp=addresses["smtp"],
        token=token,
        speed=setup.speed,
        logs=setup.logs,
    )
    pager = plan_pager(
        folder,
        listen=addresses["pager"],
        deliveries=addresses["deliveries"],
        smtp=addresses["smtp"],
        token=token,
        speed=setup.speed,
    )
    return {
        "pager": pager,
        **_plan_alertmanagers(folder, engines, setup.speed, addresses),
        "prometheus": _plan_prometheus(folder, engines, listen=addresses["prometheus"], speed=setup.speed),
    }


def _plan_prometheus(folder: Path, engines: Engines, *, listen: str, speed: float) -> Plan:
    argv = [
        str(engines.prometheus),
        f"--config.file={folder / PROMETHEUS_CONFIG}",
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
