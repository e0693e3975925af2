"""A gateway with the surfaces of all systems, before a provider that answers well unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from support.samples import read

ADMIN = {"Authorization": "Bearer the-admin-token"}
EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
}


@dataclass
class SurfacedGateway:
    """A running gateway; its provider gives each of `answers` once, then answers well."""

    client: TestClient
    answers: list[web.Response]
    data_dir: Path

    async def scrape(self, system: str) -> dict[str, float]:
        """Return a system's samples."""
        response = await self.client.get(f"/metrics/{system}")
        if response.headers["Content-Type"] != EXPOSITION_TYPE:
            raise AssertionError(response.headers)
        return read(await response.text())

    async def issue(self, **fields: object) -> str:
        """Return a new key's token."""
        response = await self.client.post("/admin/keys", headers=ADMIN, json=fields)
        return (await response.json())["token"]

    async def send(self, method: str, path: str, token: str, body: dict[str, object]) -> int:
        """Send a request; return its status."""
        headers = {"Authorization": f"Bearer {token}"}
        response = await self.client.request(method, path, headers=headers, json=body)
        await response.read()
        return response.status


@asynccontextmanager
async def open_surfaced_gateway(data_dir: Path) -> AsyncIterator[SurfacedGateway]:
    """Yield a gateway at speed 1 whose one provider is openai and openrouter."""
    answers: list[web.Response] = []

    async def handle(_request: web.Request) -> web.Response:
        return answers.pop(0) if answers else web.json_response(ANSWER)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    async with AsyncExitStack() as stack:
        provider = TestServer(app)
        await provider.start_server()
        stack.push_async_callback(provider.close)
        url = str(provider.make_url("")).rstrip("/")
        config = Config(speed=1, data_dir=data_dir, providers={"openai": url, "openrouter": url})
        secrets = Secrets(admin_token="the-admin-token", provider_key="p")
        opened = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        client = TestClient(TestServer(opened))
        await client.start_server()
        stack.push_async_callback(client.close)
        yield SurfacedGateway(client, answers, config.data_dir)
