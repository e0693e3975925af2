"""deploy/kubernetes fits together: names, ports, labels, secrets and command lines agree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from support.kubernetes_manifests import (
    FOLDER,
    MANIFESTS,
    ROOT,
    Manifest,
    find,
    find_pods,
    list_resources,
    read_kustomization,
)

from alertdrill.core.parts import PROVIDERS
from alertdrill.gateway.__main__ import ADMIN_TOKEN, PROVIDER_KEY, read_arguments
from alertdrill.gateway.config import read_config
from alertdrill.load.plan import parse_controls
from alertdrill.pager.__main__ import main as pager
from alertdrill.stacks.kubernetes import DATA_DIR, PORT, SPEED
from stub_providers.__main__ import CONTROL_TOKEN, read_settings

DEPLOYMENTS = find("Deployment")
SERVICES = find("Service")
SECRET = "alertdrill"
PYTHON = ["/opt/alertdrill/bin/python", "-P", "-m"]

SECRETS = {
    "gateway": {ADMIN_TOKEN, PROVIDER_KEY},
    "pager": {"ALERTDRILL_PAGER_TOKEN"},
    "locust-master": {ADMIN_TOKEN, CONTROL_TOKEN},
    "locust-worker": set(),
    **{f"provider-{name}": {PROVIDER_KEY, CONTROL_TOKEN} for name in PROVIDERS},
}
"""What each part may know, as ARCHITECTURE.md has it."""


@pytest.fixture(params=DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> Manifest:
    """Return each Deployment."""
    found: Manifest = request.param
    return found


def walk_strings(node: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from walk_strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk_strings(value)


def find_ports(service: Manifest) -> dict[int, int]:
    """Return the ports of a service and those that its pods listen on."""
    (pods,) = find_pods({"matchLabels": service.spec["selector"]})
    return {port["port"]: pods.ports[port["targetPort"]] for port in service.spec["ports"]}


def test_every_part_is_there() -> None:
    """The cluster has the parts of a stack, but Prometheus and Alertmanager, which it has already."""
    assert set(DEPLOYMENTS) == set(SECRETS)


def test_every_file_is_in_the_kustomization() -> None:
    """Nothing lies in the folder that nobody applies."""
    listed = set(list_resources())
    present = {path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert listed == present


def test_a_deployment_selects_its_own_pods_only(deployment: Manifest) -> None:
    """A selector matches the pods of its Deployment and of no other."""
    assert find_pods(deployment.spec["selector"]) == [deployment]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_service_leads_to_ports_of_one_deployment(service: Manifest) -> None:
    """A service has its Deployment's name, selects its pods, and leads to ports that they have."""
    (pods,) = find_pods({"matchLabels": service.spec["selector"]})
    assert pods.name == service.name
    assert {port["targetPort"] for port in service.spec["ports"]} == set(pods.ports)
    assert {port["name"]: port["port"] for port in service.spec["ports"]} == pods.ports


def test_every_address_is_a_service() -> None:
    """Who is called by name has a service of that name with that port."""
    texts = [text for manifest in MANIFESTS for text in walk_strings(manifest.document)]
    texts.append((FOLDER / "gateway.json").read_text())
    urls = [urlsplit(url) for text in texts for url in re.findall(r"http://[\w.:-]+", text)]
    assert len({url.netloc for url in urls}) == 1 + 2 * len(PROVIDERS)
    for url in urls:
        assert url.port in find_ports(SERVICES[url.hostname or ""]), url.geturl()


def test_probes_and_policies_name_ports_that_are_there(deployment: Manifest) -> None:
    """A probe asks a port of its own container, and a policy opens one that its pods have."""
    probes = [value for key, value in deployment.container.items() if key.endswith("Probe")]
    assert probes or not deployment.ports
    for probe in probes:
        (how,) = (probe[key] for key in ("httpGet", "tcpSocket") if key in probe)
        assert how["port"] in deployment.ports
    for policy in find("NetworkPolicy").values():
        if policy.spec["podSelector"] and deployment in find_pods(policy.spec["podSelector"]):
            (rule,) = policy.spec["ingress"]
            assert {port["port"] for port in rule["ports"]} <= set(deployment.ports)


