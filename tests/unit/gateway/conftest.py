"""A gateway in the test's own event loop, before fake providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestClient, TestServer
from support.fake_providers import FakeProvider, serve_providers
from support.running_gateway import Running
from support.stubbed_gateway import Stubbed, open_stubbed

from alertdrill.gateway.config import Config
from alertdrill.gateway.events import DomainEvent
from alertdrill.gateway.gateway import Gauges, Secrets, open_gateway
from alertdrill.gateway.hearing import Hearing
from alertdrill.gateway.limits import DEFAULTS, Limits
from alertdrill.gateway.retrying import NONE, Retries
from stub_providers.behaviour import Behaviour
from stub_providers.distributions import Constant


@pytest.fixture
async def providers() -> AsyncIterator[dict[str, FakeProvider]]:
    """Serve the five providers of models.yml."""
    async with serve_providers() as served:
        yield served


@pytest.fixture
async def start_gateway(providers, tmp_path) -> AsyncIterator[Callable]:
    """Yield what starts gateways, all over the same data directory."""
    async with AsyncExitStack() as stack:

        async def start(
            speed: float = 1, limits: Limits = DEFAULTS, retries: Retries = NONE, **urls: str
        ) -> Running:
            events: list[DomainEvent] = []
            polled: list[Gauges] = []

            def attach(gauges: Gauges) -> Hearing:
                polled.append(gauges)
                return Hearing(listeners=[events.append], expositions={"one": lambda: b"metric 1\n"})

            config = Config(
                speed=speed,
                limits=limits,
                retries=retries,
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


@pytest.fixture
async def stubbed(start_gateway: Callable) -> AsyncIterator[Stubbed]:
    """Yield a gateway before stubs that answer at once."""
    async with open_stubbed(start_gateway, Behaviour(latency=Constant(s=0.0))) as stubbed:
        yield stubbed
