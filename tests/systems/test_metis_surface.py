"""Metis's surface: its names, types, labels and buckets, and that each metric moves for its real reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from support.samples import read

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.events import (
    AuthFailed,
    AuthReason,
    CallFinished,
    ErrorClass,
    IdentityKind,
    KeyIssued,
    QuotaExceeded,
    QuotaUsed,
    RouteDecided,
    Slot,
)
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.sessions.events import (
    EmbeddingRead,
    EvalCompleted,
    EvalFailed,
    JudgeKind,
    SessionEnded,
    SessionOpened,
    SubjectKind,
    ToolCalled,
    ToolCompleted,
    ToolErrorClass,
    ToolFailed,
)
from alertdrill.gateway.sessions.patterns import FINGERPRINT_VERSION
from alertdrill.systems import find_systems
from alertdrill.systems.metis.surface import (
    CALL_BUCKETS_S,
    JOB,
    MAX_OPEN_CALLS,
    ROUTING_BUCKETS_S,
    TOOL_BUCKETS_S,
    Surface,
)

ADMIN = {"Authorization": "Bearer the-admin-token"}
MODEL = {"provider", "model"}
METRICS = {
    "metis_llm_calls_total": ("counter", MODEL | {"status"}),
    "metis_llm_call_errors_total": ("counter", MODEL | {"error_class"}),
    "metis_llm_call_latency_seconds": ("histogram", MODEL),
    "metis_llm_cost_usd_total": ("counter", MODEL),
    "metis_gateway_key_cost_usd_total": ("counter", {"gateway_key_id"}),
    "metis_routing_decisions_total": ("counter", {"winning_slot", "chosen_model"}),
    "metis_routing_decision_latency_seconds": ("histogram", set()),
    "metis_gateway_auth_failures_total": ("counter", {"reason"}),
    "metis_gateway_keys_active": ("gauge", set()),
    "metis_gateway_keys_revoked": ("gauge", set()),
    "metis_quota_used_ratio": ("gauge", {"identity_kind", "identity_id"}),
    "metis_trace_wal_bytes": ("gauge", set()),
    "metis_session_count": ("gauge", set()),
    "metis_tool_call_latency_seconds": ("histogram", {"tool_name"}),
    "metis_tool_failures_total": ("counter", {"tool_name", "error_class"}),
    "metis_eval_verdicts_total": ("counter", {"judge_kind", "subject_kind"}),
    "metis_pattern_matches_total": ("counter", {"chose_model", "fingerprint_version"}),
    "metis_pattern_embedding_cache_hit_ratio": ("gauge", {"workspace_id"}),
}
BORN_AT_START = {
    "metis_session_count",
    "metis_gateway_auth_failures_total",
    "metis_gateway_keys_active",
    "metis_gateway_keys_revoked",
    "metis_trace_wal_bytes",
    "metis_routing_decision_latency_seconds_sum",
    "metis_routing_decision_latency_seconds_count",
    "metis_routing_decision_latency_seconds_bucket",
}
MATCHED = RouteDecided(
    slot="pattern_store", provider="openai", model="gpt-4o", latency_s=0.001, fingerprint_version="v2"
)
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


def call(status: str = "ok", **fields: object) -> CallFinished:
    """Return a finished call."""
    given = {
        "provider": "openai",
        "model": "gpt-4o",
        "key_id": "k1",
        "status": status,
        "latency_s": 31.0,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cost_usd": Decimal("0.25") if status == "ok" else Decimal(0),
    }
    return CallFinished(**(given | fields))


def expose(surface: Surface) -> str:
    """Return a surface's exposition."""
    return generate_latest(surface.registry).decode()


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events."""
    surface = Surface(Fixed())
    for event in events:
        surface.observe(event)
    return read(expose(surface))


def test_metis_is_found_by_its_folder():
    """Its folder alone makes it a system, with the scrape job that its operators know."""
    systems = {system.name: system for system in find_systems()}
    assert (systems["metis"].job, systems["metis"].surface) == (JOB, Surface) == ("metis-gateway", Surface)
    assert (systems["metis"].folder / "surface.py").is_file()


def test_names_types_and_labels():
    """Every metric has its name, type and labels, and there is no other."""
    surface = Surface(Fixed())
    for event in (
        call(),
        call("timeout"),
        RouteDecided(slot="fallback", provider="openai", model="gpt-4o", latency_s=0.001),
        QuotaUsed(kind="key", identity="k1", ratio=0.5),
        MATCHED,
        ToolCalled(call_id=1, tool_name="clock"),
        ToolFailed(call_id=1, latency_s=0.1, error_class="invalid_arguments"),
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=False),
        EmbeddingRead(workspace="w1", hit_ratio=0.5),
    ):
        surface.observe(event)
    seen = {}
    for line in expose(surface).splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            seen[name] = kind
    assert seen == {name: kind for name, (kind, _) in METRICS.items()}
    for family in text_string_to_metric_families(expose(surface)):
        name = family.name + "_total" if family.type == "counter" else family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == METRICS[name][1]


def test_the_table_says_what_is_exported():
    """metrics.yml has every metric: type, labels, buckets, help, and every value of a closed label."""
    table = YAML(typ="safe").load((find_folder() / "metrics.yml").read_text())
    assert {entry["name"]: (entry["type"], set(entry["labels"])) for entry in table} == METRICS
    exposition = expose(Surface(Fixed()))
    helps = dict(line.split(" ", 3)[2:] for line in exposition.splitlines() if line.startswith("# HELP "))
    assert {entry["name"]: entry["help"] for entry in table} == helps
    by_name = {entry["name"]: entry for entry in table}
    for name, bounds in (
        ("metis_llm_call_latency_seconds", CALL_BUCKETS_S),
        ("metis_routing_decision_latency_seconds", ROUTING_BUCKETS_S),
        ("metis_tool_call_latency_seconds", TOOL_BUCKETS_S),
    ):
        assert tuple(by_name[name]["buckets"]) == bounds
    for name, label, values in (
        ("metis_llm_calls_total", "status", ("ok", *get_args(ErrorClass))),
        ("metis_llm_call_errors_total", "error_class", get_args(ErrorClass)),
        ("metis_routing_decisions_total", "winning_slot", get_args(Slot)),
        ("metis_tool_failures_total", "error_class", get_args(ToolErrorClass)),
        ("metis_gateway_auth_failures_total", "reason", get_args(AuthReason)),
        ("metis_quota_used_ratio", "identity_kind", get_args(IdentityKind)),
        ("metis_eval_verdicts_total", "judge_kind", get_args(JudgeKind)),
        ("metis_eval_verdicts_total", "subject_kind", get_args(SubjectKind)),
        ("metis_pattern_matches_total", "fingerprint_version", (FINGERPRINT_VERSION,)),
    ):
        assert tuple(by_name[name]["labels"][label]) == values


def find_folder() -> Path:
    """Return Metis's folder."""
    return next(system.folder for system in find_systems() if system.name == "metis")


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        (
            "metis_llm_call_latency_seconds",
            "0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 30.0 60.0 120.0 +Inf",
        ),
        ("metis_tool_call_latency_seconds", "0.01 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 30.0 +Inf"),
        (
            "metis_routing_decision_latency_seconds",
            "5e-05 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.5 1.0 +Inf",
        ),
    ],
)
def test_buckets(name, bounds):
    """The buckets' bounds are these, in order; 30 s, the threshold of the alert, is one of them."""
    surface = Surface(Fixed())
    surface.observe(call())
    surface.observe(ToolCompleted(call_id=1, latency_s=1.0))
    families = {family.name: family for family in text_string_to_metric_families(expose(surface))}
    assert (
        " ".join(sample.labels["le"] for sample in families[name].samples if "le" in sample.labels) == bounds
    )


