"""mana-llm's surface: names, types, labels and buckets, and that each metric moves for its real reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from support.fixed_gauges import FixedGauges
from support.plain_yaml import read_yaml
from support.samples import read

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.events import CallFinished, RouteDecided
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.systems import find_systems
from alertdrill.systems.mana_llm.surface import JOB, LATENCY_BUCKETS_S, Surface

ADMIN = {"Authorization": "Bearer the-admin-token"}
(SYSTEM,) = [system for system in find_systems() if system.name == "mana_llm"]
TABLE = {entry["name"]: entry for entry in read_yaml(SYSTEM.folder / "metrics.yml")}
GEMMA = 'model="gemma3:12b",provider="ollama"'
GEMINI = 'model="gemini-2.5-flash",provider="google"'


def call(status: str = "ok", **fields: object) -> CallFinished:
    """Return a finished call of a local model."""
    given = {
        "provider": "ollama",
        "model": "gemma3:12b",
        "key_id": "k1",
        "status": status,
        "latency_s": 31.0,
        "prompt_tokens": 10 if status == "ok" else 0,
        "completion_tokens": 5 if status == "ok" else 0,
        "cost_usd": Decimal(0),
    }
    return CallFinished(**(given | fields))


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events, without buckets."""
    surface = Surface(FixedGauges())
    for event in events:
        surface.observe(event)
    samples = read(generate_latest(surface.registry).decode())
    return {name: value for name, value in samples.items() if "_bucket" not in name}


def test_mana_llm_is_found_by_its_folder():
    """Its folder alone makes it a system, with the scrape job that its alerts name."""
    assert (SYSTEM.job, SYSTEM.surface) == (JOB, Surface) == ("mana-llm", Surface)


