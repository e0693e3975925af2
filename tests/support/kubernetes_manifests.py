"""What deploy/kubernetes holds, as the tests read it, and the schemas that it is held to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from support.plain_yaml import read_yamls

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"

VERSIONS = ("1.25", "newest")
"""The oldest and the newest Kubernetes whose schemas there are."""
OPERATOR = "cloudcoil.models.prometheus_operator"

Document = dict[str, Any]


class BadManifest(Exception):
    """A document that its schema does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One document and the file that it is in."""

    path: Path
    document: Document

    @property
    def kind(self) -> str:
        """The resource's kind."""
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        """The resource's name."""
        return str(self.document["metadata"]["name"])

    @property
    def spec(self) -> Document:
        """What the resource is to be."""
        spec: Document = self.document["spec"]
        return spec

    @property
    def pod(self) -> Document:
        """The pod of a Deployment."""
        pod: Document = self.spec["template"]["spec"]
        return pod

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels of a Deployment's pods."""
        labels: dict[str, str] = self.spec["template"]["metadata"]["labels"]
        return labels

    @property
    def container(self) -> Document:
        """The one container of a Deployment's pod."""
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def ports(self) -> dict[str, int]:
        """The container's ports by name."""
        return {port["name"]: port["containerPort"] for port in self.container.get("ports", [])}

    @property
    def secrets(self) -> dict[str, tuple[str, str]]:
        """The container's variables that come from a secret: the secret's name and key."""
        refs = {
            variable["name"]: variable["valueFrom"]["secretKeyRef"]
            for variable in self.container.get("env", [])
            if "valueFrom" in variable
        }
        return {name: (ref["name"], ref["key"]) for name, ref in refs.items()}

    @property
    def environ(self) -> dict[str, str]:
        """The container's variables that are stated."""
        return {
            variable["name"]: variable["value"]
            for variable in self.container.get("env", [])
            if "value" in variable
        }


def read_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of a YAML file, as plain values without anchors."""
    for document in read_yamls(path):
        yield json.loads(json.dumps(document))


def read_kustomization(folder: Path = FOLDER) -> Document:
    """Return a folder's kustomization."""
    (document,) = read_documents(folder / "kustomization.yaml")
    return document


def list_resources(folder: Path = FOLDER) -> Iterator[Path]:
    """Yield the files that a folder's kustomization names, and those of the folders that it names."""
    for name in read_kustomization(folder)["resources"]:
        path = folder / name
        if path.is_dir():
            yield from list_resources(path)
        else:
            yield path


def read_manifests() -> tuple[Manifest, ...]:
    """Return every resource that `kubectl apply -k deploy/kubernetes` applies."""
    return tuple(
        Manifest(path=path, document=document)
        for path in list_resources()
        for document in read_documents(path)
    )


MANIFESTS = read_manifests()


def find(kind: str) -> dict[str, Manifest]:
    """Return the resources of a kind by name."""
    return {manifest.name: manifest for manifest in MANIFESTS if manifest.kind == kind}


def find_pods(selector: dict[str, Any]) -> list[Manifest]:
    """Return the Deployments whose pods a label selector selects."""
    labels = selector.get("matchLabels", {})
    expressions = selector.get("matchExpressions", [])
    assert all(expression["operator"] == "In" for expression in expressions)
    return [
        deployment
        for deployment in find("Deployment").values()
        if labels.items() <= deployment.pod_labels.items()
        and all(
            deployment.pod_labels.get(expression["key"]) in expression["values"] for expression in expressions
        )
    ]


def check(document: Document, version: str) -> None:
    """Hold a document to the schema of its kind; a field that the schema does not know is refused.

    Raises BadManifest. Kubernetes' own kinds are held to the given version.
    """
    # Here, because the operator's models take seconds to build, also where no test of them runs.
    import kubernetes_validate
    from pydantic import ValidationError

    model = _list_operators().get(document["kind"])
    try:
        if model is not None:
            model.model_validate(document, extra="forbid")
        else:
            known = kubernetes_validate.latest_version() if version == "newest" else version
            kubernetes_validate.validate(document, known, strict=True)
    except (ValidationError, kubernetes_validate.ValidationError) as error:
        raise BadManifest(str(error)) from error


def _list_operators() -> dict[str, type[BaseModel]]:
    # Its models take a second to import, and these, of which no manifest is one, half of it.
    sys.modules.setdefault(f"{OPERATOR}.v1alpha1", ModuleType("v1alpha1"))
    from cloudcoil.models.prometheus_operator.v1 import PrometheusRule, ServiceMonitor

    return {"PrometheusRule": PrometheusRule, "ServiceMonitor": ServiceMonitor}