def test_series_are_born_when_they_are_first_moved():
    """At the start there are the label-less metrics and the three reasons, at 0; issuing a key adds none."""
    samples = observe(KeyIssued(key_id="k1"))
    assert {name.partition("{")[0] for name in samples} == BORN_AT_START
    reasons = {name: value for name, value in samples.items() if "reason" in name}
    assert reasons == {
        f'metis_gateway_auth_failures_total{{reason="{reason}"}}': 0
        for reason in ("missing_token", "invalid_token", "key_revoked")
    }


def test_good_call_moves_its_counters():
    """A good call counts as ok, has a latency and costs its model and its key; it is no error."""
    before, after = observe(), observe(call(), call())
    moved = {
        name: value for name, value in after.items() if before.get(name) != value and "bucket" not in name
    }
    labels = 'model="gpt-4o",provider="openai"'
    assert moved == {
        f'metis_llm_calls_total{{{labels},status="ok"}}': 2,
        f"metis_llm_call_latency_seconds_count{{{labels}}}": 2,
        f"metis_llm_call_latency_seconds_sum{{{labels}}}": 62,
        f"metis_llm_cost_usd_total{{{labels}}}": 0.5,
        'metis_gateway_key_cost_usd_total{gateway_key_id="k1"}': 0.5,
    }


