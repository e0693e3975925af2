"""The stand on which a system is exercised: the gateway with every surface, before real stub providers.

All of it runs in the test's event loop. Requests go under the system's prefix; every call that reaches a
provider, every request with its answer, and every statement that SQLite executes is written to the ledger.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from aiohttp.test_utils import TestClient, TestServer

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from stub_providers.behaviour import Asked, Decision, Engine
from stub_providers.dialects import DIALECTS
from stub_providers.instructions import read_behaviour
from stub_providers.ledger import Ledger as ProviderLedger
from stub_providers.provider import Provider
from support.exposition import Exposition, read_exposition
from support.plain_yaml import read_yaml
from support.sent_ledger import MODELS, Attempt, Caller, Ledger, Sent, Statement

PROVIDER_KEY = "the-provider-key"
OPERATOR = Caller(token="the-admin-token")
NOBODY = Caller(token=None)
WITHIN_WALL_S = 20.0


class NotedEngine(Engine):
    """An engine whose decisions are written to the ledger when they are made."""

    def __init__(self, provider: str, ledger: Ledger) -> None:
        super().__init__(provider)
        self._provider = provider
        self._ledger = ledger

    def decide(self, asked: Asked, *, now_s: float) -> Decision:
        """Decide as any engine, and note it; a call that fails has used nothing."""
        decision = super().decide(asked, now_s=now_s)
        failed = decision.error is not None
        self._ledger.attempts.append(
            Attempt(
                provider=self._provider,
                model=asked.model,
                outcome=decision.error or "ok",
                latency_s=decision.latency_s,
                prompt_tokens=0 if failed else decision.prompt_tokens,
                completion_tokens=0 if failed else decision.completion_tokens,
            )
        )
        return decision


class Stand:
    """A system's prefix, the providers behind it, and the ledger."""

    def __init__(
        self, system: str, client: TestClient, engines: Mapping[str, Engine], speed: float, ledger: Ledger
    ) -> None:
        self.system = system
        self.client = client
        self.speed = speed
        self.ledger = ledger
        self.snapshots: list[Exposition] = []
        self._engines = engines

    def change(self, provider: str, model: str, **behaviour: Any) -> None:
        """Tell a provider how calls to a model go from now on, as its control API would be told."""
        self._engines[provider].tell(model, read_behaviour(behaviour))

    async def issue(self, key: str, **fields: Any) -> Caller:
        """Return a caller with a new key."""
        sent = await self.administer("POST", "/admin/keys", {"id": key, **fields})
        assert sent.status == 201, sent
        return Caller(token=sent.answer["token"], key=key, user=fields.get("user"), team=fields.get("team"))

    async def administer(self, method: str, path: str, body: Any = None) -> Sent:
        """Send a request of the operator's, which has no prefix and is in no ledger."""
        return await self._send(method, path, OPERATOR, body, note="")

    async def send(
        self, method: str, path: str, caller: Caller = OPERATOR, body: Any = None, *, note: str = ""
    ) -> Sent:
        """Send a request under the system's prefix, and write it to the ledger with its answer."""
        sent = await self._send(method, f"/{self.system}{path}", caller, body, note, shown_path=path)
        self.ledger.sent.append(sent)
        return sent

    async def chat(self, caller: Caller = OPERATOR, *, note: str = "", **fields: Any) -> Sent:
        """Send a chat completion."""
        body = {"messages": [{"role": "user", "content": "Say hello"}]} | fields
        return await self.send("POST", "/v1/chat/completions", caller, body, note=note)

    async def look(self) -> Exposition:
        """Return what the system shows now, and keep it for the end."""
        response = await self.client.get(f"/metrics/{self.system}")
        assert response.status == 200
        shown = read_exposition(await response.text())
        self.snapshots.append(shown)
        return shown

    async def until(self, holds: Callable[[Exposition], bool], what: str) -> Exposition:
        """Wait until what the system shows is as wanted; all that was seen is kept."""
        return await self._await(self.look, holds, what)

    async def ask_until(
        self, ask: Callable[[], Awaitable[Sent]], holds: Callable[[Sent], bool], what: str
    ) -> Sent:
        """Send a request again until its answer is as wanted; each time is in the ledger."""
        return await self._await(ask, holds, what)

    async def sleep(self, rule_s: float) -> None:
        """Let rule time pass: for what only time brings about, as the end of a period."""
        await asyncio.sleep(rule_s / self.speed)

    async def _await(self, ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool], what: str) -> Any:
        seen = None
        try:
            async with asyncio.timeout(WITHIN_WALL_S):
                while not holds(seen := await ask()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not in time: {what}; last seen: {seen}") from None
        return seen

    async def _send(
        self, method: str, path: str, caller: Caller, body: Any, note: str, shown_path: str = ""
    ) -> Sent:
        before = len(self.ledger.attempts)
        headers = {} if caller.token is None else {"Authorization": f"Bearer {caller.token}"}
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        async with self.client.request(method, path, headers=headers, data=data) as response:
            text = await response.text()
            is_json = bool(text) and response.content_type == "application/json"
            return Sent(
                method=method,
                path=shown_path or path,
                caller=caller,
                body=body,
                note=note,
                attempts=tuple(self.ledger.attempts[before:]),
                status=response.status,
                answer=json.loads(text) if is_json else text,
                headers=dict(response.headers),
            )


def note_statements(ledger: Ledger) -> Callable[..., sqlite3.Connection]:
    """Return a `sqlite3.connect` whose connections write what they execute to the ledger."""
    connect = sqlite3.connect

    def connect_noted(path: Path, **options: Any) -> sqlite3.Connection:
        connection = connect(path, **options)
        name, number = Path(path).name, id(connection)
        connection.set_trace_callback(
            lambda text: ledger.statements.append(Statement(database=name, connection=number, text=text))
        )
        return connection

    return connect_noted


@asynccontextmanager
async def open_stand(system: str, speed: float, data_dir: Path) -> AsyncIterator[Stand]:
    """Yield a stand for a system, with all providers of models.yml, at `speed` times the wall's pace."""
    providers = read_yaml(MODELS)["providers"]
    ledger = Ledger()
    engines = {name: NotedEngine(name, ledger) for name in providers}
    urls = {}
    async with AsyncExitStack() as stack:
        for name, entry in providers.items():
            provider = Provider(
                name=name,
                dialect=DIALECTS[entry["dialect"]],
                engine=engines[name],
                ledger=ProviderLedger(),
                key=PROVIDER_KEY,
                speed=speed,
            )
            server = TestServer(provider.app(list))
            # What hangs on purpose must not hold up the end of a test.
            await server.start_server(shutdown_timeout=0.01)
            stack.push_async_callback(server.close)
            urls[name] = str(server.make_url("")).rstrip("/")
        secrets = Secrets(admin_token=str(OPERATOR.token), provider_key=PROVIDER_KEY)
        config = Config(speed=speed, data_dir=data_dir, providers=urls)
        stack.enter_context(mock.patch("sqlite3.connect", note_statements(ledger)))
        app = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        server = TestServer(app)
        await server.start_server(shutdown_timeout=0.01)
        client = await stack.enter_async_context(TestClient(server))
        yield Stand(system, client, engines, speed, ledger)
