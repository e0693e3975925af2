"""Gatewayz's surface: the table that it is held to, what moves each metric, how many series there may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from support.samples import read

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.accounts.events import (
    AccountsCounted,
    BalanceSet,
    CacheLookedUp,
    CacheResized,
    CreditsSpent,
    ProviderChecked,
    QueueChanged,
    RateLimitChecked,
)
from alertdrill.gateway.config import Config
from alertdrill.gateway.events import CallFinished, ConnectionsChanged, QueryFinished, RequestFinished
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.systems import find_systems
from alertdrill.systems.gatewayz import surface as surface_module
from alertdrill.systems.gatewayz.surface import JOB, MAX_NAMED, Surface

ADMIN = {"Authorization": "Bearer the-admin-token"}
TABLE = YAML(typ="safe").load(Path(surface_module.__file__).with_name("metrics.yml").read_text())
MODEL = "openrouter:mistral-large"
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
}


class Fixed:
    """A state that stands still."""

    def keys_active(self) -> int:
        """Return a number."""
        return 3

    def keys_revoked(self) -> int:
        """Return another number."""
        return 2

    def wal_bytes(self) -> int:
        """Return a third number."""
        return 4096


def request(**fields: object) -> RequestFinished:
    """Return a finished request."""
    given = {
        "method": "POST",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "latency_s": 31.0,
        "failure": None,
        "key_id": "k1",
        "user": None,
        "team": None,
    }
    return RequestFinished(**(given | fields))


def call(status: str = "ok") -> CallFinished:
    """Return a finished call."""
    return CallFinished(
        provider="openrouter",
        model="mistral-large",
        key_id="k1",
        status=status,
        latency_s=3.0,
        prompt_tokens=10,
        completion_tokens=5,
        cost_usd=Decimal("0.25"),
    )


def spend(user: str) -> CreditsSpent:
    """Return a charge of a quarter of a credit."""
    return CreditsSpent(
        user=user,
        provider="openrouter",
        model="mistral-large",
        credits=Decimal("0.25"),
        balance=Decimal(9),
    )


EVERYTHING = (
    request(),
    call(),
    spend("ann"),
    BalanceSet(user="ann", balance=Decimal(9)),
    AccountsCounted(trials_active=4, trials_expired=1, subscriptions=2),
    RateLimitChecked(key_id="k1", remaining=7.5, is_limited=False),
    CacheLookedUp(cache="response", is_hit=True),
    CacheResized(cache="response", size_bytes=512),
    ProviderChecked(provider="ollama", is_available=True, error_ratio=0.25, response_time_s=1.5),
    QueueChanged(provider="openrouter", model="mistral-large", waiting=6),
    QueryFinished(table="keys", operation="insert", latency_s=0.002),
    ConnectionsChanged(kind="provider", change=1),
)


def expose(surface: Surface) -> str:
    """Return a surface's exposition."""
    return generate_latest(surface.registry).decode()


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events."""
    surface = Surface(Fixed())
    for event in events:
        surface.observe(event)
    return read(expose(surface))


def find_moved(*events: object) -> dict[str, float]:
    """Return the samples that events change or bring about, but for buckets."""
    before, after = observe(), observe(*events)
    return {
        name: value for name, value in after.items() if before.get(name) != value and "_bucket" not in name
    }


def test_gatewayz_is_found_by_its_folder():
    """Its folder alone makes it a system, with the scrape job of its documentation."""
    systems = {system.name: system for system in find_systems()}
    assert (
        (systems["gatewayz"].job, systems["gatewayz"].surface) == (JOB, Surface) == ("gatewayz-api", Surface)
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_every_metric_is_as_its_table_says(row):
    """Name, type, help, labels, their values, and bounds; and there is no metric that is not in the table."""
    surface = Surface(Fixed())
    for event in EVERYTHING:
        surface.observe(event)
    families = {}
    for family in text_string_to_metric_families(expose(surface)):
        families[family.name + "_total" if family.type == "counter" else family.name] = family
    assert set(families) == {entry["name"] for entry in TABLE}
    family = families[row["name"]]
    assert (family.type, family.documentation) == (row["type"], row["help"])
    assert family.samples
    for sample in family.samples:
        assert set(sample.labels) - {"le"} == set(row["labels"])
        for name, values in row["labels"].items():
            assert values == "open" or sample.labels[name] in values
    if row["type"] == "histogram":
        bounds = [float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels]
        assert bounds == [*row["buckets"], float("inf")]


def test_a_request_counts_and_is_timed():
    """By method, endpoint and status, and for its key."""
    where = 'endpoint="/v1/chat/completions",method="POST"'
    assert find_moved(request(), request(status=502, failure="server_error")) == {
        f'http_requests_total{{{where},status="200"}}': 1,
        f'http_requests_total{{{where},status="502"}}': 1,
        f"http_request_duration_seconds_count{{{where}}}": 2,
        f"http_request_duration_seconds_sum{{{where}}}": 62,
        'api_key_usage_total{api_key_id="k1",status="success"}': 1,
        'api_key_usage_total{api_key_id="k1",status="error"}': 1,
    }


def test_a_stream_that_broke_off_is_no_success():
    """Its status is 200, since it had begun; its failure says more."""
    moved = find_moved(request(failure="network"))
    assert moved['api_key_usage_total{api_key_id="k1",status="error"}'] == 1


def test_a_refused_request_is_rate_limited():
    """Neither a success nor an error of the gateway."""
    moved = find_moved(request(status=429, failure="rate_limited"))
    assert moved['api_key_usage_total{api_key_id="k1",status="rate_limited"}'] == 1


def test_a_request_without_a_key_is_nobodys():
    """It counts, but as no key's usage."""
    assert not [name for name in find_moved(request(key_id=None)) if "api_key" in name]


