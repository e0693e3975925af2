"""Alertmanager configs in manifests, as for the Prometheus operator, and in files with several documents."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from alertdrill.alertmanager.config import AlertmanagerConfig, read_config
from alertdrill.alertmanager.original_check import check_original
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

CONFIG = """\
route: {receiver: hook}
templates: [/etc/alertmanager/config/*.tmpl]
receivers:
- name: hook
  slack_configs:
  - api_url: https://hooks.example/s3cret
    channel: '#a'
    title: '{{ template "mine" . }}'
"""
TEMPLATE = '{{ define "mine" }}{{ end }}'
HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: alertmanager-main}\n"
INDENTED = "".join(f"    {line}\n" for line in CONFIG.splitlines())
PLAIN = f"{HEAD}stringData:\n  mine.tmpl: '{TEMPLATE}'\n  alertmanager.yaml: |\n{INDENTED}"


def encode(text: str, *, packed: bool = False) -> str:
    """Return a text as a Secret's data have it."""
    content = text.encode()
    return base64.b64encode(gzip.compress(content) if packed else content).decode()


ENCODED = f"{HEAD}data:\n  alertmanager.yaml: {encode(CONFIG)}\n  mine.tmpl: {encode(TEMPLATE)}\n"
PACKED = (
    f"{HEAD}data: {{alertmanager.yaml.gz: {encode(CONFIG, packed=True)}, mine.tmpl: {encode(TEMPLATE)}}}\n"
)
MAP = PLAIN.replace("kind: Secret", "kind: ConfigMap").replace("stringData", "data")
BESIDE = f"---\nkind: Service\napiVersion: v1\n---\n{ENCODED}"
OTHER = MAP.replace("alertmanager.yaml: |", "config.yml: |")
UPLOADED = f"template_files:\n  mine.tmpl: '{TEMPLATE}'\nalertmanager_config: |\n{INDENTED}"
"""As Mimir and Amazon's managed service take it."""
LISTED = "kind: List\nitems:\n- " + ENCODED.replace("\n", "\n  ").rstrip() + "\n"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (PLAIN, ":10"),
        (MAP, ":10"),
        (OTHER, ":10"),
        (UPLOADED, ":7"),
        (ENCODED, "#alertmanager.yaml:4"),
        (PACKED, "#alertmanager.yaml.gz:4"),
        (BESIDE, "#alertmanager.yaml:4"),
        (LISTED, "#alertmanager.yaml:4"),
    ],
    ids=["text", "map", "another name", "upload", "base64", "gzip", "documents", "list"],
)
def test_a_config_in_a_manifest_is_read_with_its_templates(
    place: Callable[[str], Path], engines: Engines, text: str, where: str
) -> None:
    """Lines are those of the manifest where it has the text, and else those of the text."""
    path = place(text)
    config = read_config(path)
    assert config.document["route"] == {"receiver": "hook"}
    assert dict(config.templates) == {"000-mine.tmpl": TEMPLATE}
    assert config.locate("/receivers/0/name") == f"{path}{where}"
    assert "s3cret" not in repr(config)
    check_original(engines.amtool, engines.versions["alertmanager"], config)


def test_what_alertmanager_does_not_take_of_a_manifest_has_its_line(
    place: Callable[[str], Path], engines: Engines
) -> None:
    """Where only Alertmanager looks, too; no secret is in what is said."""
    text = PLAIN.replace("https://hooks.example/s3cret", "s3cret.example")
    config = read_config(place(text))
    with pytest.raises(BadInput, match=r"alertmanager\.yml:12: Alertmanager .*unsupported scheme") as refused:
        check_original(engines.amtool, engines.versions["alertmanager"], config)
    assert "s3cret" not in str(refused.value)


def read(place: Callable[[str], Path], text: str) -> AlertmanagerConfig:
    """Return the config that a text states."""
    return read_config(place(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Secret\ndata: {a: b}\n", ":1: this is a Kubernetes resource; an Alertmanager config is in a"),
        ("kind: Deployment\n", ":1: this is a Kubernetes resource"),
        ("kind: Secret\ndata:\n  alertmanager.yaml: '%'\n", ":3: alertmanager.yaml is not base64 of a text"),
        ("kind: Secret\ndata:\n  alertmanager.yaml: /w==\n", ":3: alertmanager.yaml is not base64 of a text"),
        ("kind: Secret\ndata: {alertmanager.yaml.gz: YQ==}\n", ":2: alertmanager.yaml.gz is not base64 of a"),
        ("kind: Secret\nstringData:\n  alertmanager.yaml: |\n    a: b\n", ":4: the field a is unknown"),
    ],
)
def test_a_manifest_without_a_config_is_refused(place: Callable[[str], Path], text: str, said: str) -> None:
    """With where it should be."""
    with pytest.raises(BadInput) as refused:
        read(place, text)
    assert f"alertmanager.yml{said}" in str(refused.value)


def test_of_several_documents_alertmanager_reads_the_first(
    place: Callable[[str], Path], engines: Engines
) -> None:
    """The others are a note, since their author may think otherwise."""
    plain = CONFIG.replace("title", "# title")
    config = read(place, plain + "---\nroute: {receiver: other}\n")
    assert config.document["route"] == {"receiver": "hook"}
    assert "alertmanager.yml:10: Alertmanager reads the first document of a file" in config.notes[0]
    check_original(engines.amtool, engines.versions["alertmanager"], config)
