"""Who may start a run of the predict API, how many and of which model, and how each request counts."""

from __future__ import annotations

import asyncio

import pytest
from support.predicting import OPERATOR_TOKEN, RUN, keep_waiting, list_outcomes, predict, until_ended

from alertdrill.gateway.runs import predict as predict_module
from alertdrill.gateway.runs.events import RunRejected, RunsInFlight


async def test_a_quota_that_is_used_up_is_the_tenants_limit(gateway):
    """It is rate limited and refused, but by no cap of runs."""
    token = await gateway.issue(id="t1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    assert (await predict(gateway, token, **RUN))[0] == 202
    status, problem = await predict(gateway, token, **RUN)
    assert (status, problem["error"]["code"]) == (429, "insufficient_quota")
    assert [ended.status for ended in await until_ended(gateway, 2)] == ["succeeded", "refused"]
    assert list_outcomes(gateway)[-1] == ("t1", "run", "rate_limited")
    assert gateway.heard(RunRejected) == []


@pytest.mark.parametrize("mode", ["status", "result", "logs", "cancel"])
async def test_a_run_is_its_tenants_own(gateway, mode):
    """Another tenant is told that there is no such run; another key of the same team is not."""
    mine, mates, theirs = [await gateway.issue(id=f"k{n}", team=team) for n, team in enumerate("aab")]
    _, run = await predict(gateway, mine, **RUN)
    assert (await predict(gateway, mates, mode=mode, run_id=run["run_id"]))[0] == 200
    status, problem = await predict(gateway, theirs, mode=mode, run_id=run["run_id"])
    assert (status, problem["error"]["code"]) == (404, "run_not_found")
    assert list_outcomes(gateway)[-2:] == [("a", mode, "ok"), ("b", mode, "bad_request")]


async def test_the_same_idempotency_key_starts_one_run(gateway, providers):
    """Even while the first step is under way, the second request is told of the first one's run."""
    gate = keep_waiting(providers["openai"])
    token = await gateway.issue(id="t1")
    first = asyncio.create_task(predict(gateway, token, **RUN, idempotency_key="once"))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    status, again = await predict(gateway, token, **RUN, idempotency_key="once")
    gate.set()
    assert (status, again["run_id"]) == (200, (await first)[1]["run_id"])
    assert len(providers["openai"].asked) == 1
    assert sorted(outcome for _, _, outcome in list_outcomes(gateway)) == ["idempotent_hit", "ok"]


async def test_an_idempotency_key_belongs_to_one_request_of_one_tenant(gateway):
    """Another request under it is a mistake; another tenant's is another run."""
    mine, theirs = await gateway.issue(id="t1"), await gateway.issue(id="t2")
    _, run = await predict(gateway, mine, **RUN, idempotency_key="once")
    status, problem = await predict(gateway, mine, **RUN, steps=2, idempotency_key="once")
    assert (status, problem["error"]["code"]) == (409, "idempotency_key_reused")
    status, other = await predict(gateway, theirs, **RUN, idempotency_key="once")
    assert (status, other["run_id"] == run["run_id"]) == (202, False)


async def test_a_sixth_run_at_once_is_refused(gateway, providers):
    """Five are in flight and the gauge says so; a slot is free as soon as one has ended."""
    gate = keep_waiting(providers["openai"], times=5)
    token = await gateway.issue(id="t1")
    asked = [asyncio.create_task(predict(gateway, token, **RUN)) for _ in range(5)]
    await gateway.until(lambda: len(providers["openai"].asked) == 5)
    status, problem = await predict(gateway, token, **RUN)
    assert (status, problem["error"]["code"]) == (429, "too_many_concurrent_runs")
    assert [(event.tenant, event.cap) for event in gateway.heard(RunRejected)] == [("t1", "concurrent")]
    gate.set()
    assert [status for status, _ in await asyncio.gather(*asked)] == [202] * 5
    assert (await predict(gateway, token, **RUN))[0] == 202
    runs = [event.runs for event in gateway.heard(RunsInFlight)]
    assert (max(runs), runs[-1]) == (5, 0)
    assert [outcome for _, _, outcome in list_outcomes(gateway)].count("rate_limited") == 1


async def test_runs_that_are_started_too_often_are_refused(gateway):
    """Ten at once are let through, the eleventh is not; another tenant is not concerned."""
    token, other = await gateway.issue(id="t1"), await gateway.issue(id="t2")
    statuses = [(await predict(gateway, token, **RUN))[0] for _ in range(11)]
    assert statuses == [202] * 10 + [429]
    assert [(event.tenant, event.cap) for event in gateway.heard(RunRejected)] == [("t1", "rate")]
    assert (await predict(gateway, other, **RUN))[0] == 202


async def test_a_model_that_is_not_on_the_allowlist_is_denied(gateway, providers):
    """403, and no provider is asked."""
    token, sandbox = await gateway.issue(id="t1"), await gateway.issue(id="t2", team="sandbox")
    for caller, model in ((token, "openai:gpt-4o"), (sandbox, "openai:o1")):
        status, problem = await predict(gateway, caller, **{**RUN, "model": model})
        assert (status, problem["error"]["code"]) == (403, "model_not_allowed")
    assert (await predict(gateway, sandbox, **{**RUN, "model": "o1-mini"}))[0] == 202
    assert [outcome for _, _, outcome in list_outcomes(gateway)] == [
        "denied_allowlist",
        "denied_allowlist",
        "ok",
    ]
    assert len(providers["openai"].asked) == 1


async def test_a_gateway_that_is_full_says_so(gateway, providers, monkeypatch):
    """Runs of all tenants together are bounded."""
    monkeypatch.setattr(predict_module, "MAX_IN_FLIGHT", 1)
    gate = keep_waiting(providers["openai"])
    first = asyncio.create_task(predict(gateway, OPERATOR_TOKEN, **RUN))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    token = await gateway.issue(id="t1")
    status, problem = await predict(gateway, token, **RUN)
    assert (status, problem["error"]["code"]) == (503, "overloaded")
    assert list_outcomes(gateway) == [("t1", "run", "error")]
    gate.set()
    await first


@pytest.mark.parametrize("token", [None, "guess"])
async def test_a_caller_without_a_key_is_turned_away_and_not_counted(gateway, token):
    """There is no tenant to count it for."""
    assert (await predict(gateway, token, **RUN))[0] == 401
    assert list_outcomes(gateway) == []


async def test_the_operator_is_a_tenant_of_its_own(gateway):
    """The admin token runs as `operator`."""
    assert (await predict(gateway, OPERATOR_TOKEN, **RUN))[0] == 202
    assert list_outcomes(gateway) == [("operator", "run", "ok")]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"5", b'{"mode": "walk"}', b'{"mode": ["run"]}'])
async def test_what_cannot_be_read_counts_as_a_run(gateway, raw):
    """A request whose mode is not known is a bad request of the mode that is the default."""
    token = await gateway.issue(id="t1")
    headers = {"Authorization": f"Bearer {token}"}
    response = await gateway.client.post("/v1/predict", headers=headers, data=raw)
    assert response.status == 400
    assert "error" in await response.json()
    assert list_outcomes(gateway) == [("t1", "run", "bad_request")]


async def test_every_request_is_told_of_once(gateway, providers):
    """Whatever becomes of it, a request of an admitted caller is one event."""
    token = await gateway.issue(id="t1")
    providers["openai"].fail("server_error")
    providers["ollama"].fail("server_error")
    sent = [
        {**RUN},
        {**RUN},
        {**RUN, "model": "gpt-99"},
        {"mode": "status"},
        {"mode": "logs", "run_id": "run-" + "0" * 32},
    ]
    for body in sent:
        await predict(gateway, token, **body)
    assert len(list_outcomes(gateway)) == len(sent)
