"""Tests of what is not an Alertmanager, or does not let us in: a sentence, and nothing is sent."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.page_records import make_alert

from alertdrill.errors import ComponentFailed, CouldNotTell
from alertdrill.runner.synthetic.counters import COUNTERS
from alertdrill.runner.synthetic.remote import Remote
from alertdrill.runtime.binaries import Engines

SECRET = "s3cret-of-somebody"
STATUS = {
    "cluster": {"status": "disabled", "peers": []},
    "config": {"original": "route: {receiver: x}\nreceivers: [{name: x, webhook_configs: [{}]}]\n"},
    "versionInfo": {"version": "0.25.0"},
    "uptime": "2026-01-01T00:00:00Z",
}

QUIET = {"/api/v2/status": (200, json.dumps(STATUS)), "/api/v2/alerts/groups": (200, "[]")}
METRICS = "alertmanager_dispatcher_aggregation_groups 0\nprocess_start_time_seconds 1\n" + "".join(
    f'# TYPE {name} counter\n{name}{{integration="webhook"}} 0\n' for name in COUNTERS
)


class Answering:
    """A server that answers each path with a status and a text, and keeps where something was posted."""

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.posted: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request."""
        if request.method == "POST":
            self.posted.append(request.path)
        status, text = self.answers.get(request.path, (404, "404 page not found"))
        return web.Response(status=status, text=text, headers={"Location": "/login"})

    async def open(self, aiohttp_server: Any, engines: Engines, **options: Any) -> Remote:
        """Return the server as somebody's Alertmanager."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        server: TestServer = await aiohttp_server(app, **options)
        return Remote(str(server.make_url("")), {"Authorization": SECRET}, engines.amtool)


async def send(remote: Remote) -> str:
    """Send an alert, and return what is said about why that cannot be."""

    def go() -> None:
        remote.send(remote.plan(make_alert(), ()), lambda _: None)

    with pytest.raises(CouldNotTell) as caught:
        await asyncio.to_thread(go)
    said = str(caught.value)
    assert SECRET not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("status", "text", "says"),
    [
        (401, f"no: {SECRET}", "answered 401 to .*--header Authorization=@FILE"),
        (403, "", "answered 403 to .*--header Authorization=@FILE"),
        (404, "", "answered 404 to .*API v2 came with Alertmanager 0[.]16"),
        (500, "oops", "answered 500 to /api/v2/status: oops"),
        (302, "", "answered 302"),
        (200, "<html>log in</html>", "what answers is no Alertmanager: it gave no status"),
        (200, json.dumps({"status": "success", "data": {}}), "no Alertmanager"),
        (200, json.dumps({**STATUS, "config": {"original": "route: ["}}), "no Alertmanager"),
        (200, json.dumps({**STATUS, "config": {"original": "receivers: []"}}), "no Alertmanager"),
    ],
)
async def test_what_is_no_alertmanager_is_said_so(
    aiohttp_server: Any, engines: Engines, status: int, text: str, says: str
) -> None:
    """Not let in, too old for API v2 (only v1 is answered), a login page, or something else altogether."""
    answering = Answering({"/api/v2/status": (status, text)})
    said = await send(await answering.open(aiohttp_server, engines))
    assert re.search(says, said), said
    assert answering.posted == []


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ((404, "not here"), "answered 404 to /metrics"),
        ((200, "process_start_time_seconds 1\n"), "what it delivers cannot be followed"),
    ],
)
async def test_without_its_counters_nothing_is_sent(
    aiohttp_server: Any, engines: Engines, metrics: tuple[int, str], says: str
) -> None:
    """A proxy may hide the metrics, or serve another server's in their place."""
    answering = Answering({**QUIET, "/metrics": metrics})
    assert says in await send(await answering.open(aiohttp_server, engines))
    assert answering.posted == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    aiohttp_server: Any, engines: Engines
) -> None:
    """TLS fails before anything is said, the headers included."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    remote = await Answering(QUIET).open(aiohttp_server, engines, ssl=context)
    assert "CERTIFICATE_VERIFY_FAILED" in await send(remote)


def test_nobody_there_is_said_so(engines: Engines) -> None:
    """The address is named."""
    with pytest.raises(ComponentFailed, match=r"Alertmanager at http://127\.0\.0\.1:1 cannot be reached"):
        Remote("http://127.0.0.1:1", {}, engines.amtool).plan(make_alert(), ())


async def test_who_may_look_and_not_write_is_told_so(aiohttp_server: Any, engines: Engines) -> None:
    """The refusal is passed on, and nothing else is tried."""
    answering = Answering({**QUIET, "/metrics": (200, METRICS), "/api/v2/alerts": (403, "read only")})
    said = await send(await answering.open(aiohttp_server, engines))
    assert "answered 403 to /api/v2/alerts: read only" in said
    assert answering.posted == ["/api/v2/alerts"]
