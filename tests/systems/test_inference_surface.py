"""The inference service's surface: held to its table, and that each metric moves for its real reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from support.patience import PATIENCE_S
from support.plain_yaml import read_yaml
from support.samples import read

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.inference.events import (
    DeviceLoaded,
    DeviceOpened,
    DeviceTimedOut,
    InferenceFailed,
    InferenceFinished,
    InferenceRequested,
    QueueChanged,
)
from alertdrill.gateway.keys import Key
from alertdrill.systems import find_systems
from alertdrill.systems.inference.surface import JOB, Surface

OPERATOR = {"Authorization": "Bearer the-admin-token"}
FOLDER = Path(__file__).parents[2] / "harness" / "alertdrill" / "systems" / "inference"
TABLE = read_yaml(FOLDER / "metrics.yml")
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2},
}
LABELS = {"model": "m", "version": "v1", "tenant": "t"}
EVENTS = (
    DeviceOpened(device="cpu"),
    DeviceLoaded(device="cpu", inflight=3),
    DeviceTimedOut(device="cpu"),
    InferenceRequested(**LABELS),
    InferenceFinished(**LABELS, latency_s=1.5),
    InferenceFailed(**LABELS, error_type="inference_error"),
    QueueChanged(model="m", version="v1", pending=7),
)


class Still:
    """A state that nothing asks for."""


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events, without buckets."""
    surface = Surface(Still())
    for event in events:
        surface.observe(event)
    samples = read(generate_latest(surface.registry).decode())
    return {name: value for name, value in samples.items() if "_bucket" not in name}


def test_surface_is_as_the_table_says():
    """Every metric of metrics.yml is there with its type, help, labels and buckets, and there is no other."""
    surface = Surface(Still())
    for event in EVENTS:
        surface.observe(event)
    seen = []
    for family in text_string_to_metric_families(generate_latest(surface.registry).decode()):
        name = family.name + "_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        bounds = [
            float(sample.labels["le"])
            for sample in family.samples
            if sample.labels.get("le", "+Inf") != "+Inf"
        ]
        seen.append((name, family.type, family.documentation, labels, bounds))
    assert seen == [
        (row["name"], row["type"], row["help"], set(row["labels"]), row.get("buckets", [])) for row in TABLE
    ]


def test_registry_is_its_own():
    """Nothing is registered in the global registry, under which the process would show it too."""
    Surface(Still())
    assert not {row["name"].removesuffix("_total") for row in TABLE} & {
        metric.name for metric in REGISTRY.collect()
    }


def test_request_is_born_with_its_errors_at_nothing():
    """A request counts once; the errors that it can meet are there at 0, so that the first one is seen."""
    labels = 'model="m",tenant="t",version="v1"'
    assert observe(InferenceRequested(**LABELS)) == {
        f"inference_requests_total{{{labels}}}": 1,
        f'inference_errors_total{{error_type="timeout",{labels}}}': 0,
        f'inference_errors_total{{error_type="inference_error",{labels}}}': 0,
    }


def test_request_for_what_is_not_deployed_can_only_be_not_found():
    """Its one possible error is model_not_found."""
    samples = observe(InferenceRequested(model="unknown", version="unknown", tenant="t"))
    labels = 'model="unknown",tenant="t",version="unknown"'
    assert samples == {
        f"inference_requests_total{{{labels}}}": 1,
        f'inference_errors_total{{error_type="model_not_found",{labels}}}': 0,
    }


def test_device_is_there_before_it_runs_anything():
    """Both its series are at 0, so that its first timeout is seen."""
    assert observe(DeviceOpened(device="gpu-0")) == {
        'executor_inflight{device="gpu-0"}': 0,
        'executor_timeouts_total{device="gpu-0"}': 0,
    }


def test_gauges_follow_and_counters_count():
    """Load and depth are what was told last; timeouts add up; other events move nothing."""
    samples = observe(*EVENTS, DeviceTimedOut(device="cpu"), DeviceLoaded(device="cpu", inflight=0), object())
    assert samples['executor_inflight{device="cpu"}'] == 0
    assert samples['executor_timeouts_total{device="cpu"}'] == 2
    assert samples['job_queue_depth{model="m",version="v1"}'] == 7


@dataclass
class Running:
    """A gateway with all surfaces, before a provider that holds every answer until `gate` is set."""

    client: TestClient
    gate: asyncio.Event
    statuses: list[int] = field(default_factory=list)

    async def scrape(self) -> dict[str, float]:
        """Return the samples."""
        response = await self.client.get("/metrics/inference")
        samples = read(await response.text())
        return {name: value for name, value in samples.items() if "_bucket" not in name and value}

    async def send(self, path: str, **fields: object) -> int:
        """Send a request; return the status."""
        body = {"model": "embedder", "version": "v1", "input": "a"} | fields
        response = await self.client.post(path, headers=OPERATOR, json=body)
        await response.read()
        return response.status

    async def until(self, name: str, value: float) -> dict[str, float]:
        """Wait until a sample has a value; return all."""
        async with asyncio.timeout(PATIENCE_S):
            while (samples := await self.scrape()).get(name, 0) != value:
                await asyncio.sleep(0.005)
        return samples


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[Running]:
    """Yield a running gateway, at a speed at which a timeout of 90 s is over soon."""
    gate = asyncio.Event()

    async def handle(_request: web.Request) -> web.Response:
        await gate.wait()
        return web.json_response(ANSWER)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    async with AsyncExitStack() as stack:
        provider = TestServer(app)
        await provider.start_server(shutdown_timeout=0.01)
        stack.push_async_callback(provider.close)
        url = str(provider.make_url("")).rstrip("/")
        config = Config(speed=30, data_dir=tmp_path / "data", providers={"openrouter": url})
        secrets = Secrets(admin_token="the-admin-token", provider_key="p")
        opened = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        server = TestServer(opened)
        await server.start_server(shutdown_timeout=0.01)
        client = TestClient(server)
        stack.push_async_callback(client.close)
        yield Running(client, gate)