def test_failed_call_moves_its_counters():
    """A failed call counts by its class in both counters, has a latency, and costs nothing."""
    before, after = observe(), observe(call("rate_limit"))
    moved = {
        name: value for name, value in after.items() if before.get(name) != value and "bucket" not in name
    }
    labels = 'model="gpt-4o",provider="openai"'
    assert moved == {
        f'metis_llm_calls_total{{{labels},status="rate_limit"}}': 1,
        f'metis_llm_call_errors_total{{error_class="rate_limit",{labels}}}': 1,
        f"metis_llm_call_latency_seconds_count{{{labels}}}": 1,
        f"metis_llm_call_latency_seconds_sum{{{labels}}}": 31,
    }


def test_failed_call_that_was_charged_costs():
    """What a broken answer cost is not lost."""
    samples = observe(call("network", cost_usd=Decimal("0.125")))
    assert samples['metis_gateway_key_cost_usd_total{gateway_key_id="k1"}'] == 0.125


def test_free_call_is_born_at_nothing():
    """A model without a price has a cost of 0, not none."""
    samples = observe(call(cost_usd=Decimal(0)))
    assert samples['metis_llm_cost_usd_total{model="gpt-4o",provider="openai"}'] == 0


def test_calls_without_a_key_are_nobodys():
    """Traffic without a key is put on `null`."""
    assert observe(call(key_id=None))['metis_gateway_key_cost_usd_total{gateway_key_id="null"}'] == 0.25


def test_latency_falls_into_its_bucket():
    """31 s is above the bound of 30 and below that of 60."""
    samples = observe(call())
    counts = [
        samples[f'metis_llm_call_latency_seconds_bucket{{le="{bound}",model="gpt-4o",provider="openai"}}']
        for bound in ("30.0", "60.0")
    ]
    assert counts == [0, 1]


def test_routing_decisions_are_counted_by_slot_and_model():
    """A decision counts for its slot and for the model with its provider, two of which share a name."""
    samples = observe(
        RouteDecided(slot="key_pin", provider="ollama", model="deepseek-r1", latency_s=0.0004),
        RouteDecided(slot="fallback", provider="openrouter", model="deepseek-r1", latency_s=0.0006),
    )
    decided = {name: value for name, value in samples.items() if "decisions" in name}
    assert decided == {
        'metis_routing_decisions_total{chosen_model="ollama:deepseek-r1",winning_slot="key_pin"}': 1,
        'metis_routing_decisions_total{chosen_model="openrouter:deepseek-r1",winning_slot="fallback"}': 1,
    }
    assert samples['metis_routing_decision_latency_seconds_bucket{le="0.0005"}'] == 1
    assert samples["metis_routing_decision_latency_seconds_sum"] == pytest.approx(0.001)


def test_auth_failures_are_counted_by_reason():
    """Each reason has its own count."""
    samples = observe(*[AuthFailed(reason="key_revoked", token_hash_prefix="0a")] * 3)
    assert samples['metis_gateway_auth_failures_total{reason="key_revoked"}'] == 3
    assert samples['metis_gateway_auth_failures_total{reason="invalid_token"}'] == 0


