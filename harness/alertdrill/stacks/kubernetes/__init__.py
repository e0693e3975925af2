"""The part of deploy/kubernetes that follows from the systems, their values and the stub providers. Pure.

Formats: the Kubernetes API, https://kubernetes.io/docs/reference/kubernetes-api/, and the Prometheus
operator's, https://prometheus-operator.dev/docs/api-reference/api/ (monitoring.coreos.com/v1).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.rules.values import write_resource
from alertdrill.rules.yaml.round_trip import open_yaml
from alertdrill.stacks.configs import write_gateway_config
from alertdrill.systems import System

HEADER = "# `make generate` writes this file: change what it is made of, in harness/.\n"
SPEED = 1
"""In a cluster rules are evaluated as they are written, so everything runs in real time."""

PORT = 8080
DATA_DIR = "/data"
DRAIN_S = 5
"""Longer than it takes until the gateway is seen not to be ready, and sent nothing more."""

TARGET_LABELS = ("container", "endpoint", "namespace", "node", "pod", "service")
"""The labels that the operator gives to every target of a ServiceMonitor."""


def render_gateway_config(providers: Iterable[str]) -> str:
    """Return gateway.json: each provider is reached through the service of its name."""
    addresses = {name: f"provider-{name}:{PORT}" for name in providers}
    config = write_gateway_config(speed=SPEED, data_dir=DATA_DIR, providers=addresses, drain_s=DRAIN_S)
    return config + "\n"


def render_providers(template: str, dialects: Mapping[str, str]) -> str:
    """Return what the template makes of each provider and its dialect, one after the other."""
    filled = [
        Template(template).substitute(name=name, dialect=dialect, speed=SPEED)
        for name, dialect in dialects.items()
    ]
    return HEADER + "---\n".join(filled)


def render_rules(system: str, rules: str) -> str:
    """Return a system's rule file as a PrometheusRule."""
    return HEADER + write_resource(rules, system)


def render_service_monitor(systems: Iterable[System]) -> str:
    """Return the ServiceMonitor that scrapes the gateway once for each system, under that system's job.

    The targets have the labels `job` and `instance` and no others, as the rules and the metrics expect: a
    metric's own label that the target has too, such as `endpoint`, would be renamed to `exported_endpoint`.
    """
    labels = {"app.kubernetes.io/name": "alertdrill", "app.kubernetes.io/component": "gateway"}
    monitor = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "gateway", "labels": dict(labels)},
        "spec": {
            "selector": {"matchLabels": dict(labels)},
            "endpoints": [
                {
                    "port": "http",
                    "path": system.metrics_path,
                    "interval": f"{SCRAPE_INTERVAL_S:g}s",
                    "relabelings": [
                        {"action": "replace", "targetLabel": "job", "replacement": system.job},
                        {"action": "labeldrop", "regex": "|".join(TARGET_LABELS)},
                    ],
                }
                for system in systems
            ],
        },
    }
    return HEADER + _dump(monitor)


def render_kustomization(resources: Iterable[str]) -> str:
    """Return a kustomization of these files."""
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return HEADER + _dump({**head, "resources": list(resources)})


def _dump(document: Any) -> str:
    buffer = io.StringIO()
    open_yaml().dump(document, buffer)
    return buffer.getvalue()
