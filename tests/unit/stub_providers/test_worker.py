"""A stub that is a self-hosted worker: what a router asks of one, and how its metrics move."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

GAUGES = ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc")
LABELS = '{engine="0",model_name="llama"}'


async def get(client: Any, path: str, **headers: str) -> tuple[int, str]:
    """Return status and text of a route that routers ask for."""
    async with client.session.get(f"http://{client.stub.listen}{path}", headers=headers) as response:
        return response.status, await response.text()


async def read_metrics(client: Any) -> dict[str, float]:
    """Return every sample by its name and labels."""
    _, text = await get(client, "/metrics")
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {series: float(value) for series, _, value in lines}


async def until(client: Any, **wanted: float) -> dict[str, float]:
    """Return the metrics as soon as these gauges are so."""
    async with asyncio.timeout(20):
        while True:
            metrics = await read_metrics(client)
            if all(metrics[f"vllm:num_requests_{name}{LABELS}"] == value for name, value in wanted.items()):
                return metrics
            await asyncio.sleep(0.01)


async def test_a_worker_is_healthy_and_lists_its_model_before_anything_is_asked(
    start: Any, connect: Any
) -> None:
    """Health and metrics want no key, models do; a router finds them all as soon as it starts."""
    with start("vllm", "--model", "llama", "--model", "llama-lora") as stub:
        client = connect(stub)
        assert await get(client, "/health") == (200, "")
        assert (await get(client, "/v1/models"))[0] == 401
        status, text = await get(client, "/v1/models", Authorization="Bearer provider-key")
        listed = json.loads(text)
        assert (status, [model["id"] for model in listed["data"]]) == (200, ["llama", "llama-lora"])
        assert listed["data"][0]["max_model_len"] > 0
        metrics = await read_metrics(client)
        assert [metrics[name + LABELS] for name in GAUGES] == [0, 0, 0]
        _, text = await get(client, "/metrics")
        assert re.findall(r"^# TYPE (vllm:\S+) gauge$", text, re.MULTILINE) == list(GAUGES)
        await client.listen(False)
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the machine likes
            await get(client, "/health")


async def test_requests_beyond_the_slots_wait_for_their_turn(start: Any, connect: Any) -> None:
    """Two run and fill the cache, one waits; when they are done, nothing is left, and all are counted."""
    with start("vllm", "--model", "llama", "--slots", "2") as stub:
        client = connect(stub)
        await client.tell("llama", latency={"kind": "constant", "s": 200}, prompt_tokens=1000)
        calls = [asyncio.create_task(client.ask("llama", stream=stream)) for stream in (False, True, False)]
        metrics = await until(client, running=2, waiting=1)
        assert metrics[f"vllm:kv_cache_usage_perc{LABELS}"] == pytest.approx(2 * 1064 / 4096)
        await client.tell("llama", prompt_tokens=1000)
        assert [status for status, _, _ in await asyncio.gather(*calls)] == [200, 200, 200]
        metrics = await until(client, running=0, waiting=0)
        assert metrics[f"vllm:kv_cache_usage_perc{LABELS}"] == 0
        assert metrics[f"vllm:prompt_tokens_total{LABELS}"] == 3000
        assert metrics[f"vllm:generation_tokens_total{LABELS}"] == 3 * 64
        success = 'vllm:request_success_total{engine="0",finished_reason="stop",model_name="llama"}'
        assert metrics[success] == 3
        assert await client.counts("llama") == {"ok": 3}


async def test_a_request_whose_client_leaves_gives_its_slot_back(start: Any, connect: Any) -> None:
    """Whether it was running or waiting."""
    with start("vllm", "--model", "llama", "--slots", "1") as stub:
        client = connect(stub)
        await client.tell("llama", latency={"kind": "constant", "s": 80_000})
        calls = [asyncio.create_task(client.ask("llama")) for _ in range(2)]
        await until(client, running=1, waiting=1)
        for call in calls:
            call.cancel()
        await until(client, running=0, waiting=0)
        await client.tell("llama")
        assert (await client.ask("llama"))[0] == 200


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        ("rate_limit", 429, "RateLimitError"),
        ("server_error", 500, "InternalServerError"),
        ("context_overflow", 400, "BadRequestError"),
        ("invalid_request", 400, "BadRequestError"),
    ],
)
async def test_a_workers_errors_are_vllms(
    start: Any, connect: Any, error: str, status: int, kind: str
) -> None:
    """The code in the body is the status, and the request is no success."""
    with start("vllm") as stub:
        client = connect(stub)
        await client.tell("stub", errors={"class": error, "next": 1})
        answered, _, text = await client.ask("stub")
        said = json.loads(text)["error"]
        assert (answered, said["code"], said["type"]) == (status, status, kind)
        assert await client.counts("stub") == {error: 1}


async def test_any_stub_lists_the_models_that_it_is_started_with(start: Any, connect: Any) -> None:
    """Those that are asked for later come behind them."""
    with start("openai", "--model", "gpt-4.1") as stub:
        client = connect(stub)
        await client.ask("o3")
        await client.ask("gpt-4.1")
        _, text = await get(client, "/v1/models", Authorization="Bearer provider-key")
        assert [model["id"] for model in json.loads(text)["data"]] == ["gpt-4.1", "o3"]
