"""A gateway that runs in the test's own event loop, as tests speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from alertdrill.gateway.events import DomainEvent
from alertdrill.gateway.gateway import Gauges
from support.patience import PATIENCE_S

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
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)