def test_a_call_counts_and_uses_tokens():
    """By outcome, with its duration and its tokens in both directions."""
    model = 'model="mistral-large",provider="openrouter"'
    assert find_moved(call(), call("timeout")) == {
        f'model_inference_requests_total{{{model},status="ok"}}': 1,
        f'model_inference_requests_total{{{model},status="timeout"}}': 1,
        f"model_inference_duration_seconds_count{{{model}}}": 2,
        f"model_inference_duration_seconds_sum{{{model}}}": 6,
        f'tokens_used_total{{{model},type="input"}}': 20,
        f'tokens_used_total{{{model},type="output"}}': 10,
    }


def test_credits_are_counted_and_the_balance_follows():
    """Credits add up; the balance is the last one told."""
    credits_ = 'credits_used_total{model="mistral-large",provider="openrouter",user_id="ann"}'
    balance = 'user_credit_balance{user_id="ann"}'
    assert find_moved(spend("ann"), spend("ann")) == {credits_: 0.5, balance: 9}
    assert find_moved(spend("ann"), BalanceSet(user="ann", balance=Decimal(50)))[balance] == 50


def test_hits_and_misses_are_born_together():
    """So that a hit rate exists before the first hit."""
    assert find_moved(CacheLookedUp(cache="response", is_hit=False)) == {
        'cache_hits_total{cache_name="response"}': 0,
        'cache_misses_total{cache_name="response"}': 1,
    }


def test_a_limited_request_counts_and_all_of_a_key_is_born_before():
    """A key's first request brings its counters about at 0, so that Prometheus sees the first increment."""
    usage = {
        f'api_key_usage_total{{api_key_id="k1",status="{status}"}}': 0
        for status in ("success", "error", "rate_limited")
    }
    limited, left = 'rate_limited_requests_total{api_key_id="k1"}', 'current_rate_limit{api_key_id="k1"}'
    first = RateLimitChecked(key_id="k1", remaining=7.5, is_limited=False)
    second = RateLimitChecked(key_id="k1", remaining=0.0, is_limited=True)
    assert find_moved(first) == {**usage, limited: 0, left: 7.5}
    assert find_moved(first, second) == {**usage, limited: 1, left: 0}


