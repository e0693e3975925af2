"""Mantis's surface: its table of metrics, and that each metric moves for its real reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from support.patience import PATIENCE_S
from support.plain_yaml import read_yaml
from support.samples import read

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.events import DomainEvent, KeyIssued, RequestFinished
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.runs.events import PredictAnswered, RunEnded, RunRejected, RunsInFlight
from alertdrill.systems import find_systems
from alertdrill.systems.mantis.surface import JOB, Surface

ADMIN = {"Authorization": "Bearer the-admin-token"}
SYSTEM = next(system for system in find_systems() if system.name == "mantis")
TABLE = read_yaml(SYSTEM.folder / "metrics.yml")
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
}
BROKEN = b'data: {"choices":[{"index":0,"delta":{"content":"Hello "},"finish_reason":null}]}\n\n'
EVENTS: tuple[DomainEvent, ...] = (
    PredictAnswered(tenant="t", mode="run", outcome="ok"),
    RunRejected(tenant="t", cap="rate"),
    RunsInFlight(tenant="t", runs=3),
    RunEnded(tenant="t", model="openai:o1", status="succeeded", duration_s=45.0, cost_usd=Decimal("0.75")),
    RequestFinished(
        method="POST",
        endpoint="/v1/chat/completions",
        status=200,
        latency_s=1,
        failure=None,
        key_id="k",
        user=None,
        team="t",
    ),
)


def expose(*events: DomainEvent) -> str:
    """Return the exposition of a new surface after some events; it polls no state."""
    surface = Surface(None)
    for event in events:
        surface.observe(event)
    return generate_latest(surface.registry).decode()


def chat(status: int = 200, failure: str | None = None, **whose: str | None) -> RequestFinished:
    """Return a chat request that was answered."""
    given = {"key_id": "k", "user": None, "team": None} | whose
    return RequestFinished(
        method="POST",
        endpoint="/v1/chat/completions",
        status=status,
        latency_s=1.0,
        failure=failure,
        **given,
    )


def test_mantis_is_found_by_its_folder():
    """Its folder alone makes it a system with its scrape job."""
    assert (SYSTEM.job, SYSTEM.surface) == (JOB, Surface) == ("mantis", Surface)


def test_the_surface_is_what_the_table_says():
    """Names, types, texts, labels, their values and buckets are the table's, and there is no other metric."""
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in text_string_to_metric_families(expose(*EVENTS))
    }
    assert list(families) == [row["name"] for row in TABLE]
    for row in TABLE:
        family = families[row["name"]]
        assert (family.type, family.documentation) == (row["type"], row["help"])
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(row["labels"])
            for label, values in row["labels"].items():
                assert values == "open" or sample.labels[label] in values
        bounds = [sample.labels["le"] for sample in family.samples if "le" in sample.labels]
        assert bounds == [str(float(bound)) for bound in row.get("buckets", ())] + ["+Inf"] * bool(bounds)


def test_series_are_born_when_they_are_first_moved():
    """A new surface, and a new key, show no series at all."""
    assert read(expose(KeyIssued(key_id="k1"))) == {}


def test_each_event_moves_its_own_metric():
    """Counts go up by one, the gauge follows, and a run is in both histograms with its own figures."""
    samples = {name: value for name, value in read(expose(*EVENTS, *EVENTS)).items() if "bucket" not in name}
    run = '{model="openai:o1",status="succeeded",tenant_id="t"}'
    assert samples == {
        'mantis_predict_requests_total{mode="run",outcome="ok",tenant_id="t"}': 2,
        'mantis_chat_completions_total{outcome="ok",tenant_id="t"}': 2,
        f"mantis_run_duration_seconds_count{run}": 2,
        f"mantis_run_duration_seconds_sum{run}": 90,
        f"mantis_run_cost_usd_count{run}": 2,
        f"mantis_run_cost_usd_sum{run}": 1.5,
        'mantis_concurrent_runs{tenant_id="t"}': 3,
        'mantis_rate_limit_rejections_total{kind="rate",tenant_id="t"}': 2,
    }


