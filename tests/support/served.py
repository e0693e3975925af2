"""Every server of the program, each as its process runs it, and how to speak to it in plain bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.hearing import Hearing
from alertdrill.gateway.refusing import refuse as refuse_as_gateway
from alertdrill.runtime.http_server import LIMITS, HttpRunner, Limits, Refuse
from alertdrill.stacks.guard.app import PROJECT_LABEL, make_app
from alertdrill.stacks.guard.app import refuse as refuse_as_guard
from stub_providers import http_server as stub_server
from stub_providers.behaviour import Engine
from stub_providers.control import Control
from stub_providers.control import refuse as refuse_as_control
from stub_providers.dialects import DIALECTS
from stub_providers.dialects.gemini import NO_PAGE
from stub_providers.ledger import Ledger
from stub_providers.provider import Provider
from stub_providers.worker import Worker
from support.running_pager import AUTHORIZATION, TOKEN, run_pager

SECRET = "sesame-secret"
PROVIDERS = ("openai", "anthropic", "gemini", "ollama", "openrouter", "vllm")
INBOXES = ("pagerduty", "slack", "webhook", "opsgenie")
SERVERS = (
    "gateway",
    "guard",
    "pager",
    *(f"inbox {kind}" for kind in INBOXES),
    "stub control",
    *(f"stub {dialect}" for dialect in PROVIDERS),
)
DEADLINE_S = 20.0
WAIT_S = 0.1
"""How long a server that is told to be hasty waits."""
Shape = Callable[[int, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs: where, a request with a body that it takes, and how its refusals look.

    `shape` says so of a status and a body; `stranger` is for a request of which no more is known than that.
    """

    host: str
    port: int
    method: str
    path: str
    keys: Mapping[str, str]
    body: bytes
    shape: Shape
    stranger: Shape
    headers: Mapping[str, str] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None
    engine: Engine | None = None

    def request(
        self,
        body: bytes | None = None,
        *,
        method: str = "",
        path: str = "",
        headers: Mapping[str, str] | None = None,
        has_key: bool = True,
        chunked: bool = False,
    ) -> bytes:
        """Return the bytes of a request: the server's own good one, but for what is said."""
        body = self.body if body is None else body
        framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
        said = {"Host": "x", **self.headers, **(self.keys if has_key else {}), **framing, **(headers or {})}
        lines = [f"{method or self.method} {path or self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in said.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if chunked else body)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Yield a connection."""
        reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.trust)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def say(self, data: bytes) -> list[Answer]:
        """Send bytes on a connection of their own, and return the answers when the server has closed it."""
        async with self.connect() as (reader, writer):
            writer.write(data)
            return read_answers(await read_to_the_end(reader))

    async def ask(self, **said: object) -> Answer:
        """Send one request and return its answer."""
        headers = {"Connection": "close", **(said.pop("headers", None) or {})}  # type: ignore[dict-item]
        (answer,) = await self.say(self.request(headers=headers, **said))  # type: ignore[arg-type]
        return answer


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes or resets the connection."""
    received = b""
    async with asyncio.timeout(DEADLINE_S):
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                received += chunk
    return received


def read_answers(data: bytes) -> list[Answer]:
    """Return the answers in what came over a connection; they have lengths, or are chunked."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while True:
                size, _, data = data.partition(b"\r\n")
                chunk, data = data[: int(size, 16)], data[int(size, 16) + 2 :]
                body += chunk
                if not chunk:
                    break
        else:
            length = int(headers.get("content-length", "0"))
            body, data = data[:length], data[length:]
        answers.append(Answer(status=int(status.split()[1]), headers=headers, text=body.decode()))
    return answers


@asynccontextmanager
async def run(name: str, folder: Path, limits: Limits = LIMITS) -> AsyncIterator[Served]:
    """Run a server by its name while the context lasts."""
    kind, _, rest = name.partition(" ")
    if kind == "gateway":
        opened = _run_gateway(folder, limits)
    elif kind == "guard":
        opened = _run_guard(folder, limits)
    elif kind == "stub":
        opened = _run_stub(rest, limits)
    else:
        opened = _run_pager(rest, folder, limits)
    async with opened as served:
        yield served


