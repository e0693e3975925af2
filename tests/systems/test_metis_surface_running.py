"""Metis's metrics agree with the requests that were sent to a running gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from support.samples import read
from support.surfaced_gateway import ADMIN, SurfacedGateway, open_surfaced_gateway


async def chat(gateway: SurfacedGateway, token: str, model: str) -> int:
    """Make a call; return the status."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return await gateway.send("POST", "/v1/chat/completions", token, body)


@pytest.fixture
async def gateway(tmp_path) -> AsyncIterator[SurfacedGateway]:
    """Yield a running gateway."""
    async with open_surfaced_gateway(tmp_path / "data") as opened:
        yield opened


async def test_counters_agree_with_the_requests_that_were_sent(gateway):
    """Calls, errors, costs and failures of a session add up to what was sent, key by key."""
    for key_id in ("k1", "k2"):
        response = await gateway.client.post("/admin/keys", headers=ADMIN, json={"id": key_id})
        token = (await response.json())["token"]
        for _ in range(2):
            assert await chat(gateway, token, "openai:gpt-4o") == 200
    gateway.answers[:] = [web.Response(status=429), web.Response(status=500), web.Response(status=401)]
    statuses = [await chat(gateway, "the-admin-token", "openai:gpt-4o") for _ in range(3)]
    assert statuses == [429, 502, 503]
    assert await chat(gateway, "the-admin-token", "openrouter:mixtral-8x22b") == 200
    assert await chat(gateway, token, "gpt-99") == 404
    assert await chat(gateway, "guess", "openai:gpt-4o") == 401
    assert (await gateway.client.post("/admin/keys/k2/revoke", headers=ADMIN)).status == 200
    assert await chat(gateway, token, "openai:gpt-4o") == 401
    samples = await gateway.scrape("metis")
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
        assert await chat(gateway, token, "openai:gpt-4o") == status
        ratios.append((await gateway.scrape("metis"))[series])
    assert ratios == [0.5, 1, 1]


async def test_wal_gauge_is_the_files_size(gateway):
    """The gauge is the size of the log that is there."""
    wal = gateway.data_dir / "trace.db-wal"
    shown = (await gateway.scrape("metis"))["metis_trace_wal_bytes"]
    assert shown == wal.stat().st_size > 0


async def test_all_systems_share_one_exposition(gateway):
    """/metrics has what each /metrics/<system> has."""
    whole = read(await (await gateway.client.get("/metrics")).text())
    assert set(await gateway.scrape("metis")) <= set(whole)


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
    samples = await gateway.scrape("metis")
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
    assert (await gateway.scrape("metis"))["metis_session_count"] == between
    assert (await gateway.client.delete(f"/{closed}/v1/sessions/{session}", headers=ADMIN)).status == 200
    assert (await gateway.scrape("metis"))["metis_session_count"] == 0