@pytest.mark.parametrize(
    ("status", "failure", "outcome"),
    [
        (200, None, "ok"),
        (200, "network", "upstream_error"),
        (200, "unknown", "upstream_error"),
        (503, "network", "upstream_error"),
        (504, "timeout", "upstream_error"),
        (502, "server_error", "status_5xx"),
        (503, "auth", "status_5xx"),
        (429, "rate_limit", "status_4xx"),
        (429, "insufficient_quota", "status_4xx"),
        (400, "invalid_json", "status_4xx"),
        (404, "model_not_found", "status_4xx"),
    ],
)
def test_chat_outcomes(status, failure, outcome):
    """A provider that did not answer, or broke off, is an upstream error; else the status decides."""
    assert read(expose(chat(status, failure))) == {
        f'mantis_chat_completions_total{{outcome="{outcome}",tenant_id="k"}}': 1
    }


@pytest.mark.parametrize(
    ("whose", "tenant"),
    [
        ({"team": "red", "user": "ann"}, "red"),
        ({"user": "ann"}, "ann"),
        ({}, "k"),
        ({"key_id": None}, "operator"),
    ],
)
def test_a_chats_tenant_is_its_keys(whose, tenant):
    """The team, else the user, else the key; the operator has none of them."""
    assert f'tenant_id="{tenant}"' in next(iter(read(expose(chat(**whose)))))


def test_what_has_no_tenant_or_is_no_chat_is_not_counted():
    """A chat without a valid key, and another route's request, move nothing."""
    elsewhere = RequestFinished(
        method="GET",
        endpoint="/v1/models",
        status=200,
        latency_s=1,
        failure=None,
        key_id="k",
        user=None,
        team=None,
    )
    assert read(expose(chat(401, "invalid_token", key_id=None), elsewhere)) == {}


@dataclass
class Running:
    """A gateway with all surfaces, before a provider that answers as `answers` says, else well."""

    client: TestClient
    answers: list[web.Response | bytes]

    async def issue(self, key_id: str) -> dict[str, str]:
        """Return a new key's headers."""
        response = await self.client.post("/admin/keys", headers=ADMIN, json={"id": key_id})
        return {"Authorization": f"Bearer {(await response.json())['token']}"}

    async def predict(self, headers: dict[str, str], **body: object) -> tuple[int, dict]:
        """Send a predict request under Mantis's prefix."""
        response = await self.client.post("/mantis/v1/predict", headers=headers, json=body)
        return response.status, await response.json()

    async def chat(self, headers: dict[str, str], **body: object) -> int:
        """Make a call under Mantis's prefix; return the status."""
        messages = [{"role": "user", "content": "hi"}]
        response = await self.client.post(
            "/mantis/v1/chat/completions", headers=headers, json={"messages": messages, **body}
        )
        await response.read()
        return response.status

    async def scrape(self, system: str = "mantis") -> dict[str, float]:
        """Return a system's samples."""
        return read(await (await self.client.get(f"/metrics/{system}")).text())


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[Running]:
    """Yield a running gateway."""
    answers: list[web.Response | bytes] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = answers.pop(0) if answers else web.json_response(ANSWER)
        if isinstance(answer, web.Response):
            return answer
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(answer)
        request.transport.close()
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    async with AsyncExitStack() as stack:
        provider = TestServer(app)
        await provider.start_server()
        stack.push_async_callback(provider.close)
        url = str(provider.make_url("")).rstrip("/")
        config = Config(speed=1, data_dir=tmp_path / "data", providers={"openai": url})
        secrets = Secrets(admin_token="the-admin-token", provider_key="p")
        opened = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        client = TestClient(TestServer(opened))
        await client.start_server()
        stack.push_async_callback(client.close)
        yield Running(client, answers)


