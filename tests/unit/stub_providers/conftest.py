"""Real stub providers, one process a dialect, and how to talk to them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from support.nursery import open_nursery
from support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
KEY = "provider-key"
TOKEN = "control-token"
SPEED = 100.0
DIALECTS = ("openai", "anthropic", "gemini", "ollama")
PATHS = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "vllm": "/v1/chat/completions",
}
GEMINI_METHODS = {False: "generateContent", True: "streamGenerateContent?alt=sse"}


def environment(**secrets: str) -> dict[str, str]:
    """Return this process's environment with these secrets and no others."""
    names = ("ALERTDRILL_PROVIDER_KEY", "ALERTDRILL_CONTROL_TOKEN")
    return {name: value for name, value in os.environ.items() if name not in names} | secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A running provider process."""

    dialect: str
    listen: str
    control: str

    def split(self, body: Any) -> tuple[str, Any]:
        """Return a request's path and payload; Gemini's path has the model and whether to stream."""
        if self.dialect != "gemini":
            return PATHS[self.dialect], body
        fields = dict(body or {})
        model, method = fields.pop("model", "m"), GEMINI_METHODS[fields.pop("stream", False)]
        return f"/v1beta/models/{quote(model, safe='')}:{method}", fields

    @property
    def address(self) -> tuple[str, int]:
        """The listening host and port."""
        host, port = self.listen.split(":")
        return host, int(port)

    def headers(self, key: str = KEY) -> dict[str, str]:
        """Return the headers of a client with this key."""
        if self.dialect == "anthropic":
            return {"x-api-key": key, "anthropic-version": "2023-06-01"}
        if self.dialect == "gemini":
            return {"x-goog-api-key": key}
        return {"Authorization": f"Bearer {key}"}

    def body(self, model: str, *, stream: bool = False, **extra: Any) -> dict[str, Any]:
        """Return a good request body."""
        if self.dialect == "gemini":
            contents = [{"role": "user", "parts": [{"text": "Is it on fire?"}]}]
            return {"model": model, "contents": contents, "stream": stream} | extra
        body = {"model": model, "messages": [{"role": "user", "content": "Is it on fire?"}], "stream": stream}
        return body | ({"max_tokens": 1_000} if self.dialect == "anthropic" else {}) | extra

    def raw_request(self, body: Mapping[str, Any]) -> bytes:
        """Return the request as bytes on the wire."""
        path, fields = self.split(body)
        payload = json.dumps(fields).encode()
        headers = self.headers() | {"Host": self.listen, "Content-Length": str(len(payload))}
        lines = [
            f"POST {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + payload


class Client:
    """What tests say to a provider and its control API."""

    def __init__(self, stub: Stub, session: aiohttp.ClientSession) -> None:
        self.stub = stub
        self.session = session

    async def ask(self, model: str, *, stream: bool = False, **extra: Any) -> tuple[int, Any, str]:
        """Ask for a completion; return status, headers and text."""
        return await self.post(self.stub.body(model, stream=stream, **extra))

    async def post(self, body: Any, **options: Any) -> tuple[int, Any, str]:
        """Post a body to the chat endpoint; return status, headers and text."""
        path, fields = self.stub.split(body)
        options = {"headers": self.stub.headers(), "json": fields} | options
        async with self.session.post(f"http://{self.stub.listen}{path}", **options) as response:
            return response.status, response.headers, await response.text()

    async def control(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, data: bytes | None = None
    ) -> tuple[int, Any]:
        """Call the control API; return status and JSON."""
        url = f"http://{self.stub.control}/control/{path}"
        payload = data if data is not None else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, url, data=payload, headers=headers) as response:
            return response.status, await response.json()

    async def tell(self, model: str, **behaviour: Any) -> None:
        """Tell the provider how this model behaves."""
        status, answer = await self.control("PUT", f"models/{quote(model, safe='')}", behaviour)
        assert status == 200, answer

    async def listen(self, listening: bool) -> None:
        """Start or end an outage."""
        assert await self.control("PUT", "listening", {"listening": listening}) == (
            200,
            {"listening": listening},
        )

    @asynccontextmanager
    async def under_way(self, *bodies: Mapping[str, Any]) -> AsyncIterator[list[asyncio.StreamReader]]:
        """Post each body on a connection of its own; yield what they read once the provider is at them."""
        connections = [await asyncio.open_connection(*self.stub.address) for _ in bodies]
        for (_, writer), body in zip(connections, bodies, strict=True):
            writer.write(self.stub.raw_request(body))
            await writer.drain()
        async with aiohttp.ClientSession() as later:  # its answer tells that earlier bytes were read
            await Client(self.stub, later).ask("later")
        yield [reader for reader, _ in connections]
        for _, writer in connections:
            writer.close()

    async def counts(self, model: str) -> dict[str, int]:
        """Return the ledger's outcomes of this model."""
        _, state = await self.control("GET", "state")
        return state["ledger"].get(model, {})

    async def counts_become(self, model: str, counts: dict[str, int]) -> None:
        """Wait until the ledger says this of the model."""
        give_up_at = time.monotonic() + PATIENCE_S
        while (seen := await self.counts(model)) != counts:
            assert time.monotonic() < give_up_at, f"the ledger has {seen}"
            await asyncio.sleep(0.01)


