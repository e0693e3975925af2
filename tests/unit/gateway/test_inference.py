"""Inference at once: what runs where, how it fails, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from support.fake_providers import WHOLE, hold

from alertdrill.gateway.inference import executor as executor_module
from alertdrill.gateway.inference.deployments import SHIPPED, read_deployments
from alertdrill.gateway.inference.events import (
    DeviceLoaded,
    DeviceOpened,
    DeviceTimedOut,
    InferenceFailed,
    InferenceFinished,
    InferenceRequested,
)
from alertdrill.gateway.models import SHIPPED as MODELS
from alertdrill.gateway.models import read_catalogue

OPERATOR = "the-admin-token"


async def infer(gateway, token=OPERATOR, path="/v1/infer", **fields):
    """Ask for inference; return status and body."""
    body = {"model": "summarizer", "input": "a text"} | fields
    headers = {"Authorization": f"Bearer {token}"}
    response = await gateway.client.post(path, headers=headers, json=body)
    return response.status, await response.json()


def heard(gateway):
    """Return what was told of requests, in order, without latencies."""
    told = []
    for event in gateway.events:
        match event:
            case InferenceRequested():
                told.append(("requested", event.model, event.version, event.tenant))
            case InferenceFinished():
                told.append(("finished", event.model, event.version, event.tenant))
            case InferenceFailed():
                told.append((event.error_type, event.model, event.version, event.tenant))
    return told


async def test_latest_version_answers(gateway, providers):
    """Without a version the latest is meant; its upstream model gets the preprocessed text."""
    status, body = await infer(gateway, input="  a \n text ")
    assert (status, body) == (
        200,
        {
            "model": "summarizer",
            "version": "v2",
            "output": "Hello there",
            "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
        },
    )
    (asked,) = providers["openrouter"].asked
    assert (asked["model"], asked["messages"]) == ("nemotron-70b", [{"role": "user", "content": "a text"}])
    labels = ("summarizer", "v2", "operator")
    assert heard(gateway) == [("requested", *labels), ("finished", *labels)]


async def test_version_can_be_named(gateway, providers):
    """An older version has an upstream model of its own; the tenant is the key's."""
    token = await gateway.issue(id="k1", team="acme")
    assert (await infer(gateway, token, version="v1"))[0] == 200
    assert providers["openrouter"].asked[0]["model"] == "phi-4"
    assert heard(gateway)[0] == ("requested", "summarizer", "v1", "acme")


@pytest.mark.parametrize(
    ("model", "version", "told"),
    [("made-up-1", None, "unknown"), ("made-up-2", "v1", "unknown"), ("summarizer", "v99", "summarizer")],
)
async def test_unknown_names_make_no_labels(gateway, model, version, told):
    """What is not deployed is 404, and is told as `unknown`, whatever the client called it."""
    fields = {"model": model} | ({"version": version} if version else {})
    status, body = await infer(gateway, **fields)
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    labels = (told, "unknown", "operator")
    assert heard(gateway) == [("requested", *labels), ("model_not_found", *labels)]


async def test_failed_upstream_is_an_inference_error_and_nobody_steps_in(gateway, providers):
    """The answer has the upstream's status; no other model is asked instead."""
    providers["openrouter"].fail("server_error")
    assert (await infer(gateway))[0] == 502
    labels = ("summarizer", "v2", "operator")
    assert heard(gateway) == [
        ("requested", *labels),
        ("finished", *labels),
        ("inference_error", *labels),
    ]
    assert [name for name, provider in providers.items() for _ in provider.asked] == ["openrouter"]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 8001])
async def test_validator_refuses_after_the_request_is_counted(gateway, text):
    """An empty or long input is the client's mistake (400), and counts as an inference_error."""
    status, body = await infer(gateway, input=text)
    assert (status, body["error"]["param"]) == (400, "input")
    assert [told[0] for told in heard(gateway)] == ["requested", "finished", "inference_error"]


