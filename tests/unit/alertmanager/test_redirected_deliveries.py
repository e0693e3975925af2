"""A redirected config delivers to the pager, by every integration, with real Alertmanagers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from support.alertmanager_process import WITHIN_S, await_answer, find_free_addresses, run_alertmanager
from support.patience import PATIENCE_S

from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.core.expectation import Integration
from alertdrill.pager.certificates import make_certificate
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.process import start

TOKEN = "pager-token"

CONFIG = """
global:
  smtp_from: alerts@example.org
  smtp_smarthost: mail.example.org:465
  smtp_require_tls: false
  slack_api_url: https://hooks.example.org/x
  opsgenie_api_key: someone's
  http_config: {proxy_url: 'http://proxy.example.org:1'}
templates: [t/*.tmpl]
route:
  receiver: team x/é
  group_by: [alertname, zone]
  group_wait: 1s
  group_interval: 30s
receivers:
- name: team x/é
  pagerduty_configs:
  - routing_key: someone's
    description: '{{ template "said" . }}'
    details: {zone: '{{ .GroupLabels.zone }}'}
  slack_configs:
  - title: '{{ template "said" . }}'
    send_resolved: yes
  - title: 'again: {{ template "said" . }}'
    api_url: https://hooks.example.org/y
    send_resolved: yes
  webhook_configs:
  - url: https://example.org/
  opsgenie_configs:
  - message: '{{ template "said" . }}'
  email_configs:
  - to: you@example.org
    auth_username: someone
    auth_password: someone's
    headers: {Subject: '{{ template "said" . }}'}
    send_resolved: yes
"""
STATED: tuple[Integration, ...] = ("pagerduty", "slack", "webhook", "opsgenie", "email")
SAID = (
    '{{ define "said" }}{{ .Status }}: {{ .CommonAnnotations.summary }} in {{ .GroupLabels.zone }}{{ end }}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """One that runs."""

    control: str
    target: Target

    def list_notifications(self) -> list[dict[str, Any]]:
        """Return the journal."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(f"{self.control}/notices", headers=headers, timeout=PATIENCE_S)
        notifications: list[dict[str, Any]] = answer.json()["notices"]
        return notifications

    def await_notifications(self, count: int) -> list[dict[str, Any]]:
        """Return the journal as soon as so many notifications were accepted."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            notifications = self.list_notifications()
            if sum(notification["is_accepted"] for notification in notifications) >= count:
                return notifications
            assert time.monotonic() < deadline, notifications
            time.sleep(0.05)


@contextmanager
def run_pager(folder: Path) -> Iterator[Pager]:
    """Run a pager until the block is left."""
    control, deliveries, smtp = find_free_addresses(3)
    authority, server = make_certificate(["127.0.0.1"])
    (folder / "ca.pem").write_bytes(authority)
    (folder / "server.pem").write_bytes(server)
    (folder / "token").write_text(TOKEN)
    options = {"--listen": control, "--deliveries": deliveries, "--smtp": smtp, "--speed": "60"}
    options["--certificate"] = str(folder / "server.pem")
    process = start(
        "pager",
        [
            sys.executable,
            "-P",
            "-m",
            "alertdrill.pager",
            *(word for pair in options.items() for word in pair),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
            "ALERTDRILL_PAGER_TOKEN": TOKEN,
        },
        log_path=folder / "pager.log",
    )
    try:
        await_answer(f"http://{control}/healthz", process)
        yield Pager(
            control=f"http://{control}",
            target=Target(
                url=f"https://{deliveries}",
                smarthost=smtp,
                ca_file=str(folder / "ca.pem"),
                token_file=str(folder / "token"),
                token=TOKEN,
                templates_folder=str(folder / "templates"),
            ),
        )
    finally:
        process.stop()


@pytest.fixture
def redirect(place: Callable[[str], Path], tmp_path: Path) -> Callable[[Target], str]:
    """Return a function that redirects the config, and puts its templates where it is told."""

    def write(target: Target) -> str:
        path = place(CONFIG)
        (tmp_path / "t").mkdir()
        (tmp_path / "t" / "said.tmpl").write_text(SAID)
        config = read_config(path)
        Path(target.templates_folder).mkdir()
        for name, text in config.templates.items():
            (Path(target.templates_folder) / name).write_text(text)
        return write_config(config, target=target, speed=60)

    return write


def test_every_integration_of_a_redirected_config_opens_and_closes_an_incident(
    redirect: Callable[[Target], str], each_engines: Engines, tmp_path: Path
) -> None:
    """Both of two Slack channels too; its templates say what arrives, and the tag which alerts it is of."""
    labels = {"alertname": "Slow", "zone": "eu&1"}
    with run_pager(tmp_path) as pager:
        text = redirect(pager.target)
        with run_alertmanager(each_engines, tmp_path, text) as alertmanager:
            alertmanager.fire(labels)
            opened = pager.await_notifications(6)
            alertmanager.fire(labels, for_s=-1)
            closed = pager.await_notifications(12)[6:]
    inboxes = {("slack", 1), *((name, 0) for name in STATED)}
    for notifications, status, effect in ((opened, "firing", "opened"), (closed, "resolved", "closed")):
        assert {
            (notification["integration"], notification["index"]) for notification in notifications
        } == inboxes
        for notification in notifications:
            assert (notification["receiver"], notification["status"], notification["effect"]) == (
                "team x/é",
                status,
                effect,
            )
            assert notification["group_labels"] == labels
            assert len({alert["fingerprint"] for alert in notification["alerts"]}) == 1
            said = f"{status}: it is slow in eu&1"
            if notification["integration"] != "webhook" and (notification["integration"], status) != (
                "opsgenie",
                "resolved",
            ):
                assert notification["title"] == (f"again: {said}" if notification["index"] else said)
    assert (
        len({alert["fingerprint"] for notification in opened + closed for alert in notification["alerts"]})
        == 1
    )