def test_quota_ratio_is_the_most_recent_and_pinned_when_exceeded():
    """The gauge follows the identity's ratio, and stands at 1 once a request was refused."""
    used = QuotaUsed(kind="team", identity="t1", ratio=0.75)
    series = 'metis_quota_used_ratio{identity_id="t1",identity_kind="team"}'
    assert observe(used)[series] == 0.75
    assert observe(used, QuotaExceeded(kind="team", identity="t1"))[series] == 1
    assert observe(QuotaExceeded(kind="team", identity="t1"), used)[series] == 0.75


def test_sessions_are_counted_while_they_are_in_memory():
    """The gauge goes up as sessions open and down as they end, for whatever reason."""
    opened = SessionOpened(workspace="w1")
    ended = [SessionEnded(workspace="w1", reason=reason) for reason in ("closed", "idle")]
    assert observe(opened, opened, opened)["metis_session_count"] == 3
    assert observe(opened, opened, opened, *ended)["metis_session_count"] == 1


def test_tools_are_named_by_their_earlier_call():
    """How a call ends does not say which tool it was: the surface knows it from how the call began."""
    samples = observe(
        ToolCalled(call_id=1, tool_name="clock"),
        ToolCalled(call_id=2, tool_name="wait"),
        ToolFailed(call_id=2, latency_s=5.0, error_class="timeout"),
        ToolCompleted(call_id=1, latency_s=0.25),
    )
    counts = {
        name: value
        for name, value in samples.items()
        if "metis_tool" in name and "bucket" not in name and "sum" not in name
    }
    assert counts == {
        'metis_tool_call_latency_seconds_count{tool_name="clock"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="wait"}': 1,
        'metis_tool_failures_total{error_class="timeout",tool_name="wait"}': 1,
    }
    assert samples['metis_tool_call_latency_seconds_sum{tool_name="wait"}'] == 5


def test_the_memory_of_open_tool_calls_is_bounded():
    """Of more calls than it remembers, the oldest ends as that of an unknown tool, and is still counted."""
    samples = observe(
        *[ToolCalled(call_id=number, tool_name="clock") for number in range(MAX_OPEN_CALLS + 1)],
        ToolCompleted(call_id=0, latency_s=0.1),
        ToolCompleted(call_id=1, latency_s=0.1),
    )
    counts = {name: value for name, value in samples.items() if "latency_seconds_count{tool" in name}
    assert counts == {
        'metis_tool_call_latency_seconds_count{tool_name="unknown"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="clock"}': 1,
    }


def test_only_completed_evaluations_are_verdicts():
    """A judge that came to no verdict is not counted, whatever a verdict says is."""
    samples = observe(
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=True),
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=False),
        EvalFailed(judge_kind="model", subject_kind="turn"),
        EvalFailed(judge_kind="heuristic", subject_kind="session"),
    )
    verdicts = {name: value for name, value in samples.items() if "verdicts" in name}
    assert verdicts == {'metis_eval_verdicts_total{judge_kind="model",subject_kind="turn"}': 2}


def test_only_wins_of_the_pattern_store_are_matches():
    """A decision counts as a match, too, if the pattern store won it; any other does not."""
    other = RouteDecided(slot="global_default", provider="openai", model="gpt-4o", latency_s=0.001)
    samples = observe(MATCHED, other)
    matches = {name: value for name, value in samples.items() if "matches" in name}
    assert matches == {'metis_pattern_matches_total{chose_model="openai:gpt-4o",fingerprint_version="v2"}': 1}
    decided = [value for name, value in samples.items() if "decisions_total" in name]
    assert decided == [1, 1]


def test_hit_ratio_is_the_most_recent_of_each_workspace():
    """The gauge follows each workspace's own cache."""
    samples = observe(
        EmbeddingRead(workspace="w1", hit_ratio=0.0),
        EmbeddingRead(workspace="w2", hit_ratio=0.0),
        EmbeddingRead(workspace="w1", hit_ratio=0.5),
    )
    name = "metis_pattern_embedding_cache_hit_ratio"
    assert {samples[f'{name}{{workspace_id="{workspace}"}}'] for workspace in ("w1", "w2")} == {0.5, 0.0}


def test_state_is_polled_at_each_scrape():
    """Keys and the write-ahead log are read when Prometheus asks."""
    samples = observe()
    names = ("metis_gateway_keys_active", "metis_gateway_keys_revoked", "metis_trace_wal_bytes")
    assert [samples[name] for name in names] == [3, 2, 4096]