def test_names_types_labels_and_help_are_the_tables():
    """Every metric is exported as metrics.yml says, in its order, and there is no other."""
    surface = Surface(FixedGauges())
    for event in (call(), call("timeout")):
        surface.observe(event)
    text = generate_latest(surface.registry).decode()
    helps = [line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# HELP ")]
    kinds = [line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# TYPE ")]
    assert helps == [[name, entry["help"]] for name, entry in TABLE.items()]
    assert kinds == [[name, entry["type"]] for name, entry in TABLE.items()]
    for family in text_string_to_metric_families(text):
        name = family.name + "_total" if family.type == "counter" else family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(TABLE[name]["labels"])


def test_buckets_are_the_tables():
    """The bounds are these, in order; the alert's 30 s is one of them."""
    assert list(LATENCY_BUCKETS_S) == TABLE["mana_llm_llm_latency_seconds"]["buckets"]
    assert 30 in LATENCY_BUCKETS_S


@pytest.mark.parametrize("status", TABLE["mana_llm_llm_errors_total"]["labels"]["error_type"])
def test_a_failed_attempt_is_a_request_and_an_error_without_a_latency(status):
    """What failed counts in both, so that one is a share of the other; it is no answer, and used nothing."""
    assert observe(call(status)) == {
        f"mana_llm_llm_requests_total{{{GEMMA}}}": 1,
        f'mana_llm_llm_errors_total{{error_type="{status}",{GEMMA}}}': 1,
    }


def test_an_answer_moves_requests_latency_and_tokens():
    """An answer is a request with a latency and tokens of two types, and no error."""
    assert observe(call(), call()) == {
        f"mana_llm_llm_requests_total{{{GEMMA}}}": 2,
        f"mana_llm_llm_latency_seconds_count{{{GEMMA}}}": 2,
        f"mana_llm_llm_latency_seconds_sum{{{GEMMA}}}": 62,
        f'mana_llm_tokens_total{{{GEMMA},type="prompt"}}': 20,
        f'mana_llm_tokens_total{{{GEMMA},type="completion"}}': 10,
    }


def test_an_answer_without_text_has_both_types():
    """A count of nothing is 0, not absent."""
    assert observe(call(completion_tokens=0))[f'mana_llm_tokens_total{{{GEMMA},type="completion"}}'] == 0


def test_tokens_of_a_broken_answer_are_not_lost():
    """A stream that broke off has used what it said until then."""
    samples = observe(call("network", prompt_tokens=7))
    assert samples[f'mana_llm_tokens_total{{{GEMMA},type="prompt"}}'] == 7
    assert f'mana_llm_tokens_total{{{GEMMA},type="completion"}}' not in samples


def test_other_events_move_nothing():
    """A routing decision is nothing that mana-llm counts; series are born when they are moved."""
    assert observe(RouteDecided(slot="fallback", provider="google", model="m", latency_s=0.1)) == {}


@dataclass
class Running:
    """A gateway before an Ollama that answers with `status` and a Google that answers well."""

    client: TestClient
    status: list[int]

    async def chat(self, path: str, **fields: object) -> tuple[int, str | None]:
        """Make a call; return the status and the provider that answered."""
        body = {"messages": [{"role": "user", "content": "hi"}]} | fields
        response = await self.client.post(path, headers=ADMIN, json=body)
        await response.read()
        return response.status, response.headers.get("X-Gateway-Provider")

    async def scrape(self) -> dict[str, float]:
        """Return mana-llm's samples without what takes time."""
        samples = read(await (await self.client.get("/metrics/mana_llm")).text())
        timed = ("_bucket", "_seconds_sum")
        return {name: value for name, value in samples.items() if not any(part in name for part in timed)}


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[Running]:
    """Yield a running gateway."""
    status = [200]

    async def ollama(_request: web.Request) -> web.Response:
        if status[0] != 200:
            return web.json_response({"error": "runner died"}, status=status[0])
        message = {"message": {"content": "hi"}, "done": True, "prompt_eval_count": 3, "eval_count": 2}
        return web.json_response(message)

    async def gemini(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                "candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 1},
            }
        )

    async with AsyncExitStack() as stack:
        urls = {}
        for name, path, handler in (
            ("ollama", "/api/chat", ollama),
            ("google", "/v1beta/models/{call}", gemini),
        ):
            app = web.Application()
            app.router.add_post(path, handler)
            server = TestServer(app)
            await server.start_server()
            stack.push_async_callback(server.close)
            urls[name] = str(server.make_url("")).rstrip("/")
        config = Config(speed=1, data_dir=tmp_path / "data", providers=urls)
        secrets = Secrets(admin_token="the-admin-token", provider_key="p")
        opened = await stack.enter_async_context(open_gateway(config, secrets, attach_surfaces))
        client = TestClient(TestServer(opened))
        await client.start_server()
        stack.push_async_callback(client.close)
        yield Running(client, status)


async def test_a_fallback_is_an_attempt_at_each_and_one_answer(gateway):
    """Behind its prefix an open choice is a local model's, and Google's when that fails."""
    path = "/mana_llm/v1/chat/completions"
    assert await gateway.chat(path) == (200, "ollama")
    gateway.status[0] = 500
    assert await gateway.chat(path, model="auto") == (200, "google")
    assert await gateway.scrape() == {
        f"mana_llm_llm_requests_total{{{GEMMA}}}": 2,
        f"mana_llm_llm_requests_total{{{GEMINI}}}": 1,
        f'mana_llm_llm_errors_total{{error_type="server_error",{GEMMA}}}': 1,
        f"mana_llm_llm_latency_seconds_count{{{GEMMA}}}": 1,
        f"mana_llm_llm_latency_seconds_count{{{GEMINI}}}": 1,
        f'mana_llm_tokens_total{{{GEMMA},type="prompt"}}': 3,
        f'mana_llm_tokens_total{{{GEMMA},type="completion"}}': 2,
        f'mana_llm_tokens_total{{{GEMINI},type="prompt"}}': 4,
        f'mana_llm_tokens_total{{{GEMINI},type="completion"}}': 1,
    }


async def test_other_prefixes_are_not_heard(gateway):
    """What comes under another system's prefix moves nothing here."""
    assert (await gateway.chat("/metis/v1/chat/completions", model="ollama:gemma3:12b"))[0] == 200
    assert await gateway.scrape() == {}