def test_system_is_found_by_its_folder():
    """Its folder alone makes it a system."""
    systems = {system.name: system for system in find_systems()}
    assert (systems["inference"].job, systems["inference"].surface) == (JOB, Surface)


async def test_metrics_agree_with_what_was_sent(gateway):
    """Requests, errors and latencies of a session add up to what was sent, by model, version and tenant."""
    gateway.gate.set()
    assert [await gateway.send("/v1/infer") for _ in range(3)] == [200] * 3
    assert await gateway.send("/v1/infer", input=" ") == 400
    assert await gateway.send("/v1/infer", model="made-up") == 404
    assert await gateway.send("/v1/infer", version="made-up") == 404
    samples = await gateway.scrape()
    samples.pop('inference_latency_seconds_sum{model="embedder",tenant="operator",version="v1"}')
    deployed = 'model="embedder",tenant="operator",version="v1"'
    nothing = 'model="unknown",tenant="operator",version="unknown"'
    half = 'model="embedder",tenant="operator",version="unknown"'
    assert samples == {
        f"inference_requests_total{{{deployed}}}": 4,
        f"inference_requests_total{{{nothing}}}": 1,
        f"inference_requests_total{{{half}}}": 1,
        f'inference_errors_total{{error_type="inference_error",{deployed}}}': 1,
        f'inference_errors_total{{error_type="model_not_found",{nothing}}}': 1,
        f'inference_errors_total{{error_type="model_not_found",{half}}}': 1,
        f"inference_latency_seconds_count{{{deployed}}}": 4,
    }


async def test_timeout_moves_the_device_and_the_errors(gateway):
    """While a call executes it is in flight; when it is ended, device and request both count a timeout."""
    asked = asyncio.create_task(gateway.send("/v1/infer", model="transcriber", version="v3"))
    await gateway.until('executor_inflight{device="gpu-4"}', 1)
    assert await asked == 504
    samples = await gateway.until('executor_timeouts_total{device="gpu-4"}', 1)
    labels = 'model="transcriber",tenant="operator",version="v3"'
    assert samples[f'inference_errors_total{{error_type="timeout",{labels}}}'] == 1
    assert samples[f"inference_latency_seconds_sum{{{labels}}}"] >= 30
    assert 'executor_inflight{device="gpu-4"}' not in samples


async def test_job_moves_the_depth_and_then_the_requests(gateway):
    """Two workers have two of three jobs; the third is pending until one of them is free."""
    assert [await gateway.send("/v1/jobs") for _ in range(3)] == [202] * 3
    depth = 'job_queue_depth{model="embedder",version="v1"}'
    requests = 'inference_requests_total{model="embedder",tenant="operator",version="v1"}'
    assert (await gateway.until(depth, 1))[requests] == 2
    gateway.gate.set()
    samples = await gateway.until(requests, 3)
    assert depth not in samples


@pytest.mark.parametrize(("prefix", "is_heard"), [("/inference", True), ("", True), ("/aside", False)])
async def test_all_of_a_job_is_behind_the_prefix_of_its_request(gateway, prefix, is_heard):
    """A job that a worker runs later moves the metrics of its prefix's system, and no other's."""
    gateway.gate.set()
    assert await gateway.send("/v1/jobs", version="v3") == 202  # its workers are started under no prefix
    heard = 'inference_latency_seconds_count{model="embedder",tenant="operator",version="v3"}'
    await gateway.until(heard, 1)
    assert await gateway.send(f"{prefix}/v1/jobs", version="v3") == 202
    assert await gateway.send("/v1/jobs", version="v3") == 202
    samples = await gateway.until(heard, 3 if is_heard else 2)
    requests = 'inference_requests_total{model="embedder",tenant="operator",version="v3"}'
    assert samples[requests] == (3 if is_heard else 2)


async def test_workers_are_behind_no_prefix_of_their_first_job(gateway):
    """A worker that was started by a job under `aside` still runs other prefixes' jobs behind theirs."""
    gateway.gate.set()
    assert await gateway.send("/aside/v1/jobs", version="v2") == 202
    assert await gateway.send("/inference/v1/jobs", version="v2") == 202
    await gateway.until('inference_latency_seconds_count{model="embedder",tenant="operator",version="v2"}', 1)


async def test_depth_is_behind_the_prefix_of_the_job_too(gateway):
    """A job that came under another prefix is not heard of, whoever cancels it."""
    assert [await gateway.send("/v1/jobs", version="v2") for _ in range(2)] == [202] * 2
    requests = 'inference_requests_total{model="embedder",tenant="operator",version="v2"}'
    await gateway.until(requests, 2)
    body = {"model": "embedder", "version": "v2", "input": "a"}
    jobs = [await gateway.client.post("/aside/v1/jobs", headers=OPERATOR, json=body) for _ in range(2)]
    path = f"/v1/jobs/{(await jobs[0].json())['id']}"
    assert (await gateway.client.delete(path, headers=OPERATOR)).status == 200
    assert 'job_queue_depth{model="embedder",version="v2"}' not in await gateway.scrape()


def test_tenant_is_the_team_then_the_user_then_the_key():
    """What the label says of a key."""
    given = {"id": "k", "token_sha256": b"", "model": None, "created_s": 0.0}
    assert Key(**given, user="u", team="t").tenant == "t"
    assert Key(**given, user="u", team=None).tenant == "u"
    assert Key(**given, user=None, team=None).tenant == "k"
