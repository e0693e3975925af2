"""Which versions of which models are deployed, and where: the data in deployments.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.errors import BadInput
from alertdrill.gateway.models import Catalogue

SHIPPED = Path(__file__).with_name("deployments.yml")
MAX_TIMEOUT_S = 100.0
"""Below what a provider is given (`alertdrill.gateway.upstream`), so that the executor ends a call first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One version of a model: its device, the upstream model that computes it, its timeout and its limits."""

    model: str
    version: str
    device: str
    upstream: str
    timeout_s: float
    workers: int
    max_input_chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployments:
    """What can be asked for; `slots` is by device, `versions` by model, the latest last."""

    slots: Mapping[str, int]
    versions: Mapping[str, Mapping[str, Deployment]]

    def find(self, model: str, version: str | None) -> Deployment | None:
        """Return a model's version, the latest if none is named; None if it is not deployed."""
        versions = self.versions.get(model)
        if not versions:
            return None
        return versions.get(version) if version is not None else list(versions.values())[-1]


def read_deployments(path: Path, catalogue: Catalogue) -> Deployments:
    """Return the deployments of a file whose upstream models can be called; raises BadInput."""
    try:
        document = _load(path.read_text(encoding="utf-8"))
        slots = {str(device): int(entry["slots"]) for device, entry in document["devices"].items()}
        models = {
            str(model): {
                str(version): _read(str(model), str(version), entry) for version, entry in of.items()
            }
            for model, of in document["deployments"].items()
        }
    except (OSError, YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(f"{path}: cannot read the deployments: {error}") from error
    for deployment in (one for versions in models.values() for one in versions.values()):
        if deployment.device not in slots:
            raise BadInput(f"{path}: {deployment.model}: there is no device {deployment.device!r}")
    return Deployments(
        slots=slots,
        versions={
            model: {name: one for name, one in versions.items() if one.upstream in catalogue.models}
            for model, versions in models.items()
        },
    )


@lru_cache(maxsize=8)
def _load(text: str) -> Any:
    """Return what a file's text states, which nobody changes: reading it again would take the longest."""
    return YAML(typ="safe", pure=True).load(text)


def _read(model: str, version: str, entry: Mapping[str, Any]) -> Deployment:
    deployment = Deployment(
        model=model,
        version=version,
        device=str(entry["device"]),
        upstream=str(entry["upstream"]),
        timeout_s=float(entry["timeout_s"]),
        workers=int(entry["workers"]),
        max_input_chars=int(entry["max_input_chars"]),
    )
    if not 0 < deployment.timeout_s <= MAX_TIMEOUT_S or deployment.workers < 1:
        raise ValueError(f"{model} {version} needs a timeout_s up to {MAX_TIMEOUT_S:g}, and a worker")
    return deployment
