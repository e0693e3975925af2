"""Waiting for a stack: who does not get ready is named, and so is who ends meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alertdrill.core.parts import PROVIDERS
from alertdrill.errors import ComponentFailed
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.stacks import Endpoints
from alertdrill.stacks.readiness import await_ready

WITHIN_S = 20.0
TOKEN = "the-control-token"


class Parts(BaseHTTPRequestHandler):
    """All parts at one address, told apart by the first element of the path."""

    asked: list[tuple[str, str | None]]
    silent: set[str]

    def do_GET(self) -> None:
        """Answer for every part but the silent ones."""
        part = self.path.split("/")[1]
        type(self).asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(503 if part in type(self).silent else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[tuple[type[Parts], Endpoints]]:
    """Return the parts and where they are."""
    parts = type("Own", (Parts,), {"asked": [], "silent": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), parts)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield (
        parts,
        Endpoints(
            gateway=f"{url}/gateway",
            prometheus=f"{url}/prometheus",
            alertmanager=f"{url}/alertmanager",
            pager=f"{url}/pager",
            controls={name: f"{url}/provider-{name}" for name in PROVIDERS},
            admin_token="admin",
            control_token=TOKEN,
            pager_token="pager",
        ),
    )
    server.shutdown()
    server.server_close()


Served = tuple[type[Parts], Endpoints]


def test_all_are_asked_and_secrets_go_only_where_they_belong(served: Served) -> None:
    """Every part says so itself; only the control APIs see the control token."""
    parts, endpoints = served
    await_ready(endpoints, lambda: None, within_s=WITHIN_S, logs=Path("logs"))
    asked = dict(parts.asked)
    assert len(asked) == 4 + len(PROVIDERS)
    assert {path for path, secret in asked.items() if secret} == {
        f"/provider-{name}/control/state" for name in PROVIDERS
    }


def test_every_part_is_asked_whether_it_lives(served: Served) -> None:
    """The guard of a stack of containers too, where the harness passes by it."""
    _, endpoints = served
    assert endpoints.health.keys() == {
        "gateway",
        "prometheus",
        "alertmanager",
        "pager",
        *(f"provider-{name}" for name in PROVIDERS),
    }
    guarded = replace(endpoints, guard="http://guard:2375")
    assert guarded.health == {**endpoints.health, "guard": "http://guard:2375/healthz"}


@pytest.mark.parametrize("part", ["pager", "prometheus", "provider-groq"])
def test_who_never_gets_ready_is_named(served: Served, tmp_path: Path, part: str) -> None:
    """With what it answered, and the place of its log."""
    parts, endpoints = served
    parts.silent.add(part)
    log = tmp_path / f"{part}.log"
    log.touch()
    said = rf"{part} was not ready within 0 s: http://\S*/{part}/\S* answered 503 .*; its log is {log}$"
    with pytest.raises(ComponentFailed, match=said):
        await_ready(endpoints, lambda: None, within_s=0.2, logs=tmp_path)


def test_a_gateway_that_runs_already_has_no_log(served: Served, tmp_path: Path) -> None:
    """None is named; that nobody listens there is said in the system's words."""
    _, endpoints = served
    (port,) = find_free_ports(1)
    away = replace(endpoints, gateway=f"http://127.0.0.1:{port}")
    said = rf"gateway was not ready within 0 s: \S*:{port}/healthz cannot be asked \(Connection refused\)$"
    with pytest.raises(ComponentFailed, match=said):
        await_ready(away, lambda: None, within_s=0.2, logs=tmp_path)


def test_who_ends_meanwhile_is_named_at_once(served: Served) -> None:
    """Nobody waits for what cannot come any more, nor trusts an answer of somebody else's."""
    _, endpoints = served

    def check() -> None:
        raise ComponentFailed("gateway has ended")

    with pytest.raises(ComponentFailed, match="gateway has ended"):
        await_ready(endpoints, check, within_s=WITHIN_S, logs=Path("logs"))
