"""A pager that runs in the test's own process, and a real Alertmanager that delivers to it."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.schema import ADDRESS, SECRET
from alertdrill.alertmanager.target import Target
from alertdrill.core.expectation import Integration
from alertdrill.pager.certificates import make_certificate
from alertdrill.pager.control import refuse
from alertdrill.pager.server import Setup, make_pager
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_server import LIMITS, HttpRunner, Limits
from alertdrill.runtime.process import start
from support.receiver_sections import SECTIONS

TOKEN = "sesame"
DEADLINE_S = 30.0
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
RECEIVER = "team x/é"
"""With everything in it that an address has to bear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPager:
    """Where a pager is; its files are in `folder`."""

    folder: Path
    control: str
    deliveries: str
    smtp_port: int
    session: aiohttp.ClientSession
    trust: ssl.SSLContext
    """Trusts the pager's authority alone."""

    @property
    def authority(self) -> Path:
        """The certificate that the pager's is checked with."""
        return self.folder / "authority.pem"

    @property
    def target(self) -> Target:
        """The pager, as Alertmanager reaches it."""
        return Target(
            url=self.deliveries,
            smarthost=f"127.0.0.1:{self.smtp_port}",
            ca_file=str(self.authority),
            token_file=str(self.folder / "token"),
            token=TOKEN,
            templates_folder=str(self.folder),
        )

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the document that the control API answers, None where it says nothing."""
        async with self.session.request(
            method, self.control + path, json=body, headers=AUTHORIZATION
        ) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status == 200 else None

    async def list_notifications(self) -> list[dict[str, Any]]:
        """Return the journal."""
        notifications: list[dict[str, Any]] = (await self.ask("GET", "/notices"))["notices"]
        return notifications

    async def list_incidents(self) -> list[dict[str, Any]]:
        """Return the incidents."""
        incidents: list[dict[str, Any]] = (await self.ask("GET", "/incidents"))["incidents"]
        return incidents

    async def await_notifications(self, count: int, **wanted: Any) -> list[dict[str, Any]]:
        """Return the notifications that are as wanted, as soon as there are so many."""
        give_up_at = time.monotonic() + DEADLINE_S
        while True:
            notifications = await self.list_notifications()
            found = [one for one in notifications if all(one[name] == wanted[name] for name in wanted)]
            if len(found) >= count:
                return found
            assert time.monotonic() < give_up_at, f"{count} wanted with {wanted}, there are: {notifications}"
            await asyncio.sleep(0.02)

    async def deliver(
        self, address: Address, body: Any, *, headers: Mapping[str, str] = AUTHORIZATION
    ) -> tuple[int, str]:
        """Deliver to an inbox as Alertmanager does, and return the answer."""
        path = address.path + ("/v2/enqueue" if address.integration == "pagerduty" else "")
        async with self.session.post(
            f"{self.deliveries}/{path}",
            json=body,
            headers=headers,
            ssl=self.trust,
            server_hostname=address.server_name,
        ) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def run_pager(
    folder: Path, *, speed: float = 60.0, limits: Limits = LIMITS
) -> AsyncIterator[RunningPager]:
    """Run a pager while the context lasts."""
    authority, server = make_certificate(["127.0.0.1"])
    (folder / "authority.pem").write_bytes(authority)
    (folder / "server.pem").write_bytes(server)
    (folder / "token").write_text(TOKEN)
    control, deliveries, smtp = find_free_ports(3)
    setup = Setup(
        deliveries=("127.0.0.1", deliveries),
        smtp=("127.0.0.1", smtp),
        certificate=folder / "server.pem",
        speed=speed,
        token=TOKEN,
        limits=limits,
    )
    runner = HttpRunner(make_pager(setup), refuse, limits=limits, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", control).start()
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield RunningPager(
                folder=folder,
                control=f"http://127.0.0.1:{control}",
                deliveries=f"https://127.0.0.1:{deliveries}",
                smtp_port=smtp,
                session=session,
                trust=ssl.create_default_context(cadata=authority.decode()),
            )
    finally:
        await runner.cleanup()


def write_integration(pager: RunningPager, integration: Integration) -> dict[str, Any]:
    """Return what a receiver's integration is, redirected to the pager by hand."""
    address = Address(receiver=RECEIVER, integration=integration)
    url = f"{pager.deliveries}/{address.path}"
    key = derive_key(TOKEN, address)
    tls = {"ca_file": str(pager.authority), "server_name": address.server_name}
    http = {"tls_config": tls, "authorization": {"credentials_file": str(pager.folder / "token")}}
    match integration:
        case "pagerduty":
            details = {TAG_NAME: TAG, "firing": '{{ template "pagerduty.default.instances" .Alerts.Firing }}'}
            return {
                "url": f"{url}/v2/enqueue",
                "routing_key": key,
                "http_config": http,
                "description": '{{ template "said" . }}',
                "details": details,
            }
        case "slack":
            return {
                "api_url": url,
                "channel": "#on-call",
                "http_config": http,
                "send_resolved": True,
                "title": '{{ template "said" . }}',
                "text": "{{ .CommonAnnotations.summary }}",
                "fields": [{"title": "severity", "value": "high"}, {"title": TAG_NAME, "value": TAG}],
            }
        case "opsgenie":
            return {
                "api_url": f"{url}/",
                "api_key": key,
                "http_config": {"tls_config": tls},
                "message": '{{ template "said" . }}',
                "details": {TAG_NAME: TAG},
                "update_alerts": True,
            }
        case "email":
            return {
                "to": "oncall@example.com",
                "from": "alertmanager@example.com",
                "smarthost": f"127.0.0.1:{pager.smtp_port}",
                "auth_username": address.path,
                "auth_password": key,
                "send_resolved": True,
                "tls_config": tls,
                "headers": {f"X-{TAG_NAME}": TAG, "Subject": '{{ template "said" . }}'},
            }
        case "webhook":
            return {"url": url, "http_config": http}
        case _:
            return point(pager, integration, [SECTIONS[integration]])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAlertmanager:
    """A real Alertmanager, and the pager's session to ask it with."""

    url: str
    session: aiohttp.ClientSession
    log: Path

    async def set_alerts(self, *alerts: Mapping[str, str], is_firing: bool) -> None:
        """Let alerts with these labels fire, or be resolved."""
        # Alertmanager compares with its own clock: a minute leaves no doubt.
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + (600 if is_firing else -1)))
        body = [
            {"labels": dict(labels), "annotations": {"summary": "it is slow"}, "endsAt": ends}
            for labels in alerts
        ]
        async with self.session.post(f"{self.url}/api/v2/alerts", json=body) as answer:
            assert answer.status == 200, await answer.text()


