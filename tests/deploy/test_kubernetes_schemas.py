"""deploy/kubernetes against the schemas of Kubernetes and of the Prometheus operator."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.kubernetes_manifests import FOLDER, MANIFESTS, VERSIONS, BadManifest, Manifest, check, find

from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.kubernetes.__main__ import main as write_all
from alertdrill.stacks.kubernetes.__main__ import render_all
from alertdrill.systems import System, find_systems

CONTAINER = ("spec", "template", "spec", "containers", 0)

BREAKS: list[tuple[str, tuple[str | int, ...], Any]] = [
    ("Namespace", ("metadata", "nmae"), "x"),
    ("PersistentVolumeClaim", ("spec", "accessModes"), "ReadWriteOnce"),
    ("NetworkPolicy", ("spec", "podSelectors"), {}),
    ("Service", ("spec", "ports", 0, "port"), "http"),
    ("Service", ("spec", "ports", 0, "port"), None),
    ("Deployment", ("spec", "selector"), None),
    ("Deployment", ("spec", "replicas"), "two"),
    ("Deployment", ("spec", "template", "spec", "containers"), None),
    ("Deployment", (*CONTAINER, "name"), None),
    ("Deployment", (*CONTAINER, "imagePullPolice"), "Always"),
    ("Deployment", (*CONTAINER, "args"), "--help"),
    ("Deployment", (*CONTAINER, "securityContext", "readOnlyRootFileSystem"), True),
    ("Deployment", (*CONTAINER, "resources", "limits", "memory"), True),
    ("PrometheusRule", ("spec", "groups", 0, "name"), None),
    ("PrometheusRule", ("spec", "groups", 0, "interval"), "15 s"),
    ("PrometheusRule", ("spec", "groups", 0, "rules", 0, "expr"), None),
    ("PrometheusRule", ("spec", "groups", 0, "rules", 0, "fro"), "5m"),
    ("PrometheusRule", ("spec", "groups", 0, "rules", 0, "labels", "severity"), {"is": "critical"}),
    ("ServiceMonitor", ("spec", "selector"), None),
    ("ServiceMonitor", ("spec", "endpoints", 0, "port"), 8080),
    ("ServiceMonitor", ("spec", "endpoints", 0, "metricsPath"), "/metrics"),
    ("ServiceMonitor", ("spec", "endpoints", 0, "interval"), "15 seconds"),
    ("ServiceMonitor", ("spec", "endpoints", 0, "relabelings", 0, "action"), "rename"),
]
"""A kind, where it is broken, and with what; None takes away what is there."""

SYSTEMS = find_systems()


def name_manifest(value: object) -> str | None:
    """Return what a manifest is called in a test's name."""
    return f"{value.kind}-{value.name}" if isinstance(value, Manifest) else None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=name_manifest)
def test_every_manifest_is_what_its_schema_allows(manifest: Manifest, version: str) -> None:
    """Each resource has the fields that its kind has, in the oldest and the newest Kubernetes."""
    check(manifest.document, version)


@pytest.mark.parametrize(("kind", "path", "value"), BREAKS)
def test_a_broken_manifest_is_refused(kind: str, path: tuple[str | int, ...], value: Any) -> None:
    """What is misspelt, missing or of the wrong type does not pass."""
    document = copy.deepcopy(next(iter(find(kind).values())).document)
    *above, last = path
    node: Any = document
    for step in above:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    with pytest.raises(BadManifest):
        check(document, VERSIONS[-1])


def test_every_kind_is_broken_once() -> None:
    """No kind is there whose schema is not seen to refuse anything."""
    assert {kind for kind, _, _ in BREAKS} == {manifest.kind for manifest in MANIFESTS}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=name_manifest)
def test_names_are_names_of_kubernetes(manifest: Manifest) -> None:
    """The schemas leave names open; a label of RFC 1123 is one for every kind."""
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", manifest.name)


def test_the_committed_files_are_what_make_generate_writes() -> None:
    """What follows from systems, values and providers is that, byte for byte."""
    rendered = render_all()
    assert {path: path.read_text(encoding="utf-8") for path in rendered} == rendered


def test_make_generate_writes_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m alertdrill.stacks.kubernetes` writes them, into folders that it makes, and says which."""
    monkeypatch.setattr("alertdrill.stacks.kubernetes.__main__.FOLDER", tmp_path)
    write_all()
    written = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path.relative_to(tmp_path): text for path, text in render_all().items()}
    assert len(capsys.readouterr().out.split()) == len(written)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_resource_has_the_rules_as_shipped(system: System) -> None:
    """Every alert of the system is on, in real time, with the same expression, labels and annotations."""
    path = FOLDER / "monitoring" / "rules" / f"{system.name}.yaml"

    def list_rules(text: str) -> list[tuple[object, ...]]:
        return [
            (group.name, group.interval_s, replace(rule, source=""))
            for group in parse_rules(text, "r").groups
            for rule in group.rules
        ]

    assert list_rules(path.read_text()) == list_rules(system.rules_path.read_text())


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_group_says_how_often(system: System) -> None:
    """A cluster's own evaluation interval may be another than the drills'."""
    resource = find("PrometheusRule")[system.name.replace("_", "-")]
    assert {group["interval"] for group in resource.spec["groups"]} == {"15s"}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_promtool_takes_the_resources_groups(system: System, engines: Engines, tmp_path: Path) -> None:
    """The operator hands a resource's spec to Prometheus as a rule file."""
    resource = find("PrometheusRule")[system.name.replace("_", "-")]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(resource.spec))
    checked = subprocess.run(
        [engines.promtool, "check", "rules", path], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(read_rules(system.rules_path).alerts)} rules found" in checked.stdout