@asynccontextmanager
async def listen(
    app: web.Application, refuse: Refuse, limits: Limits, runner: type = HttpRunner
) -> AsyncIterator[tuple[str, int]]:
    """Serve an application on a free port of this machine while the context lasts."""
    running = runner(app, refuse, limits=limits, shutdown_timeout=0.01)
    await running.setup()
    try:
        await web.TCPSite(running, "127.0.0.1", 0).start()
        yield running.addresses[0][:2]
    finally:
        await running.cleanup()


@asynccontextmanager
async def _run_gateway(folder: Path, limits: Limits) -> AsyncIterator[Served]:
    engine = Engine("gateway's")
    provider = Provider(
        name="stub",
        dialect=DIALECTS["openai"],
        engine=engine,
        ledger=Ledger(),
        key="provider-key",
        speed=100.0,
    )
    async with listen(provider.app(list), provider.refuse, LIMITS) as (host, port):
        config = Config(speed=1.0, data_dir=folder / "data", providers={"openai": f"http://{host}:{port}"})
        secrets = Secrets(admin_token=SECRET, provider_key="provider-key")
        hearing = Hearing(listeners=[], expositions={"one": lambda: b"metric 1\n"})
        async with (
            open_gateway(config, secrets, lambda _gauges: hearing) as app,
            listen(app, refuse_as_gateway, limits) as (host, port),
        ):
            yield Served(
                host=host,
                port=port,
                method="POST",
                path="/v1/chat/completions",
                keys={"Authorization": f"Bearer {SECRET}"},
                body=json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode(),
                shape=is_openai,
                stranger=is_openai,
                engine=engine,
            )


@asynccontextmanager
async def _run_guard(folder: Path, limits: Limits) -> AsyncIterator[Served]:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"Labels": {PROJECT_LABEL: "drills"}})

    engine = web.Application()
    engine.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(engine)
    await runner.setup()
    socket = str(folder / "engine.sock")
    await web.UnixSite(runner, socket).start()
    async with listen(make_app("drills", socket), refuse_as_guard, limits) as (host, port):
        yield Served(
            host=host,
            port=port,
            method="POST",
            path="/networks/drills_front/connect",
            keys={},
            body=b'{"Container": "gateway"}',
            shape=is_message,
            stranger=is_message,
        )
    await runner.cleanup()


@asynccontextmanager
async def _run_stub(kind: str, limits: Limits) -> AsyncIterator[Served]:
    engine, ledger = Engine("stub"), Ledger()
    mine = stub_server.Limits(idle_s=limits.idle_s, body_s=limits.body_s, unread_s=limits.unread_s)
    if kind == "control":
        control = Control(
            engine=engine,
            ledger=ledger,
            token=SECRET,
            set_listening=_ignore,
            is_listening=lambda: True,
            default={},
        )
        async with listen(control.app(), refuse_as_control, mine, stub_server.HttpRunner) as (host, port):
            yield Served(
                host=host,
                port=port,
                method="PUT",
                path="/control/models/m",
                keys={"Authorization": f"Bearer {SECRET}"},
                body=b"{}",
                shape=is_error,
                stranger=is_error,
            )
        return
    provider = Provider(
        name="stub",
        dialect=DIALECTS[kind],
        engine=engine,
        ledger=ledger,
        key=SECRET,
        speed=100.0,
        worker=Worker("stub") if kind == "vllm" else None,
    )
    app = provider.app(lambda: list(ledger.models))
    async with listen(app, provider.refuse, mine, stub_server.HttpRunner) as (host, port):
        name, path, body = PROVIDER_REQUESTS[kind]
        yield Served(
            host=host,
            port=port,
            method="POST",
            path=path,
            keys={name: SECRET if name.startswith("x-") else f"Bearer {SECRET}"},
            headers={"anthropic-version": "2023-06-01"} if kind == "anthropic" else {},
            body=json.dumps(body).encode(),
            shape=SHAPES[kind],
            stranger=SHAPES[kind],
            engine=engine,
        )