def test_gauges_follow_what_is_told():
    """Providers, queues, caches, accounts, keys and connections stand where they were last said to."""
    moved = find_moved(*EVERYTHING, ConnectionsChanged(kind="provider", change=1))
    assert {
        'provider_availability{provider="ollama"}': 1,
        'provider_error_rate{provider="ollama"}': 0.25,
        'provider_response_time_seconds{provider="ollama"}': 1.5,
        'queue_size{model="mistral-large",provider="openrouter"}': 6,
        'cache_size_bytes{cache_name="response"}': 512,
        'trial_active{status="active"}': 4,
        'trial_active{status="expired"}': 1,
        "subscription_count": 2,
        'active_connections{type="provider"}': 2,
        'database_queries_total{operation="insert",table="keys"}': 1,
    }.items() <= moved.items()
    keys = {name: value for name, value in observe().items() if name.startswith("active_api_keys")}
    assert list(keys.values()) == [3, 2]


def test_a_provider_that_is_down_reads_0():
    """Availability is 1 or 0."""
    down = ProviderChecked(provider="ollama", is_available=False, error_ratio=1.0, response_time_s=1.5)
    assert find_moved(down)['provider_availability{provider="ollama"}'] == 0


def test_methods_are_bounded():
    """HTTP lets clients invent methods: those that nobody knows are one label value."""
    samples = observe(*(request(method=f"BREW{number}", status=405) for number in range(50)))
    methods = {name for name in samples if name.startswith("http_requests_total")}
    assert methods == {'http_requests_total{endpoint="/v1/chat/completions",method="other",status="405"}'}


@dataclass
class Running:
    """A gateway with all surfaces, before a provider that answers well unless told otherwise."""

    client: TestClient
    answers: list[web.Response]

    async def scrape(self) -> dict[str, float]:
        """Return Gatewayz's samples."""
        return read(await (await self.client.get("/metrics/gatewayz")).text())

    async def issue(self, **fields: object) -> str:
        """Return a new key's token."""
        response = await self.client.post("/admin/keys", headers=ADMIN, json=fields)
        return (await response.json())["token"]

    async def ask(
        self, token: str, method: str = "POST", path: str = "/v1/chat/completions", **body: Any
    ) -> int:
        """Send a request under Gatewayz's prefix; return its status."""
        headers = {"Authorization": f"Bearer {token}"}
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]} | body
        response = await self.client.request(method, f"/gatewayz{path}", headers=headers, json=asked)
        await response.read()
        return response.status


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[Running]:
    """Yield a running gateway."""
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
        config = Config(speed=1, data_dir=tmp_path / "data", providers={"openai": url, "openrouter": url})
        secrets = Secrets(admin_token="the-admin-token", provider_key="p")
        opened = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        client = TestClient(TestServer(opened))
        await client.start_server()
        stack.push_async_callback(client.close)
        yield Running(client, answers)


def list_values(samples: dict[str, float], metric: str, label: str) -> set[str]:
    """Return the values that a label has in a metric's samples."""
    found = set()
    for name in samples:
        if name.startswith(f"{metric}{{"):
            labels = dict(pair.split("=", 1) for pair in name.partition("{")[2].rstrip("}").split(","))
            found.add(labels[label].strip('"'))
    return found


async def test_cardinality_is_bounded_however_many_keys_there_are(gateway):
    """Users and keys past the bound are counted all the same: nothing is lost, and nobody new is named."""
    many = MAX_NAMED + 20
    tokens = [await gateway.issue(id=f"key-{number}", user=f"user-{number}") for number in range(many)]
    for token in tokens:
        assert await gateway.ask(token) == 200
    samples = await gateway.scrape()
    for metric, label in (
        ("credits_used_total", "user_id"),
        ("api_key_usage_total", "api_key_id"),
        ("rate_limited_requests_total", "api_key_id"),
    ):
        values = list_values(samples, metric, label)
        assert len(values) == MAX_NAMED + 1
        assert "other" in values
    for metric, label in (("user_credit_balance", "user_id"), ("current_rate_limit", "api_key_id")):
        values = list_values(samples, metric, label)
        assert len(values) == MAX_NAMED
        assert "other" not in values
    spent = [value for name, value in samples.items() if name.startswith("credits_used_total")]
    assert sum(spent) == pytest.approx(many * 0.32)
    assert samples['api_key_usage_total{api_key_id="other",status="success"}'] == 20


