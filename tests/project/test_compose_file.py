"""compose.yaml itself: what it publishes, what it allows, and that it names what the harness names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.plain_yaml import read_yaml

from alertdrill.core.parts import PARTS, PROVIDERS
from alertdrill.stacks.compose.shaping import IMAGE
from alertdrill.stacks.compose.stack import GUARD, NETWORKS, PORTS
from alertdrill.systems import find_systems

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = read_yaml(ROOT / "compose.yaml")
SERVICES: dict[str, Any] = DOCUMENT["services"]
ROOT_USER = "0:0"


def list_ports() -> list[tuple[str, str]]:
    """Return every published port with its service."""
    return [(name, port) for name, service in SERVICES.items() for port in service.get("ports", [])]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    """Read-only, without capabilities, bounded; only the guard is the socket's owner."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[0-9]+[mg]", service["mem_limit"])
    assert service["pids_limit"] <= 512
    assert (service["user"] == ROOT_USER) == (name == "guard")
    sockets = [volume for volume in service.get("volumes", []) if "docker.sock" in volume]
    assert bool(sockets) == (name == "guard")


def test_every_port_is_published_on_loopback_and_can_be_chosen() -> None:
    """Without a choice it is a free one, so that a second project does not collide."""
    for name, port in list_ports():
        variable = f"ALERTDRILL_{name.upper().replace('-', '_')}_PORT"
        assert re.fullmatch(rf"127\.0\.0\.1:\$\{{{variable}:-\}}:[0-9]+", port), (name, port)


def test_parts_have_the_ports_and_networks_that_the_harness_knows() -> None:
    """What the harness asks, reconnects and cuts off is what compose makes."""
    published = {name: int(port.rpartition(":")[2]) for name, port in list_ports()}
    assert {part: published[part] for part in PARTS} == dict(PORTS)
    assert {part: tuple(SERVICES[part]["networks"]) for part in PARTS} == dict(NETWORKS)
    assert {network for networks in NETWORKS.values() for network in networks} < set(DOCUMENT["networks"])


def test_the_guard_is_watched_where_drills_ask_it() -> None:
    """Who holds drills in a container asks the guard, by name, and whether it lives."""
    environment = SERVICES["drill"]["environment"]
    assert environment["DOCKER_HOST"].replace("tcp://", "http://") == GUARD
    assert SERVICES["guard"]["healthcheck"]["test"][3] == "/healthz"


def test_each_provider_is_a_container_of_its_own() -> None:
    """One for each that the harness knows, in its dialect."""
    found = {
        name.removeprefix("provider-"): (service["environment"]["NAME"], service["environment"]["DIALECT"])
        for name, service in SERVICES.items()
        if name.startswith("provider-")
    }
    assert found == {name: (name, dialect) for name, dialect in PROVIDERS.items()}


def test_images_are_pinned_and_built_once() -> None:
    """Ours is built by one service and never pulled; all others have a version."""
    ours = {name for name, service in SERVICES.items() if service["image"] == IMAGE}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["prepare"]
    assert all(SERVICES[name]["pull_policy"] == "never" for name in ours)
    for name in SERVICES.keys() - ours:
        assert re.fullmatch(r"[a-z]+/[a-z]+:v?[0-9]+\.[0-9]+\.[0-9]+", SERVICES[name]["image"])


def test_what_answers_has_a_health_check_and_waits_for_what_it_needs() -> None:
    """Everything that stays up is probed; whoever depends on it waits until it is healthy."""
    for name, service in SERVICES.items():
        if name not in ("prepare", "drill", "worker"):
            assert service["healthcheck"]["test"][0] == "CMD", name
        for needed, how in service.get("depends_on", {}).items():
            ends = needed == "prepare"
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")


def test_load_has_a_page_and_workers_without_secrets() -> None:
    """Both run the same scenario; what the master tells about providers is where they are."""
    locust, worker = SERVICES["locust"], SERVICES["worker"]
    assert locust["profiles"] == worker["profiles"] == ["load"]
    assert locust["environment"]["SCENARIO"] == worker["environment"]["SCENARIO"]
    controls = dict(pair.split("=") for pair in locust["environment"]["ALERTDRILL_CONTROLS"].split(","))
    assert controls == {name: f"http://provider-{name}:8081" for name in PROVIDERS}
    assert "SECRETS" not in worker["environment"]
    assert "volumes" not in worker
    assert DOCUMENT["networks"]["load"] == {"internal": True}


def test_no_secret_is_written_down() -> None:
    """Secrets are made when the stack is, in a volume; the file only names them."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("TOKEN|KEY|PASSWORD|SECRET$", name), name
            assert name == "SECRETS" or "TOKEN" not in str(value)


def test_grafana_has_the_data_source_and_every_dashboard() -> None:
    """The five dashboards are mounted where the provisioning looks; nobody has to log in."""
    grafana = SERVICES["grafana"]
    assert grafana["profiles"] == ["grafana"]
    mounts = [volume.split(":") for volume in grafana["volumes"] if volume.startswith("./")]
    assert all((ROOT / mount[0]).is_file() and mount[2] == "ro" for mount in mounts)
    provider = read_yaml(ROOT / "deploy/compose/grafana/dashboards.yml")["providers"][0]
    folder = provider["options"]["path"]
    assert {mount[1] for mount in mounts} >= {f"{folder}/{system.name}.json" for system in find_systems()}
    (source,) = read_yaml(ROOT / "deploy/compose/grafana/datasources.yml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    assert grafana["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "true"
    assert grafana["environment"]["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