async def test_counters_agree_with_what_was_sent(gateway):
    """Runs that went well, that failed and that were denied, asked about: every figure adds up."""
    t1, t2 = await gateway.issue("t1"), await gateway.issue("t2")
    run = {"mode": "run", "model": "openai:o1", "input": "x"}
    gateway.answers[:] = [web.json_response(ANSWER), web.Response(status=500)]
    status, known = await gateway.predict(t1, **run, steps=2)
    assert status == 202
    while (await gateway.predict(t1, mode="status", run_id=known["run_id"]))[1]["status"] == "running":
        pass
    asked = (await gateway.scrape())[
        'mantis_predict_requests_total{mode="status",outcome="ok",tenant_id="t1"}'
    ]
    for mode, expected in (("result", 502), ("result", 502), ("logs", 200), ("cancel", 200)):
        assert (await gateway.predict(t1, mode=mode, run_id=known["run_id"]))[0] == expected
    assert (await gateway.predict(t2, **run, idempotency_key="k"))[0] == 202
    assert (await gateway.predict(t2, **run, idempotency_key="k"))[0] == 200
    gateway.answers[:] = [web.Response(status=500)]
    assert (await gateway.predict(t2, **run))[0] == 502
    assert (await gateway.predict(t2, **{**run, "model": "openai:gpt-4o"}))[0] == 403
    assert (await gateway.predict({}, **run))[0] == 401
    samples = {name: value for name, value in (await gateway.scrape()).items() if "_requests" in name}
    assert samples == {
        f'mantis_predict_requests_total{{mode="{mode}",outcome="{outcome}",tenant_id="{tenant}"}}': count
        for tenant, mode, outcome, count in (
            ("t1", "run", "ok", 1),
            ("t1", "status", "ok", asked),
            ("t1", "result", "error", 2),
            ("t1", "logs", "ok", 1),
            ("t1", "cancel", "ok", 1),
            ("t2", "run", "ok", 1),
            ("t2", "run", "idempotent_hit", 1),
            ("t2", "run", "error", 1),
            ("t2", "run", "denied_allowlist", 1),
        )
    }
    samples = await gateway.scrape()
    o1 = 'model="openai:o1",status="%s",tenant_id="%s"'
    assert samples[f"mantis_run_cost_usd_sum{{{o1 % ('failed', 't1')}}}"] == pytest.approx(0.027)
    assert samples[f"mantis_run_cost_usd_sum{{{o1 % ('succeeded', 't2')}}}"] == pytest.approx(0.027)
    assert samples[f"mantis_run_cost_usd_sum{{{o1 % ('failed', 't2')}}}"] == 0
    assert [samples[f'mantis_concurrent_runs{{tenant_id="{tenant}"}}'] for tenant in ("t1", "t2")] == [0, 0]


async def test_chat_is_counted_by_what_became_of_it(gateway):
    """Good, refused, failed and broken off, each under its outcome."""
    t1 = await gateway.issue("t1")
    assert await gateway.chat(t1, model="openai:o1") == 200
    assert await gateway.chat(t1, model="gpt-99") == 404
    gateway.answers[:] = [web.Response(status=500)]
    assert await gateway.chat(t1, model="openai:o1") == 502
    gateway.answers[:] = [BROKEN]
    assert await gateway.chat(t1, model="openai:o1", stream=True) == 200
    assert await gateway.chat({"Authorization": "Bearer guess"}, model="openai:o1") == 401
    assert {name: value for name, value in (await gateway.scrape()).items() if "chat" in name} == {
        f'mantis_chat_completions_total{{outcome="{outcome}",tenant_id="t1"}}': 1
        for outcome in ("ok", "status_4xx", "status_5xx", "upstream_error")
    }


async def test_no_other_system_hears_what_came_through_mantis_prefix(gateway):
    """A run's calls are in no other system's metrics, whenever they are made."""
    before = await gateway.scrape("metis")
    t1 = await gateway.issue("t1")
    assert (await gateway.predict(t1, mode="run", model="openai:o1", input="x", steps=3))[0] == 202
    async with asyncio.timeout(PATIENCE_S):
        while not any("run_cost_usd_count" in name for name in await gateway.scrape()):
            await asyncio.sleep(0.005)
    calls = {name for name in await gateway.scrape("metis") if "llm_call" in name}
    assert calls == {name for name in before if "llm_call" in name}
