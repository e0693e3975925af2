"""Gatewayz's metrics agree with the requests that were sent, and how many series there may be is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from support.surfaced_gateway import ADMIN, SurfacedGateway, open_surfaced_gateway

from alertdrill.systems.gatewayz.surface import MAX_NAMED


async def ask(
    gateway: SurfacedGateway,
    token: str,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    **body: object,
) -> int:
    """Send a request under Gatewayz's prefix; return its status."""
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]} | body
    return await gateway.send(method, f"/gatewayz{path}", token, asked)


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[SurfacedGateway]:
    """Yield a running gateway."""
    async with open_surfaced_gateway(tmp_path / "data") as opened:
        yield opened


MODEL = "openrouter:mistral-large"


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
        assert await ask(gateway, token) == 200
    samples = await gateway.scrape("gatewayz")
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
        assert await ask(gateway, token, "GET", f"/wp-login-{number}.php") == 404
        assert await ask(gateway, token, "GET", f"/v1/responses/resp_{number}") == 404
    samples = await gateway.scrape("gatewayz")
    assert list_values(samples, "http_requests_total", "endpoint") == {"unknown", "/v1/responses/{id}"}


async def test_counters_agree_with_the_requests_that_were_sent(gateway):
    """Requests, calls, tokens, credits, limits, cache and usage of a session add up to what was sent."""
    token = await gateway.issue(id="k1", user="ann")
    assert [await ask(gateway, token, temperature=0) for _ in range(3)] == [200] * 3
    gateway.answers[:] = [web.Response(status=500)]
    assert await ask(gateway, token, path="/v1/completions", prompt="hi") == 502
    put = await gateway.client.put("/admin/accounts/ann", headers=ADMIN, json={"requests_per_minute": 1})
    assert put.status == 200
    assert [await ask(gateway, token) for _ in range(2)] == [200, 429]
    assert await ask(gateway, "guess") == 401
    samples = await gateway.scrape("gatewayz")
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
    samples = await gateway.scrape("gatewayz")
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
    assert [
        name for name, value in (await gateway.scrape("gatewayz")).items() if not name.startswith(shared)
    ] == []
