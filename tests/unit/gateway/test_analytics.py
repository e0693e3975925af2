"""Spend by key, user and team from the trace, for the operator only."""

from __future__ import annotations

import asyncio

import pytest
from support.patience import PATIENCE_S
from support.running_gateway import ADMIN

from alertdrill.gateway.events import AuthFailed


async def get(gateway, path, headers=None):
    """Return status and document of an answer."""
    response = await gateway.client.get(path, headers=ADMIN if headers is None else headers)
    return response.status, await response.json()


async def until_traced(gateway, calls):
    """Wait until so many calls are in the trace, which is written in batches."""
    async with asyncio.timeout(PATIENCE_S):
        while (await get(gateway, "/analytics/cost"))[1].get("all", {}).get("calls") != calls:
            await asyncio.sleep(0.01)


GPT = {"calls": 1, "cost_usd": 0.0045}
ONE = {"calls": 1, "cost_usd": 0.0045, "models": {"openai:gpt-4o": GPT}}


@pytest.fixture
async def spent(gateway):
    """Return a gateway three callers of which have spent the same."""
    for fields in ({"id": "k1", "user": "ann", "team": "ops"}, {"id": "k2", "team": "ops"}):
        await gateway.chat(await gateway.issue(**fields), model="openai:gpt-4o")
    await gateway.chat("the-admin-token", model="openai:gpt-4o")
    await until_traced(gateway, 3)
    return gateway


async def test_spend_is_reported_by_key_user_and_team(spent):
    """Each report adds up what its name has spent, by model; calls without a key are on `null`."""
    two = {
        "calls": 2,
        "cost_usd": 0.009,
        "models": {"openai:gpt-4o": {"calls": 2, "cost_usd": 0.009}},
    }
    assert await get(spent, "/analytics/by_key?key=k1") == (200, {"k1": ONE})
    assert (await get(spent, "/analytics/by_key"))[1] == {"k1": ONE, "k2": ONE, "null": ONE}
    assert (await get(spent, "/analytics/by_user"))[1] == {"ann": ONE}
    assert (await get(spent, "/analytics/by_team?team=ops"))[1] == {"ops": two}
    assert (await get(spent, "/analytics/cost"))[1]["all"]["cost_usd"] == 0.0135
    assert (await get(spent, "/analytics/by_key?key=absent"))[1]["absent"]["calls"] == 0


async def test_what_is_older_is_left_out(spent):
    """Only calls of the last seconds are counted if that is asked for."""
    assert (await get(spent, "/analytics/cost?within_s=3600"))[1]["all"]["calls"] == 3
    assert (await get(spent, "/analytics/cost?within_s=0.000001"))[1] == {}


async def test_analytics_are_the_operators(spent):
    """A key is not let in; a request without a token, as the seed's curl is, is a failed authentication."""
    token = await spent.issue(id="k9")
    assert (await get(spent, "/analytics/cost", {"Authorization": f"Bearer {token}"}))[0] == 403
    assert (await get(spent, "/analytics/by_key?key=k1", {}))[0] == 401
    assert [event.reason for event in spent.heard(AuthFailed)] == ["missing_token"]


@pytest.mark.parametrize(
    "query", ["key=", f"key={'x' * 65}", "colour=red", "within_s=0", "within_s=nan", "within_s=soon"]
)
async def test_bad_queries_are_refused(gateway, query):
    """Each is a Problem that names the parameter."""
    status, document = await get(gateway, f"/analytics/by_key?{query}")
    assert status == 400
    assert document["error"]["param"] == query.partition("=")[0]