@pytest.mark.parametrize(
    ("policy", "name", "ports"),
    [("monitoring", "gateway", {"http"}), ("deliveries", "pager", {"deliveries", "smtp"})],
)
def test_other_namespaces_reach_what_they_need(policy: str, name: str, ports: set[str]) -> None:
    """Prometheus reaches the gateway, and Alertmanager the pager's inboxes; nobody else is opened."""
    spec = find("NetworkPolicy")[policy].spec
    assert find_pods(spec["podSelector"]) == [DEPLOYMENTS[name]]
    assert {port["port"] for rule in spec["ingress"] for port in rule["ports"]} == ports


def test_every_pod_is_as_restricted_as_can_be(deployment: Manifest) -> None:
    """No root, no capability, no writable image, no token of the cluster: restricted, and more."""
    namespace = find("Namespace")["alertdrill"].document["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pod, container = deployment.pod, deployment.container
    assert pod["automountServiceAccountToken"] is False
    # A service called locust-master would set variables that begin with LOCUST_, which Locust reads.
    assert pod["enableServiceLinks"] is False
    assert (
        pod["securityContext"].items()
        >= {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        }.items()
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


def test_secrets_are_referred_to_and_never_stated(deployment: Manifest) -> None:
    """A part has the secrets that it needs and no others, and README says so and makes each."""
    assert set(deployment.secrets) == SECRETS[deployment.name]
    readme = (FOLDER / "README.md").read_text()
    made = re.findall(r"for name in (.*); do", readme)[0].split()
    for variable, (secret, key) in deployment.secrets.items():
        assert (secret, key) == (SECRET, variable)
        assert f"`{key}`" in readme
        assert key.removeprefix("ALERTDRILL_") in made
    assert not [manifest for manifest in MANIFESTS if manifest.kind == "Secret"]
    assert not set(deployment.environ) & set.union(*SECRETS.values())


def test_volumes_and_configurations_are_there(deployment: Manifest) -> None:
    """What a container mounts or reads its variables from is in the folder."""
    made = {generator["name"] for generator in read_kustomization()["configMapGenerator"]}
    volumes = {volume["name"]: volume for volume in deployment.pod.get("volumes", [])}
    assert {mount["name"] for mount in deployment.container.get("volumeMounts", [])} == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in made
        if "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in find("PersistentVolumeClaim")
    for source in deployment.container.get("envFrom", []):
        assert source["configMapRef"]["name"] in made


def test_every_image_is_ours_and_the_kustomization_names_it(deployment: Manifest) -> None:
    """There is one image, so one place to say where it comes from."""
    (image,) = read_kustomization()["images"]
    assert deployment.container["image"] == f"{image['name']}:latest"
    assert deployment.container["command"][:3] == PYTHON


def test_the_gateway_is_started_as_it_understands() -> None:
    """Its arguments are read, its configuration is where they say, and its data is on the volume."""
    gateway = DEPLOYMENTS["gateway"]
    assert gateway.container["command"][3:] == ["alertdrill.gateway"]
    path, host, port = read_arguments(gateway.container["args"])
    assert (host, port) == ("0.0.0.0", gateway.ports["http"])  # noqa: S104 - a pod's own address
    mounts = {mount["name"]: mount["mountPath"] for mount in gateway.container["volumeMounts"]}
    (generator,) = (made for made in read_kustomization()["configMapGenerator"] if made["name"] == "gateway")
    assert [f"{mounts['config']}/{name}" for name in generator["files"]] == [str(path)]
    config = read_config(FOLDER / "gateway.json")
    assert str(config.data_dir) == mounts["data"] == DATA_DIR
    assert config.speed == SPEED
    assert set(config.providers) == set(PROVIDERS)


def test_one_gateway_has_the_data() -> None:
    """Two gateways would count apart and share databases."""
    assert DEPLOYMENTS["gateway"].spec["replicas"] == 1
    assert DEPLOYMENTS["gateway"].spec["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(("name", "dialect"), PROVIDERS.items())
def test_a_provider_is_started_as_it_understands(name: str, dialect: str) -> None:
    """Its arguments are read, its dialect is its own, and it listens on its container's ports."""
    provider = DEPLOYMENTS[f"provider-{name}"]
    assert provider.container["command"][3:] == ["stub_providers"]
    settings = read_settings(provider.container["args"])
    assert (settings.name, settings.dialect, settings.speed) == (name, dialect, SPEED)
    assert {"http": settings.listen[1], "control": settings.control[1]} == provider.ports
    assert {settings.listen[0], settings.control[0]} == {"0.0.0.0"}  # noqa: S104 - a pod's own address
    assert provider.container["livenessProbe"]["tcpSocket"]["port"] == "control"  # outages close the other


def test_the_pager_is_started_as_it_understands() -> None:
    """Its arguments are read, and it listens on its container's port."""
    container = DEPLOYMENTS["pager"].container
    assert container["command"][3:] == ["alertdrill.pager"]
    context = pager.make_context("pager", list(container["args"]))
    assert isinstance(context, click.Context)
    params = context.params
    assert params["listen"] == f"0.0.0.0:{PORT}"
    listening = {"http": PORT, "deliveries": params["deliveries"][1], "smtp": params["smtp"][1]}
    assert DEPLOYMENTS["pager"].ports == listening
    (mount,) = container["volumeMounts"]
    assert params["certificate"].parent == Path(mount["mountPath"])
    assert params["speed"] == SPEED


@pytest.mark.parametrize("name", ["locust-master", "locust-worker"])
def test_locust_is_started_as_it_understands(name: str) -> None:
    """Locust takes the arguments and the variables, and finds the scenario that the kustomization names."""
    container = DEPLOYMENTS[name].container
    (generator,) = (made for made in read_kustomization()["configMapGenerator"] if made["name"] == "scenario")
    scenario = dict(literal.split("=", 1) for literal in generator["literals"])
    command = [sys.executable, *container["command"][1:], *container["args"], "--list"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **scenario, **DEPLOYMENTS[name].environ}
    listed = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert "Steady" in listed.stdout


def test_the_image_has_what_is_started() -> None:
    """The interpreter and the scenarios are where the Dockerfile puts them, and the user is the image's."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    venv = PYTHON[0].removesuffix("/bin/python")
    assert f"COPY --from=build {venv} {venv}" in dockerfile
    for name in ("locust-master", "locust-worker"):
        folder = DEPLOYMENTS[name].container["workingDir"]
        assert f"RUN ln -s {venv}/lib/python3*/site-packages/alertdrill{folder} {folder}\n" in dockerfile
    assert "USER 65534:65534" in dockerfile


def test_workers_find_the_master_and_the_master_the_stack() -> None:
    """Workers call the master's service; the master knows the gateway and every provider's control API."""
    master, worker = DEPLOYMENTS["locust-master"], DEPLOYMENTS["locust-worker"]
    (host,) = (arg.partition("=")[2] for arg in worker.container["args"] if arg.startswith("--master-host"))
    assert SERVICES[host] == SERVICES[master.name]
    assert find_ports(SERVICES[host]) == {8089: 8089, 5557: 5557}  # Locust's own defaults
    assert master.environ["LOCUST_HOST"] == f"http://gateway:{PORT}"
    controls = parse_controls(master.environ["ALERTDRILL_CONTROLS"])
    assert controls == {name: f"http://provider-{name}:8081" for name in PROVIDERS}
    assert worker.spec["replicas"] > 1


def test_the_readme_names_files_that_are_there() -> None:
    """Links lead somewhere, and the scenarios and options that it names exist."""
    text = (FOLDER / "README.md").read_text()
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (FOLDER / path).exists(), path
    for path in re.findall(r"\b(?:scenarios|harness|deploy)/[\w./-]+\w", text):
        assert (ROOT / path).exists(), path
    assert json.loads((FOLDER / "gateway.json").read_text())["speed"] == 1
