"""Prefixes: who hears of what came under which, what is behind them, and that no request leaves one open."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry
from support.patience import PATIENCE_S

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.events import CallFinished, DomainEvent, RequestFinished, RouteDecided
from alertdrill.gateway.features import Core
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.models import read_catalogue
from alertdrill.gateway.prefixes import ASIDE, current_prefix
from alertdrill.systems import System, find_systems

ADMIN_TOKEN = "the-admin-token"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
NAMES = ("one", "two")
CHAT = {"model": "openai:gpt-4o", "messages": [{"role": "user", "content": "Say hello"}]}


class Ears:
    """A surface that keeps what it hears."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events: list[DomainEvent] = []

    def observe(self, event: DomainEvent) -> None:
        """Keep an event."""
        self.events.append(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked(DomainEvent):
    """The feature under test did something; `how` says in which task."""

    how: str


@dataclass
class Feature:
    """A feature that works in the request, in a task of the request, and in a task that runs already."""

    core: Core
    jobs: asyncio.Queue = field(default_factory=asyncio.Queue)

    def list_routes(self) -> list[web.RouteDef]:
        """Return one route with a parameter."""
        return [web.post("/v1/work/{id}", self._work), web.post("/v1/fall", self._fall)]

    async def _work(self, request: web.Request) -> web.Response:
        self.core.admission.admit(request)
        self.core.emit(Worked(how="request"))
        await asyncio.create_task(self._emit_later("task"))
        done = asyncio.get_running_loop().create_future()
        self.jobs.put_nowait((contextvars.copy_context(), done))
        await done
        return web.json_response({"prefix": current_prefix()})

    async def _fall(self, _request: web.Request) -> web.Response:
        raise RuntimeError("on purpose")

    async def _emit_later(self, how: str) -> None:
        await asyncio.sleep(0)
        self.core.emit(Worked(how=how))

    async def drain(self) -> None:
        """Do the jobs, each in its request's context."""
        while True:
            context, done = await self.jobs.get()
            context.run(self.core.emit, Worked(how="worker"))
            done.set_result(None)


@asynccontextmanager
async def open_feature(core: Core) -> AsyncIterator[Feature]:
    """Yield the feature with its worker."""
    feature = Feature(core)
    worker = asyncio.create_task(feature.drain())
    yield feature
    worker.cancel()


@dataclass
class Prefixed:
    """A running gateway with two systems."""

    client: TestClient
    ears: dict[str, Ears]

    async def chat(self, prefix: str = "", token: str = ADMIN_TOKEN) -> int:
        """Call a model under a prefix; return the status."""
        response = await self.client.post(
            f"{prefix}/v1/chat/completions", headers={"Authorization": f"Bearer {token}"}, json=CHAT
        )
        await response.read()
        return response.status

    def count(self, kind: type = CallFinished) -> tuple[int, int]:
        """Return how many events of a kind system one and system two heard."""
        one, two = (sum(isinstance(event, kind) for event in self.ears[name].events) for name in NAMES)
        return one, two


@pytest.fixture
async def open_prefixed(providers, tmp_path, monkeypatch) -> AsyncIterator[Callable]:
    """Yield what starts a gateway as its process does, with two systems and one feature."""
    ears: dict[str, Ears] = {}

    def make(name: str) -> System:
        def listen(_state: object) -> Ears:
            return ears.setdefault(name, Ears())

        surface = ModuleType(f"prefixed_{name}.surface")
        surface.Surface = listen
        monkeypatch.setitem(sys.modules, surface.__name__, surface)
        return System(name=name, folder=Path(), package=f"prefixed_{name}")

    monkeypatch.setattr("alertdrill.gateway.__main__.find_served", lambda: tuple(map(make, NAMES)))
    monkeypatch.setattr("alertdrill.gateway.gateway.FEATURES", (open_feature,))
    async with AsyncExitStack() as stack:

        async def start(speed: float = 1, connections: int = 100, **urls: str) -> Prefixed:
            served = {name: provider.url for name, provider in providers.items()} | urls
            config = Config(speed=speed, data_dir=tmp_path / "data", providers=served)
            secrets = Secrets(admin_token=ADMIN_TOKEN, provider_key="p")
            app = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
            client = TestClient(TestServer(app), connector=TCPConnector(limit=connections))
            await client.start_server()
            stack.push_async_callback(client.close)
            return Prefixed(client, ears)

        yield start


@pytest.fixture
async def prefixed(open_prefixed) -> Prefixed:
    """Return a gateway with two systems."""
    return await open_prefixed()


@pytest.mark.parametrize(
    ("prefix", "heard"), [("", (1, 1)), ("/one", (1, 0)), ("/two", (0, 1)), (f"/{ASIDE}", (0, 0))]
)
async def test_a_system_hears_its_own_prefix_and_the_plain_one(prefixed, prefix, heard):
    """A call is heard by both systems without a prefix, by one under its own, by none under aside."""
    assert await prefixed.chat(prefix) == 200
    for kind in (RouteDecided, CallFinished, RequestFinished):
        assert prefixed.count(kind) == heard


async def test_what_is_refused_behind_a_prefix_is_heard_there_alone(prefixed):
    """A bad token under one system's prefix is no failure of the other's."""
    assert await prefixed.chat("/two", token="guess") == 401
    assert [len(prefixed.ears[name].events) for name in NAMES] == [0, 2]


async def test_a_reused_connection_does_not_keep_the_prefix(open_prefixed):
    """Over a single connection, a plain call after one under a prefix is plain again."""
    prefixed = await open_prefixed(connections=1)
    for prefix in ("/one", "/two", "", f"/{ASIDE}", ""):
        assert await prefixed.chat(prefix) == 200
    assert prefixed.count() == (3, 3)


async def test_a_failed_request_does_not_leave_its_prefix_open(open_prefixed):
    """Over a single connection, a refusal under a prefix does not put the next plain call behind it."""
    prefixed = await open_prefixed(connections=1)
    assert await prefixed.chat("/one", token="guess") == 401
    assert await prefixed.chat() == 200
    assert prefixed.count() == (1, 1)


async def test_prefixes_stay_apart_while_requests_overlap(prefixed, providers):
    """Calls that are under way at the same time are each heard under their own prefix."""
    gate = asyncio.Event()

    async def wait(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return await providers["openai"].answer_well(request)

    providers["openai"].script.extend([wait] * 5)
    calls = [
        asyncio.create_task(prefixed.chat(prefix)) for prefix in ("/one", "/two", "/two", f"/{ASIDE}", "")
    ]
    async with asyncio.timeout(PATIENCE_S):
        while len(providers["openai"].asked) < 5:
            await asyncio.sleep(0.005)
    gate.set()
    assert await asyncio.gather(*calls) == [200] * 5
    assert prefixed.count() == (2, 3)


@pytest.mark.parametrize("path", ["/three/v1/chat/completions", "/one/one/v1/chat/completions", "/one/v2/x"])
async def test_an_unknown_prefix_is_not_found(prefixed, path):
    """A prefix that no system has, two prefixes at once, and a path that is under no prefix are 404."""
    response = await prefixed.client.post(path, headers=ADMIN, json=CHAT)
    assert (response.status, (await response.json())["error"]["code"]) == (404, "no_such_route")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/one", "/healthz", "/admin/keys"])
@pytest.mark.parametrize("prefix", ["/one", f"/{ASIDE}"])
async def test_what_is_not_for_clients_has_no_prefix(prefixed, prefix, path):
    """Metrics, health and administration are offered once, without a prefix, and are no client's request."""
    assert (await prefixed.client.get(path, headers=ADMIN)).status == 200
    assert prefixed.count(RequestFinished) == (0, 0)
    assert (await prefixed.client.get(f"{prefix}{path}", headers=ADMIN)).status == 404


@pytest.mark.parametrize(
    ("prefix", "heard"), [("", (1, 1)), ("/one", (1, 0)), ("/two", (0, 1)), (f"/{ASIDE}", (0, 0))]
)
async def test_features_are_behind_every_prefix(prefixed, prefix, heard):
    """What a feature does in its request, in a task of it and in its context is heard under that prefix."""
    response = await prefixed.client.post(f"{prefix}/v1/work/7", headers=ADMIN)
    assert (response.status, (await response.json())["prefix"]) == (200, prefix.removeprefix("/") or None)
    hows = [
        [event.how for event in prefixed.ears[name].events if isinstance(event, Worked)] for name in NAMES
    ]
    assert hows == [["request", "task", "worker"] * count for count in heard]


@pytest.mark.parametrize("prefix", ["", "/one", f"/{ASIDE}"])
async def test_an_endpoint_is_named_without_its_prefix(prefixed, prefix):
    """The endpoint is the pattern of the route, the same under every prefix."""
    seen: list[RequestFinished] = prefixed.ears["one"].events
    await prefixed.client.post(f"{prefix}/v1/work/7", headers=ADMIN)
    endpoints = [event.endpoint for event in seen if isinstance(event, RequestFinished)]
    assert endpoints == ([] if prefix == f"/{ASIDE}" else ["/v1/work/{id}"])


async def test_a_handler_that_breaks_is_a_finished_request_too(prefixed):
    """A fault of the gateway itself is answered with 500 and told like every other answer."""
    response = await prefixed.client.post("/one/v1/fall", headers=ADMIN)
    assert response.status == 500
    (event,) = prefixed.ears["one"].events
    assert (event.endpoint, event.status, event.failure) == ("/v1/fall", 500, "internal_error")
    assert prefixed.ears["two"].events == []


async def test_breakers_are_per_prefix(open_prefixed):
    """What cools a provider down under one prefix does not under another, nor without one."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        prefixed = await open_prefixed(openai=f"http://127.0.0.1:{closed.getsockname()[1]}")
        for _ in range(6):
            assert await prefixed.chat("/one") == 200
        for prefix in ("/two", ""):
            assert await prefixed.chat(prefix) == 200
    slots = {
        name: [event.slot for event in prefixed.ears[name].events if isinstance(event, RouteDecided)]
        for name in NAMES
    }
    plain = ["explicit_model", "fallback"]
    assert slots == {"one": [*plain * 5, "provider_health", *plain], "two": plain * 2}


async def test_a_prefix_may_have_its_own_policy(tmp_path):
    """A prefix that models.yml names routes by its own default and fallbacks, any other by the plain ones.

    It says, too, whether calls under it meet accounts.
    """
    models = tmp_path / "models.yml"
    models.write_text(
        "global_default: p:a\nfallbacks: [p:b]\n"
        "prefixes:\n  one: {global_default: p:b, fallbacks: []}\n"
        "  three: {global_default: p:a, fallbacks: [], accounts: true}\n"
        "providers:\n  p:\n    dialect: openai\n    models:\n"
        "      a: {prompt: 1, completion: 1}\n      b: {prompt: 1, completion: 1}\n"
    )
    catalogue = read_catalogue(models, ["p"])
    shown = {
        prefix: (policy.global_default.id, [model.id for model in policy.fallbacks])
        for prefix in (None, "one", "two")
        for policy in [catalogue.find_policy(prefix)]
    }
    assert shown == {None: ("p:a", ["p:b"]), "one": ("p:b", []), "two": ("p:a", ["p:b"])}
    assert catalogue.list_accounted() == ("three",)


@pytest.mark.parametrize("system", find_systems(), ids=lambda system: system.name)
def test_no_system_is_called_as_what_is_not_behind_a_prefix(system):
    """A system's name is a prefix, so it is none of the paths that exist already, nor aside."""
    assert system.name not in {ASIDE, "v1", "metrics", "healthz", "readyz", "admin"}