async def test_unknown_paths_are_one_endpoint(gateway):
    """Whatever a scanner asks for is `unknown`; names in paths are not labels."""
    token = await gateway.issue(id="k1")
    for number in range(30):
        assert await gateway.ask(token, "GET", f"/wp-login-{number}.php") == 404
        assert await gateway.ask(token, "GET", f"/v1/responses/resp_{number}") == 404
    samples = await gateway.scrape()
    assert list_values(samples, "http_requests_total", "endpoint") == {"unknown", "/v1/responses/{id}"}


async def test_counters_agree_with_the_requests_that_were_sent(gateway):
    """Requests, calls, tokens, credits, limits, cache and usage of a session add up to what was sent."""
    token = await gateway.issue(id="k1", user="ann")
    assert [await gateway.ask(token, temperature=0) for _ in range(3)] == [200] * 3
    gateway.answers[:] = [web.Response(status=500)]
    assert await gateway.ask(token, path="/v1/completions", prompt="hi") == 502
    put = await gateway.client.put("/admin/accounts/ann", headers=ADMIN, json={"requests_per_minute": 1})
    assert put.status == 200
    assert [await gateway.ask(token) for _ in range(2)] == [200, 429]
    assert await gateway.ask("guess") == 401
    samples = await gateway.scrape()
    model = 'model="mistral-large",provider="openrouter"'
    chat = 'endpoint="/v1/chat/completions",method="POST"'
    expected = {
        f'http_requests_total{{{chat},status="200"}}': 4,
        f'http_requests_total{{{chat},status="429"}}': 1,
        f'http_requests_total{{{chat},status="401"}}': 1,
        'http_requests_total{endpoint="/v1/completions",method="POST",status="502"}': 1,
        f'model_inference_requests_total{{{model},status="ok"}}': 2,
        f'model_inference_requests_total{{{model},status="server_error"}}': 1,
        f'tokens_used_total{{{model},type="input"}}': 2000,
        f'tokens_used_total{{{model},type="output"}}': 400,
        f'credits_used_total{{{model},user_id="ann"}}': pytest.approx(0.64),
        'user_credit_balance{user_id="ann"}': pytest.approx(10_000 - 0.64),
        'cache_hits_total{cache_name="response"}': 2,
        'cache_misses_total{cache_name="response"}': 1,
        'rate_limited_requests_total{api_key_id="k1"}': 1,
        'api_key_usage_total{api_key_id="k1",status="success"}': 4,
        'api_key_usage_total{api_key_id="k1",status="error"}': 1,
        'api_key_usage_total{api_key_id="k1",status="rate_limited"}': 1,
        'active_api_keys{status="active"}': 1,
        'trial_active{status="active"}': 1,
        'provider_availability{provider="openrouter"}': 1,
        'provider_error_rate{provider="openrouter"}': pytest.approx(1 / 3),
        'active_connections{type="provider"}': 0,
        'database_queries_total{operation="insert",table="keys"}': 1,
    }
    assert {name: samples.get(name) for name in expected} == expected


async def test_threads_lose_no_query(gateway):
    """Keys that are issued at once are written by threads, and every insert is counted."""
    await asyncio.gather(*(gateway.issue(id=f"k{number}") for number in range(40)))
    samples = await gateway.scrape()
    assert samples['database_queries_total{operation="insert",table="keys"}'] == 40
    assert samples['database_query_duration_seconds_count{operation="insert",table="keys"}'] == 40


async def test_other_prefixes_move_nothing_of_gatewayz(gateway):
    """What comes under Metis's prefix is Metis's; only what all prefixes share (keys, databases) is seen."""
    token = await gateway.issue(id="k1")
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {token}"}
    answer = await gateway.client.post("/metis/v1/chat/completions", headers=headers, json=body)
    assert answer.status == 200
    shared = ("database_", "active_api_keys", "active_connections", "trial_active", "subscription_count")
    assert [name for name, value in (await gateway.scrape()).items() if not name.startswith(shared)] == []
