"""Of more connections than its limits say, a gateway refuses the rest, and says so in its client's shape."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from support.patience import PATIENCE_S

from alertdrill.gateway.__main__ import attach_surfaces, make_runner
from alertdrill.gateway.app import READINESS
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.limits import Limits, fit_connections
from alertdrill.runtime.http_server import SURPLUS

Connect = Callable[[], Awaitable["Client"]]
REFUSED = "alertdrill_gateway_connections_refused_total"


class Client:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the body of an answer."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split()[1]), (await self._reader.readexactly(length)).decode()

    async def is_closed(self) -> bool:
        """Return whether the server has ended the connection; waits until there is something to read."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


@pytest.fixture
async def connect(tmp_path) -> AsyncIterator[Connect]:
    """Yield what connects to a gateway that takes two connections at once."""
    config = Config(
        speed=1,
        data_dir=tmp_path,
        providers={"openai": "http://127.0.0.1:1"},
        limits=Limits(connections=2),
    )
    secrets = Secrets(admin_token="the-admin-token", provider_key="the-provider-key")
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        runner = make_runner(app, config)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]

        async def start() -> Client:
            client = Client(*await asyncio.open_connection(host, port))
            stack.callback(client.close)
            return client

        yield start


async def read_refused(client: Client) -> float:
    """Return how many connections were refused, as the gateway's own metrics say it."""
    _, text = await client.ask("/metrics/gateway")
    (line,) = [line for line in text.splitlines() if line.startswith(f"{REFUSED} ")]
    return float(line.split()[1])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/models", "overloaded"),
        ("/healthz", "overloaded"),
        ("/v1/messages", "overloaded_error"),
        ("/metis/v1/messages", "overloaded_error"),
    ],
)
async def test_a_connection_too_many_is_refused(connect, path, kind):
    """Its first request is a 503 that ends it; it is counted, and those before it go on."""
    first, second = await connect(), await connect()
    assert [(await client.ask("/healthz"))[0] for client in (first, second)] == [200, 200]
    third = await connect()
    status, body = await third.ask(path)
    error = json.loads(body)["error"]
    assert (status, error["type"], error["message"]) == (503, kind, "There are 2 connections already.")
    assert await third.is_closed()
    assert await read_refused(first) == 1


async def test_there_is_room_behind_a_connection_that_ended(connect):
    """As soon as the gateway has seen its end."""
    first, second = await connect(), await connect()
    assert [(await client.ask("/healthz"))[0] for client in (first, second)] == [200, 200]
    second.close()
    async with asyncio.timeout(PATIENCE_S):
        while (await (await connect()).ask("/healthz"))[0] != 200:
            pass


async def test_connections_that_ask_nothing_are_bounded_too(connect):
    """Of those that are too many, so many are told why; further ones are closed at once."""
    first, second = await connect(), await connect()
    assert [(await client.ask("/healthz"))[0] for client in (first, second)] == [200, 200]
    waiting = [await connect() for _ in range(SURPLUS)]
    async with asyncio.timeout(PATIENCE_S):
        while await read_refused(first) < SURPLUS:
            pass
    further = await connect()
    assert await further.is_closed()
    assert (await waiting[-1].ask("/healthz"))[0] == 503
    assert await read_refused(first) == SURPLUS + 1


async def test_a_gateway_that_drains_is_not_ready(gateway):
    """It is alive, and says in the shape of an error why it is to be sent nothing."""
    assert await (await gateway.client.get("/readyz")).json() == {"status": "ready"}
    gateway.client.server.app[READINESS].drain()
    answer = await gateway.client.get("/readyz")
    assert (answer.status, (await answer.json())["error"]["code"]) == (503, "shutting_down")
    assert (await gateway.client.get("/healthz")).status == 200


@pytest.mark.parametrize(
    ("limits", "files", "connections"),
    [
        (Limits(connections=2), 256, 2),
        (Limits(), 65_536, 50_000),
        (Limits(), 1024, 448),
        (Limits(calls=100), 1024, 796),
    ],
)
def test_connections_leave_files_for_what_is_asked_of_providers(limits, files, connections):
    """Each call in flight has a connection of its own, and the gateway has some files besides."""
    assert fit_connections(limits, files) == connections


async def test_a_bound_that_the_files_do_not_allow_is_said(tmp_path, monkeypatch, caplog):
    """The log names the key, how many are served, and the limit of this machine."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    config = Config(speed=1, data_dir=tmp_path, providers={}, limits=Limits(connections=600))
    make_runner(web.Application(), config)
    assert [record.getMessage() for record in caplog.records] == [
        "limits.connections is 600; 448 are served at once, since a process may have at most 1024 open "
        "files (ulimit -n) here"
    ]