async def test_long_answers_are_cut(gateway, providers):
    """No more of an answer is returned than a job may keep."""

    async def answer(_request):
        choice = {"index": 0, "message": {"role": "assistant", "content": "x" * 70_000}}
        return web.json_response(WHOLE["openai"] | {"choices": [choice | {"finish_reason": "stop"}]})

    providers["openrouter"].script.append(answer)
    assert len((await infer(gateway))[1]["output"]) == 65_536


async def test_broken_pipeline_is_an_inference_error(gateway, monkeypatch):
    """Whatever else breaks in the chain is 500 and counts, and shows no detail."""

    def postprocess(_text):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("alertdrill.gateway.inference.pipelines.postprocess", postprocess)
    status, body = await infer(gateway)
    assert (status, body["error"]["code"]) == (500, "inference_error")
    assert "secret" not in str(body)
    assert heard(gateway)[-1][0] == "inference_error"


async def test_executor_ends_what_takes_too_long(start_gateway, providers):
    """After its timeout a call is 504, counts as timeout, and frees its slot."""
    gateway = await start_gateway(speed=300)
    providers["openrouter"].fail("timeout")
    status, body = await infer(gateway)
    assert (status, body["error"]["code"]) == (504, "timeout")
    assert [told[0] for told in heard(gateway)] == ["requested", "finished", "timeout"]
    assert [event.device for event in gateway.heard(DeviceTimedOut)] == ["gpu-0"]
    assert gateway.heard(DeviceLoaded)[-1] == DeviceLoaded(device="gpu-0", inflight=0)
    (finished,) = gateway.heard(InferenceFinished)
    assert 30 <= finished.latency_s < 100


async def test_slots_bound_what_executes(start_gateway, providers, monkeypatch):
    """Of more calls than slots, the others wait, and are answered when a slot is free."""
    gateway = await start_gateway()
    gate = asyncio.Event()
    providers["openrouter"].script.extend([hold(gate, None, WHOLE["openai"])] * 20)
    calls = [asyncio.create_task(infer(gateway, model="classifier")) for _ in range(20)]
    await gateway.until(lambda: len(providers["openrouter"].asked) == 16)
    await gateway.until(lambda: len(gateway.heard(InferenceRequested)) == 20)
    assert len(providers["openrouter"].asked) == 16
    monkeypatch.setattr(executor_module, "MAX_WAITING", 4)
    assert (await infer(gateway, model="classifier"))[0] == 503
    gate.set()
    assert [status for status, _ in await asyncio.gather(*calls)] == [200] * 20
    loads = [event.inflight for event in gateway.heard(DeviceLoaded)]
    assert (max(loads), loads[-1]) == (16, 0)


async def test_devices_are_told_at_the_start(gateway):
    """Each device is known before anything runs on it."""
    devices = [event.device for event in gateway.heard(DeviceOpened)]
    assert devices == ["cpu", *(f"gpu-{number}" for number in range(6))]


@pytest.mark.parametrize(
    "fields",
    [
        {"model": None},
        {"model": ""},
        {"model": "x" * 129},
        {"version": 1},
        {"version": ""},
        {"input": None},
        {"input": {"text": "a"}},
        {"input": "x" * 16_385},
        {"stream": True},
    ],
)
async def test_bad_requests_are_refused_uncounted(gateway, fields):
    """What is no request for inference is 400 and is told as none."""
    status, body = await infer(gateway, **fields)
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert heard(gateway) == []


async def test_without_a_key_nobody_is_served(gateway):
    """Every route asks for a token."""
    for method, path in (
        ("POST", "/v1/infer"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/j"),
        ("DELETE", "/v1/jobs/j"),
    ):
        assert (await gateway.client.request(method, path)).status == 401


def test_every_deployment_has_a_device_and_an_upstream_model():
    """Nothing in deployments.yml is left out, and no two versions share an upstream model."""
    catalogue = read_catalogue(MODELS, ["openai", "anthropic", "ollama", "openrouter"])
    deployments = read_deployments(SHIPPED, catalogue)
    found = [one for versions in deployments.versions.values() for one in versions.values()]
    assert len(found) == SHIPPED.read_text().count("upstream:") == len({one.upstream for one in found})
    assert {one.device for one in found} == set(deployments.slots)
