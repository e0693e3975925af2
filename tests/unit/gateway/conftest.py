"""A gateway in the test's own event loop, before fake providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from fake_providers import FakeProvider, serve_providers

from harness.gateway.config import Config
from harness.gateway.events import DomainEvent
from harness.gateway.gateway import Gauges, Hearing, Secrets, open_gateway

ADMIN = {"Authorization": "Bearer the-admin-token"}


@dataclass
class Running:
    """A running gateway: its client, its events, what can be polled."""

    client: TestClient
    events: list[DomainEvent]
    gauges: Gauges
    data_dir: Path

    async def issue(self, **fields: object) -> str:
        """Return a new key's token."""
        response = await self.client.post("/admin/keys", headers=ADMIN, json=fields)
        assert response.status == 201, await response.text()
        return (await response.json())["token"]

    async def chat(self, token: str | None, **fields: object) -> ClientResponse:
        """Send a chat request; the answer's body is read."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"messages": [{"role": "user", "content": "Say hello"}]} | fields
        response = await self.client.post("/v1/chat/completions", headers=headers, json=body)
        await response.read()
        return response

    def heard(self, kind: type) -> list:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
async def providers() -> AsyncIterator[dict[str, FakeProvider]]:
    """Serve the five providers of models.yml."""
    async with serve_providers() as served:
        yield served


@pytest.fixture
async def start_gateway(providers, tmp_path) -> AsyncIterator[Callable]:
    """Yield what starts gateways, all over the same data directory."""
    async with AsyncExitStack() as stack:

        async def start(speed: float = 1, **urls: str) -> Running:
            events: list[DomainEvent] = []
            polled: list[Gauges] = []

            def attach(gauges: Gauges) -> Hearing:
                polled.append(gauges)
                return Hearing(listeners=[events.append], expositions={"one": lambda: b"metric 1\n"})

            config = Config(
                speed=speed,
                data_dir=tmp_path / "data",
                providers={name: provider.url for name, provider in providers.items()} | urls,
            )
            secrets = Secrets(admin_token="the-admin-token", provider_key="the-provider-key")
            app = await stack.enter_async_context(open_gateway(config, secrets, attach))
            server = TestServer(app)
            await server.start_server(shutdown_timeout=0.01)
            client = TestClient(server)
            stack.push_async_callback(client.close)
            return Running(client, events, polled[0], config.data_dir)

        yield start


@pytest.fixture
async def gateway(start_gateway) -> Running:
    """Return a gateway at speed 1."""
    return await start_gateway()