@asynccontextmanager
async def _run_pager(inbox: str, folder: Path, limits: Limits) -> AsyncIterator[Served]:
    async with run_pager(folder, limits=limits) as pager:
        if not inbox:
            yield Served(
                host="127.0.0.1",
                port=int(pager.control.rpartition(":")[2]),
                method="PUT",
                path="/control/clock",
                keys=AUTHORIZATION,
                body=b'{"speed": 60, "origin_s": 1}',
                shape=is_error,
                stranger=is_error,
            )
            return
        address = Address(receiver="page", integration=inbox)  # type: ignore[arg-type]
        key = f"GenieKey {derive_key(TOKEN, address)}" if inbox == "opsgenie" else f"Bearer {TOKEN}"
        ends = {"pagerduty": "/v2/enqueue", "opsgenie": "/v2/alerts"}
        yield Served(
            host="127.0.0.1",
            port=int(pager.deliveries.rpartition(":")[2]),
            method="POST",
            path=f"/{address.path}{ends.get(inbox, '')}",
            keys={"Authorization": key},
            body=b'{"message": "m", "text": "t"}',
            shape=SHAPES[inbox],
            stranger=is_text,
            trust=_trust_nobody(pager.trust),
        )


async def _ignore(_listening: bool) -> None:
    pass


def _trust_nobody(context: ssl.SSLContext) -> ssl.SSLContext:
    context.check_hostname = False
    return context


def _in_json(holds: Callable[[int, dict[str, Any]], bool]) -> Shape:
    """Return whether a body is a JSON object of which something holds."""

    def shape(status: int, text: str) -> bool:
        try:
            document = json.loads(text)
        except ValueError:
            return False
        return isinstance(document, dict) and holds(status, document)

    return shape


def is_text(_status: int, text: str) -> bool:
    """Say whether this is a plain sentence."""
    return bool(text) and text[0] not in "{<"


def _is_json_or(shape: Shape, *pages: tuple[int, str]) -> Shape:
    """Return whether a body has this shape, or is one of the pages that a framework has for no such route."""
    return lambda status, text: (status, text) in pages or shape(status, text)


OPENAI_FIELDS = {"message", "type", "param", "code"}
is_error = _in_json(lambda _, it: it.keys() == {"error"} and isinstance(it["error"], str))
is_message = _in_json(lambda _, it: isinstance(it.get("message"), str))
is_openai = _in_json(lambda _, it: isinstance(it["error"], dict) and it["error"].keys() == OPENAI_FIELDS)
is_vllm = _in_json(
    lambda status, it: (
        it["error"] == "Unauthorized"
        or (it["error"].keys() == OPENAI_FIELDS and it["error"]["code"] == status)
    )
)
is_fastapi = _in_json(lambda status, it: status in (404, 405) and it.keys() == {"detail"})
is_anthropic = _in_json(lambda _, it: it["type"] == "error" and it["error"].keys() == {"type", "message"})
is_gemini = _is_json_or(
    _in_json(lambda status, it: it["error"]["code"] == status and "status" in it["error"]), (404, NO_PAGE)
)
is_ollama = _is_json_or(is_error, (404, "404 page not found"), (405, "405 method not allowed"))
is_openrouter = _in_json(lambda status, it: it["error"]["code"] == status and "message" in it["error"])
is_pagerduty = _in_json(lambda _, it: {"status", "message"} <= it.keys())

SHAPES: Mapping[str, Shape] = {
    "openai": is_openai,
    "openrouter": is_openrouter,
    "vllm": lambda status, text: is_fastapi(status, text) or is_vllm(status, text),
    "anthropic": is_anthropic,
    "gemini": is_gemini,
    "ollama": is_ollama,
    "pagerduty": is_pagerduty,
    "opsgenie": is_message,
    "slack": is_text,
    "webhook": is_text,
}
_CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": False}
PROVIDER_REQUESTS: Mapping[str, tuple[str, str, dict[str, object]]] = {
    "openai": ("Authorization", "/v1/chat/completions", _CHAT),
    "vllm": ("Authorization", "/v1/chat/completions", _CHAT),
    "anthropic": ("x-api-key", "/v1/messages", _CHAT | {"max_tokens": 9}),
    "gemini": (
        "x-goog-api-key",
        "/v1beta/models/m:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "ollama": ("Authorization", "/api/chat", _CHAT),
    "openrouter": ("Authorization", "/api/v1/chat/completions", _CHAT),
}
