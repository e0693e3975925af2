"""A gateway with Gatewayz's prefix, before fake providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from alertdrill.gateway.config import Config
from alertdrill.gateway.events import DomainEvent
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.hearing import Hearing
from support.fake_providers import FakeProvider
from support.patience import PATIENCE_S

ADMIN = {"Authorization": "Bearer the-admin-token"}
MODEL = "openrouter:mistral-large"
CALL_CREDITS = Decimal("0.32")
"""1000 prompt tokens of mistral-large at 2 USD per million and 200 at 6 USD are 0.0032 USD."""


@dataclass
class Prefix:
    """A running gateway, asked under Gatewayz's prefix unless said otherwise."""

    client: TestClient
    events: list[DomainEvent]

    async def issue(self, **fields: object) -> str:
        """Return a new key's token."""
        response = await self.client.post("/admin/keys", headers=ADMIN, json=fields)
        assert response.status == 201, await response.text()
        return (await response.json())["token"]

    async def put_account(self, user: str, **fields: object) -> ClientResponse:
        """Change an account as the operator."""
        return await self.client.put(f"/admin/accounts/{user}", headers=ADMIN, json=fields)

    async def ask(
        self, method: str, path: str, token: str | None, body: Any = None, prefix: str = "/gatewayz"
    ) -> ClientResponse:
        """Send a request; the answer's body is read."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = await self.client.request(method, f"{prefix}{path}", headers=headers, json=body)
        await response.read()
        return response

    async def chat(self, token: str, *, prefix: str = "/gatewayz", **fields: object) -> ClientResponse:
        """Send a chat completion."""
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Say hello"}]} | fields
        return await self.ask("POST", "/v1/chat/completions", token, body, prefix)

    def heard(self, kind: type) -> list:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def open_prefix(providers: Mapping[str, FakeProvider], data_dir: Path) -> AsyncIterator[Prefix]:
    """Yield a gateway with Gatewayz's prefix and Metis's, at speed 1."""
    events: list[DomainEvent] = []
    hearing = Hearing(listeners=[events.append], expositions={"gatewayz": bytes, "metis": bytes})
    urls = {name: provider.url for name, provider in providers.items()}
    config = Config(speed=1, data_dir=data_dir, providers=urls)
    secrets = Secrets(admin_token="the-admin-token", provider_key="the-provider-key")
    async with open_gateway(config, secrets, lambda _gauges: hearing) as app:
        server = TestServer(app)
        await server.start_server(shutdown_timeout=0.01)
        async with TestClient(server) as client:
            yield Prefix(client, events)