@dataclass
class Running:
    """A gateway with Metis's surface, before a provider that answers as `answers` says, else well."""

    client: TestClient
    answers: list[web.Response]
    data_dir: Path

    async def scrape(self) -> dict[str, float]:
        """Return Metis's samples."""
        response = await self.client.get("/metrics/metis")
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(await response.text())

    async def chat(self, token: str, model: str) -> int:
        """Make a call; return the status."""
        response = await self.client.post(
            "/v1/chat/completions",
            headers={"Authorization": f"Bearer {token}"},
            json={"model": model, "messages": [{"role": "user", "content": "hi"}]},
        )
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
        yield Running(client, answers, config.data_dir)


async def test_counters_agree_with_the_requests_that_were_sent(gateway):
    """Calls, errors, costs and failures of a session add up to what was sent, key by key."""
    for key_id in ("k1", "k2"):
        response = await gateway.client.post("/admin/keys", headers=ADMIN, json={"id": key_id})
        token = (await response.json())["token"]
        for _ in range(2):
            assert await gateway.chat(token, "openai:gpt-4o") == 200
    gateway.answers[:] = [web.Response(status=429), web.Response(status=500), web.Response(status=401)]
    statuses = [await gateway.chat("the-admin-token", "openai:gpt-4o") for _ in range(3)]
    assert statuses == [429, 502, 503]
    assert await gateway.chat("the-admin-token", "openrouter:mixtral-8x22b") == 200
    assert await gateway.chat(token, "gpt-99") == 404
    assert await gateway.chat("guess", "openai:gpt-4o") == 401
    assert (await gateway.client.post("/admin/keys/k2/revoke", headers=ADMIN)).status == 200
    assert await gateway.chat(token, "openai:gpt-4o") == 401
    samples = await gateway.scrape()
    other = "openrouter:mixtral-8x22b"
    gpt, mixtral = 'model="gpt-4o",provider="openai"', 'model="mixtral-8x22b",provider="openrouter"'
    expected = {
        f'metis_llm_calls_total{{{gpt},status="ok"}}': 4,
        f'metis_llm_calls_total{{{gpt},status="rate_limit"}}': 1,
        f'metis_llm_calls_total{{{gpt},status="server_error"}}': 1,
        f'metis_llm_calls_total{{{gpt},status="auth"}}': 1,
        f'metis_llm_calls_total{{{mixtral},status="ok"}}': 1,
        f'metis_llm_call_errors_total{{error_class="rate_limit",{gpt}}}': 1,
        f'metis_llm_call_errors_total{{error_class="server_error",{gpt}}}': 1,
        f'metis_llm_call_errors_total{{error_class="auth",{gpt}}}': 1,
        f"metis_llm_call_latency_seconds_count{{{gpt}}}": 7,
        f"metis_llm_call_latency_seconds_count{{{mixtral}}}": 1,
        f"metis_llm_cost_usd_total{{{gpt}}}": pytest.approx(0.018),
        f"metis_llm_cost_usd_total{{{mixtral}}}": pytest.approx(0.00108),
        'metis_gateway_key_cost_usd_total{gateway_key_id="k1"}': pytest.approx(0.009),
        'metis_gateway_key_cost_usd_total{gateway_key_id="k2"}': pytest.approx(0.009),
        'metis_gateway_key_cost_usd_total{gateway_key_id="null"}': pytest.approx(0.00108),
        'metis_routing_decisions_total{chosen_model="openai:gpt-4o",winning_slot="explicit_model"}': 7,
        f'metis_routing_decisions_total{{chosen_model="{other}",winning_slot="explicit_model"}}': 1,
        "metis_routing_decision_latency_seconds_count": 8,
        'metis_gateway_auth_failures_total{reason="missing_token"}': 0,
        'metis_gateway_auth_failures_total{reason="invalid_token"}': 1,
        'metis_gateway_auth_failures_total{reason="key_revoked"}': 1,
        "metis_gateway_keys_active": 1,
        "metis_gateway_keys_revoked": 1,
        "metis_session_count": 0,
    }
    timed = ("_bucket", "latency_seconds_sum", "wal_bytes")
    assert {
        name: value for name, value in samples.items() if not any(part in name for part in timed)
    } == expected


