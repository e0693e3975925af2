"""What Prometheus makes of the ServiceMonitor: the jobs that the rules expect, and no label in the way."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.kubernetes_manifests import find
from support.patience import PATIENCE_S
from support.plain_yaml import read_yaml

from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.stacks.kubernetes import TARGET_LABELS
from alertdrill.systems import find_systems

SYSTEMS = find_systems()
MONITOR = find("ServiceMonitor")["gateway"]
ENDPOINTS: list[dict[str, Any]] = MONITOR.spec["endpoints"]
START_WITHIN_S = 30.0


def name_as_prometheus(relabeling: dict[str, Any]) -> dict[str, Any]:
    """Return a relabeling of the operator's resource as Prometheus's configuration has it."""
    names = {"targetLabel": "target_label", "sourceLabels": "source_labels"}
    return {names.get(key, key): value for key, value in relabeling.items()}


@pytest.fixture(scope="module")
def targets(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """Let a Prometheus that is configured as the operator does say which targets it has."""
    folder = tmp_path_factory.mktemp("prometheus")
    given = {label: f"some-{label}" for label in TARGET_LABELS} | {"job": "gateway"}
    scrapes = [
        {
            "job_name": f"serviceMonitor/alertdrill/gateway/{number}",
            "metrics_path": endpoint["path"],
            "scrape_interval": endpoint["interval"],
            "static_configs": [{"targets": ["gateway.invalid:8080"], "labels": given}],
            "relabel_configs": [name_as_prometheus(relabeling) for relabeling in endpoint["relabelings"]],
        }
        for number, endpoint in enumerate(ENDPOINTS)
    ]
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": scrapes}))
    (port,) = find_free_ports(1)
    address = f"127.0.0.1:{port}"
    flags = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log, requests.Session() as session:
        session.trust_env = False
        prometheus = subprocess.Popen(
            [engines.prometheus, *flags, f"--web.listen-address={address}"], stdout=log, stderr=log
        )
        try:
            yield await_targets(session, f"http://{address}", prometheus, folder / "log")
        finally:
            prometheus.kill()
            prometheus.wait()


def await_targets(
    session: requests.Session, url: str, prometheus: subprocess.Popen[bytes], log: Path
) -> list[dict[str, Any]]:
    """Return the active targets as soon as there is one for every endpoint."""
    give_up_at = time.monotonic() + START_WITHIN_S
    while prometheus.poll() is None and time.monotonic() < give_up_at:
        try:
            answer = session.get(f"{url}/api/v1/targets", timeout=PATIENCE_S)
            active: list[dict[str, Any]] = answer.json()["data"]["activeTargets"] if answer.ok else []
        except requests.ConnectionError:
            active = []
        if len(active) == len(ENDPOINTS):
            return active
        time.sleep(0.1)
    pytest.fail(log.read_text())


def test_each_system_is_scraped_under_the_job_of_its_rules(targets: list[dict[str, Any]]) -> None:
    """A target has its system's job and path, an instance, and no other label."""
    labels = {urlpath(target): target["labels"] for target in targets}
    assert labels == {
        system.metrics_path: {"job": system.job, "instance": "gateway.invalid:8080"} for system in SYSTEMS
    }


def urlpath(target: dict[str, Any]) -> str:
    """Return the path that a target is scraped at."""
    return "/" + str(target["scrapeUrl"]).split("/", 3)[3]


def test_scrapes_come_as_often_as_in_the_drills() -> None:
    """The interval is that of the drills, in real time."""
    assert {endpoint["interval"] for endpoint in ENDPOINTS} == {f"{SCRAPE_INTERVAL_S:g}s"}


def test_no_metric_has_a_label_that_targets_keep() -> None:
    """Such a label would be renamed; one that the operator gives, and that is dropped, some metrics have."""
    labels = {
        label
        for system in SYSTEMS
        for metric in read_yaml(system.folder / "metrics.yml")
        for label in metric.get("labels") or {}
    }
    assert not labels & {"job", "instance"}
    assert labels & set(TARGET_LABELS) == {"endpoint"}


def test_the_rules_ask_for_jobs_that_are_scraped() -> None:
    """Where a rule selects by job, the system's own job is among those that it selects."""
    asked = 0
    for system in SYSTEMS:
        for rule in read_rules(system.rules_path).alerts:
            for pattern in re.findall(r'job=~?"([^"]*)"', rule.expr):
                asked += 1
                assert re.fullmatch(pattern, system.job), rule.source
    assert asked


def test_the_service_that_is_selected_is_the_gateways() -> None:
    """The selector finds one service, and that has the port."""
    wanted = MONITOR.spec["selector"]["matchLabels"].items()
    (service,) = (
        found for found in find("Service").values() if wanted <= found.document["metadata"]["labels"].items()
    )
    assert service.name == "gateway"
    assert {endpoint["port"] for endpoint in ENDPOINTS} <= {port["name"] for port in service.spec["ports"]}
