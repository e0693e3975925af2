"""A gateway in the test's own event loop before stub providers, and the ledgers of those."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp.test_utils import TestServer

from stub_providers.behaviour import Behaviour, Engine
from stub_providers.dialects import DIALECTS
from stub_providers.ledger import Ledger
from stub_providers.provider import Provider
from support.running_gateway import Running

MODELS = {
    "openai": "gpt-4o",
    "anthropic": "claude-haiku-4-5",
    "ollama": "llama3.2",
    "google": "gemini-2.5-flash",
}
"""A model of each provider."""
DEMAND_TOOLS = ("openai", "anthropic", "google")
"""The providers that can be told to call a tool in any case."""
SPOKEN = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama", "google": "gemini"}


@dataclass
class Stubbed:
    """A gateway, and the engines and ledgers of the stubs that it calls, by the provider's name."""

    gateway: Running
    engines: Mapping[str, Engine]
    ledgers: Mapping[str, Ledger]

    @property
    def url(self) -> str:
        """The gateway's address."""
        return str(self.gateway.client.make_url("")).rstrip("/")


@asynccontextmanager
async def open_stubbed(
    start_gateway: Callable[..., Awaitable[Running]],
    behaviour: Behaviour,
    providers: Mapping[str, str] = SPOKEN,
) -> AsyncIterator[Stubbed]:
    """Yield a gateway before stubs that all behave so; `providers` says who speaks which dialect."""
    async with AsyncExitStack() as stack:
        engines, ledgers, urls = {}, {}, {}
        for name, dialect in providers.items():
            engines[name], ledgers[name] = Engine(name, behaviour), Ledger()
            provider = Provider(
                name=name,
                dialect=DIALECTS[dialect],
                engine=engines[name],
                ledger=ledgers[name],
                key="the-provider-key",
                speed=1,
            )
            server = TestServer(provider.app(list))
            await server.start_server()
            stack.push_async_callback(server.close)
            urls[name] = str(server.make_url("")).rstrip("/")
        yield Stubbed(await start_gateway(**urls), engines, ledgers)