def point(
    pager: RunningPager, integration: Integration, stated: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a receiver's integrations of one kind are, redirected to a pager that runs."""
    return point_at(pager.target, integration, stated)


def point_at(
    target: Target, integration: Integration, stated: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a receiver's integrations of one kind are, redirected to the pager as a config's are."""
    kind = RECEIVER_KINDS[integration]
    pointed = []
    for index, section in enumerate(stated):
        address = Address(receiver=RECEIVER, integration=integration, index=index)
        kept = {name: value for name, value in section.items() if kind.fields[name] not in (SECRET, ADDRESS)}
        pointed.append(kept | kind.point(section, address, target))
    return pointed


@asynccontextmanager
async def run_alertmanager(
    pager: RunningPager, engines: Engines, *integrations: Integration
) -> AsyncIterator[RunningAlertmanager]:
    """Run an Alertmanager with one receiver of these integrations while the context lasts."""
    sections = {name: [write_integration(pager, name)] for name in integrations}
    async with run_alertmanager_with(pager, engines, sections) as running:
        yield running


@asynccontextmanager
async def run_alertmanager_with(
    pager: RunningPager, engines: Engines, sections: Mapping[Integration, Sequence[Mapping[str, Any]]]
) -> AsyncIterator[RunningAlertmanager]:
    """Run an Alertmanager with one receiver of these sections while the context lasts."""
    receiver = {"name": RECEIVER} | {f"{name}_configs": stated for name, stated in sections.items()}
    config = {
        "templates": [str(pager.folder / "*.tmpl")],
        "route": {
            "receiver": RECEIVER,
            "group_by": ["alertname", "model"],
            "group_wait": "100ms",
            "group_interval": "400ms",
            "repeat_interval": "1h",
        },
        "receivers": [receiver],
    }
    said = '{{ define "said" }}{{ .Status }}: {{ .CommonLabels.alertname }} of {{ len .Alerts }}{{ end }}'
    (pager.folder / "said.tmpl").write_text(said)
    (pager.folder / "alertmanager.json").write_text(json.dumps(config))
    (port,) = find_free_ports(1)
    process = start(
        "Alertmanager",
        [
            str(engines.alertmanager),
            f"--config.file={pager.folder / 'alertmanager.json'}",
            f"--storage.path={pager.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        env={"PATH": os.environ["PATH"]},
        log_path=pager.folder / "alertmanager.log",
    )
    running = RunningAlertmanager(
        url=f"http://127.0.0.1:{port}", session=pager.session, log=pager.folder / "alertmanager.log"
    )
    try:
        give_up_at = time.monotonic() + DEADLINE_S
        while not await _is_ready(running):
            process.check()
            assert time.monotonic() < give_up_at, running.log.read_text()
            await asyncio.sleep(0.02)
        yield running
    finally:
        process.stop()


async def _is_ready(running: RunningAlertmanager) -> bool:
    try:
        async with running.session.get(f"{running.url}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