async def test_quota_gauge_follows_a_key_to_its_end(gateway):
    """The gauge rises call by call and stands at 1 when the key is refused."""
    limits = [{"unit": "requests", "period": "day", "limit": 2}]
    response = await gateway.client.post("/admin/keys", headers=ADMIN, json={"id": "k1", "limits": limits})
    token = (await response.json())["token"]
    series = 'metis_quota_used_ratio{identity_id="k1",identity_kind="key"}'
    ratios = []
    for status in (200, 200, 429):
        assert await gateway.chat(token, "openai:gpt-4o") == status
        ratios.append((await gateway.scrape())[series])
    assert ratios == [0.5, 1, 1]


async def test_wal_gauge_is_the_files_size(gateway):
    """The gauge is the size of the log that is there."""
    wal = gateway.data_dir / "trace.db-wal"
    shown = (await gateway.scrape())["metis_trace_wal_bytes"]
    assert shown == wal.stat().st_size > 0


async def test_all_systems_share_one_exposition(gateway):
    """/metrics has what each /metrics/<system> has."""
    whole = read(await (await gateway.client.get("/metrics")).text())
    assert set(await gateway.scrape()) <= set(whole)


async def test_session_metrics_agree_with_what_was_done(gateway):
    """A session of two turns, with three tools, two evaluations and a pattern, moves each metric so."""

    async def ask(method: str, path: str, **body: object) -> dict:
        response = await gateway.client.request(method, path, headers=ADMIN, json=body)
        assert response.status in (200, 201), await response.text()
        return await response.json()

    await ask("PUT", "/v1/workspaces/w1")
    path = f"/v1/sessions/{(await ask('POST', '/v1/sessions', workspace='w1'))['id']}"
    tools = [{"name": "clock"}, {"name": "calculator", "arguments": {"expression": "1/0"}}, {"name": "saw"}]
    await ask("POST", f"{path}/turns", text="Explain", model="openai:gpt-4o")
    await ask("POST", f"{path}/turns/0/evaluations")
    await ask("POST", f"{path}/turns", text="Explain", tools=tools)
    await ask("POST", f"{path}/evaluations", judge="model", model="openai:gpt-4o")
    samples = await gateway.scrape()
    new = ("session", "tool", "eval", "pattern")
    assert {
        name: value
        for name, value in samples.items()
        if any(part in name for part in new) and not any(part in name for part in ("_bucket", "_sum"))
    } == {
        "metis_session_count": 1,
        'metis_tool_call_latency_seconds_count{tool_name="clock"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="calculator"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="unknown"}': 1,
        'metis_tool_failures_total{error_class="execution_error",tool_name="calculator"}': 1,
        'metis_tool_failures_total{error_class="unknown_tool",tool_name="unknown"}': 1,
        'metis_eval_verdicts_total{judge_kind="heuristic",subject_kind="turn"}': 1,
        'metis_eval_verdicts_total{judge_kind="model",subject_kind="session"}': 1,
        'metis_routing_decisions_total{chosen_model="openai:gpt-4o",winning_slot="pattern_store"}': 1,
        'metis_pattern_matches_total{chose_model="openai:gpt-4o",fingerprint_version="v2"}': 1,
        'metis_pattern_embedding_cache_hit_ratio{workspace_id="w1"}': 0.5,
    }


@pytest.mark.parametrize(("opened", "closed", "between"), [("metis", "aside", 1), ("aside", "metis", 0)])
async def test_a_session_ends_for_those_who_heard_of_its_opening(gateway, opened, closed, between):
    """Whichever prefix a session is closed under, the gauge comes back to where it was."""
    await gateway.client.put("/v1/workspaces/w1", headers=ADMIN, json={})
    response = await gateway.client.post(f"/{opened}/v1/sessions", headers=ADMIN, json={"workspace": "w1"})
    session = (await response.json())["id"]
    assert (await gateway.scrape())["metis_session_count"] == between
    assert (await gateway.client.delete(f"/{closed}/v1/sessions/{session}", headers=ADMIN)).status == 200
    assert (await gateway.scrape())["metis_session_count"] == 0