def list_arguments(dialect: str, *options: str, speed: float = SPEED) -> list[str]:
    """Return the command line of a provider on free ports."""
    return [
        *("--name", f"test-{dialect}", "--dialect", dialect),
        *("--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--speed", str(speed), *options),
    ]


SECRETS = {"ALERTDRILL_PROVIDER_KEY": KEY, "ALERTDRILL_CONTROL_TOKEN": TOKEN}


@contextmanager
def run_new(dialect: str, *options: str) -> Iterator[tuple[Stub, subprocess.Popen[str]]]:
    """Run a provider in an interpreter of its own while the context lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stub_providers", *list_arguments(dialect, *options)],
        cwd=ROOT,
        env=environment(**SECRETS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield Stub(dialect=dialect, **json.loads(process.stdout.readline())), process
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def start_new() -> Callable[..., Any]:
    """How a test starts a provider in an interpreter of its own, and gets at its process."""
    return run_new


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Any]]:
    """How a test starts a provider process of its own."""
    with open_nursery() as nursery:

        @contextmanager
        def run(dialect: str, *options: str, speed: float = SPEED) -> Iterator[Stub]:
            arguments = list_arguments(dialect, *options, speed=speed)
            with nursery.run(arguments, environment(**SECRETS)) as out:
                yield Stub(dialect=dialect, **json.loads(out.readline()))

        yield run


@pytest.fixture(scope="session")
def stubs(start: Callable[..., Any]) -> Iterator[dict[str, Stub]]:
    """One provider process a dialect, shared by all tests: each test uses models of its own."""
    with ExitStack() as started:
        yield {dialect: started.enter_context(start(dialect)) for dialect in DIALECTS}


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[Stub], Client]]:
    """How a test gets a client of a provider process."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield lambda stub: Client(stub, session)


@pytest.fixture(params=DIALECTS)
def client(
    request: pytest.FixtureRequest, stubs: dict[str, Stub], connect: Callable[[Stub], Client]
) -> Client:
    """Connect to each dialect's shared process in turn."""
    return connect(stubs[request.param])


@pytest.fixture
def openai(stubs: dict[str, Stub], connect: Callable[[Stub], Client]) -> Client:
    """Connect to the shared OpenAI process."""
    return connect(stubs["openai"])


@pytest.fixture
def anthropic(stubs: dict[str, Stub], connect: Callable[[Stub], Client]) -> Client:
    """Connect to the shared Anthropic process."""
    return connect(stubs["anthropic"])


@pytest.fixture
def gemini(stubs: dict[str, Stub], connect: Callable[[Stub], Client]) -> Client:
    """Connect to the shared Gemini process."""
    return connect(stubs["gemini"])


@pytest.fixture
def ollama(stubs: dict[str, Stub], connect: Callable[[Stub], Client]) -> Client:
    """Connect to the shared Ollama process."""
    return connect(stubs["ollama"])
