"""Limits, usage and periods, with the clock in hand; and the ratio as the gateway reports it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.running_gateway import ADMIN

from alertdrill.gateway.events import QuotaExceeded, QuotaUsed
from alertdrill.gateway.quotas import Limit, Quotas

DAY_S = 86_400.0
KEY, TEAM = ("key", "k1"), ("team", "t1")


def limit(unit: str, period: str, amount: str) -> Limit:
    """Return a limit."""
    return Limit(unit=unit, period=period, amount=Decimal(amount))


def test_requests_are_refused_once_used_up():
    """A limit of two admits two."""
    quotas = Quotas()
    quotas.set_limits(KEY, (limit("requests", "day", "2"),))
    assert [quotas.admit([KEY], 0) for _ in range(3)] == [None, None, KEY]


def test_refused_requests_do_not_count():
    """What is refused for the team's sake is not counted for the key."""
    quotas = Quotas()
    quotas.set_limits(KEY, (limit("requests", "day", "2"),))
    quotas.set_limits(TEAM, (limit("requests", "day", "1"),))
    assert [quotas.admit([KEY, TEAM], 0) for _ in range(3)] == [None, TEAM, TEAM]
    assert quotas.ratio(KEY, 0) == 0.5


def test_ratio_is_the_largest_share_and_at_most_one():
    """Of several limits the tightest counts; overdrawn is 1."""
    quotas = Quotas()
    quotas.set_limits(KEY, (limit("usd", "day", "10"), limit("usd", "month", "100")))
    quotas.spend([KEY], Decimal("2.5"), 0)
    assert quotas.ratio(KEY, 0) == 0.25
    quotas.spend([KEY], Decimal(50), 0)
    assert quotas.ratio(KEY, 0) == 1


@pytest.mark.parametrize(("period", "length_s"), [("day", DAY_S), ("month", 30 * DAY_S)])
def test_period_ends_in_rule_time(period, length_s):
    """Usage is forgotten when the next period begins, not before."""
    quotas = Quotas()
    quotas.set_limits(KEY, (limit("requests", period, "1"),))
    quotas.admit([KEY], 0)
    assert quotas.admit([KEY], length_s - 1) == KEY
    assert quotas.admit([KEY], length_s) is None


def test_usage_counts_before_there_are_limits():
    """A limit that is set later sees what was used in its period."""
    quotas = Quotas()
    quotas.admit([KEY], 0)
    quotas.set_limits(KEY, (limit("requests", "day", "1"),))
    assert quotas.ratio(KEY, 0) == 1


def test_successor_inherits_limits_and_usage():
    """Rotating a key is no way round its quota."""
    quotas = Quotas()
    quotas.set_limits(KEY, (limit("requests", "day", "2"),))
    quotas.admit([KEY], 0)
    quotas.inherit(("key", "k2"), KEY)
    assert quotas.ratio(("key", "k2"), 0) == 0.5
    quotas.admit([("key", "k2")], 0)
    assert quotas.ratio(KEY, 0) == 0.5


async def test_each_limited_identity_reports_its_ratio(gateway):
    """After a call, the key's, the user's and the team's ratios are heard, of those that have limits."""
    dollars = {"limits": [{"unit": "usd", "period": "day", "limit": 0.009}]}
    requests = {"limits": [{"unit": "requests", "period": "month", "limit": 10}]}
    token = await gateway.issue(id="k1", user="u1", team="t1", **dollars)
    await gateway.client.put("/admin/limits/team/t1", headers=ADMIN, json=requests)
    gateway.events.clear()
    await gateway.chat(token, model="gpt-4o")
    assert gateway.heard(QuotaUsed) == [
        QuotaUsed(kind="key", identity="k1", ratio=0.5),
        QuotaUsed(kind="team", identity="t1", ratio=0.1),
    ]


async def test_team_quota_is_shared_by_its_keys(gateway, providers):
    """What one key of a team uses up, another cannot use."""
    first, second = await gateway.issue(team="t1"), await gateway.issue(team="t1")
    limits = {"limits": [{"unit": "usd", "period": "month", "limit": 0.0045}]}
    response = await gateway.client.put("/admin/limits/team/t1", headers=ADMIN, json=limits)
    assert response.status == 200
    assert (await gateway.chat(first, model="gpt-4o")).status == 200
    assert (await gateway.chat(second, model="gpt-4o", stream=True)).status == 429
    assert gateway.heard(QuotaExceeded) == [QuotaExceeded(kind="team", identity="t1")]
    assert len(providers["openai"].asked) == 1


async def test_raised_limit_takes_effect_at_once(gateway):
    """A refused key may call again as soon as its limit is raised, and the new ratio is heard."""
    token = await gateway.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    assert [(await gateway.chat(token)).status for _ in range(2)] == [200, 429]
    limits = {"limits": [{"unit": "requests", "period": "day", "limit": 4}]}
    await gateway.client.put("/admin/limits/key/k1", headers=ADMIN, json=limits)
    assert gateway.heard(QuotaUsed)[-1].ratio == 0.25
    assert (await gateway.chat(token)).status == 200


async def test_limits_outlive_the_process(start_gateway):
    """A gateway that starts again over its data directory knows the limits."""
    first = await start_gateway()
    await first.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    second = await start_gateway()
    (key,) = (await (await second.client.get("/admin/keys", headers=ADMIN)).json())["keys"]
    assert key["limits"] == [{"unit": "requests", "period": "day", "limit": 1.0}]


@pytest.mark.parametrize(
    "limits",
    [
        {"unit": "usd", "period": "day", "limit": 1},
        [{"unit": "eur", "period": "day", "limit": 1}],
        [{"unit": ["usd"], "period": "day", "limit": 1}],
        [{"unit": "usd", "period": "week", "limit": 1}],
        [{"unit": "usd", "period": ["day"], "limit": 1}],
        [{"unit": "usd", "period": "day", "limit": 0}],
        [{"unit": "usd", "period": "day", "limit": -1}],
        [{"unit": "usd", "period": "day", "limit": "1"}],
        [{"unit": "usd", "period": "day", "limit": True}],
        [{"unit": "usd", "period": "day", "limit": 1e300}],
        [{"unit": "usd", "period": "day", "limit": float("nan")}],
        [{"unit": "usd", "period": "day"}],
        [{"unit": "usd", "period": "day", "limit": 1}] * 5,
    ],
)
async def test_impossible_limits_are_refused(gateway, limits):
    """Limits have known units and periods, sensible amounts, and are few."""
    for method, path in (("POST", "/admin/keys"), ("PUT", "/admin/limits/user/u1")):
        response = await gateway.client.request(method, path, headers=ADMIN, json={"limits": limits})
        assert response.status == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [("key/nobody", 404), ("planet/earth", 404), ("user/%20", 400), ("team/" + "x" * 65, 400)],
)
async def test_limits_need_an_identity(gateway, path, status):
    """A key must exist, a kind be known, and a user's or a team's name be one."""
    response = await gateway.client.put(f"/admin/limits/{path}", headers=ADMIN, json={"limits": []})
    assert response.status == status
