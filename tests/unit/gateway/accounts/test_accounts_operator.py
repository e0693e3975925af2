"""Accounts as the operator and their users see them, and as the database keeps them."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

import pytest
from support.accounts_prefix import ADMIN, CALL_CREDITS, open_prefix

from alertdrill.gateway.accounts.book import TRIAL_CREDITS, TRIAL_S, Account, AccountBook
from alertdrill.gateway.accounts.events import (
    AccountsCounted,
    BalanceSet,
    CacheLookedUp,
)
from alertdrill.gateway.accounts.store import AccountStore
from alertdrill.gateway.events import ConnectionsChanged, QueryFinished
from alertdrill.gateway.meter import unmeasured
from alertdrill.gateway.timing import RuleClock


async def test_the_operator_sees_and_changes_accounts(prefix):
    """A PUT changes what it names and nothing else; the counts follow."""
    put = await prefix.put_account("ann", plan="subscribed", credits=50, requests_per_minute=30)
    expected = {"user": "ann", "plan": "subscribed", "credits": 50.0, "requests_per_minute": 30}
    assert await put.json() == expected
    put = await prefix.put_account("ann", credits=60)
    shown = await prefix.client.get("/admin/accounts/ann", headers=ADMIN)
    assert await put.json() == await shown.json() == expected | {"credits": 60.0}
    await prefix.put_account("bob")
    assert prefix.heard(AccountsCounted)[-1] == AccountsCounted(
        trials_active=1, trials_expired=0, subscriptions=1
    )


async def test_only_the_operator_may(prefix):
    """401 without a token, 403 with a key."""
    token = await prefix.issue(id="k1")
    assert (await prefix.ask("PUT", "/admin/accounts/k1", None, {}, prefix="")).status == 401
    for method in ("GET", "PUT"):
        assert (await prefix.ask(method, "/admin/accounts/k1", token, {}, prefix="")).status == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"plan": "gold"},
        {"plan": ["trial"]},
        {"credits": -1},
        {"credits": True},
        {"credits": 1e12},
        {"requests_per_minute": 0},
        {"requests_per_minute": 1.5},
        {"balance": 3},
    ],
)
async def test_bad_accounts_are_refused(prefix, fields):
    """Status 400, and no account is made."""
    assert (await prefix.put_account("ann", **fields)).status == 400
    assert (await prefix.client.get("/admin/accounts/ann", headers=ADMIN)).status == 404


async def test_a_bad_user_is_refused(prefix):
    """A name that no key could have is none of a user."""
    assert (await prefix.put_account("a%20b")).status == 400


async def test_a_statement_is_cached(prefix):
    """A user without an account has none; then the database is asked once, until the operator changes it."""
    token = await prefix.issue(id="k1")
    assert (await prefix.ask("GET", "/v1/credits", token)).status == 404
    await prefix.put_account("k1", credits=5)
    for credits_ in (5, 5):
        statement = await (await prefix.ask("GET", "/v1/credits", token)).json()
        assert statement["credits"] == credits_
    looks = [look.is_hit for look in prefix.heard(CacheLookedUp) if look.cache == "statement"]
    assert looks == [False, False, True]
    await prefix.put_account("k1", credits=6)
    assert (await (await prefix.ask("GET", "/v1/credits", token)).json())["credits"] == 6


async def test_accounts_outlive_the_gateway(providers, tmp_path):
    """What was spent and what the operator set are there after a restart."""
    async with open_prefix(providers, tmp_path / "data") as prefix:
        token = await prefix.issue(id="k1")
        await prefix.put_account("k1", plan="subscribed", requests_per_minute=7)
        assert (await prefix.chat(token)).status == 200
    async with open_prefix(providers, tmp_path / "data") as prefix:
        shown = await (await prefix.client.get("/admin/accounts/k1", headers=ADMIN)).json()
        assert (shown["plan"], shown["requests_per_minute"]) == ("subscribed", 7)
        assert Decimal(str(shown["credits"])) == TRIAL_CREDITS - CALL_CREDITS
        assert prefix.heard(BalanceSet) == [BalanceSet(user="k1", balance=TRIAL_CREDITS - CALL_CREDITS)]


async def test_databases_are_measured(providers, tmp_path):
    """Each statement on keys, accounts and trace is told with its table, and gives its connection back."""
    async with open_prefix(providers, tmp_path / "data") as prefix:
        token = await prefix.issue(id="k1")
        assert (await prefix.chat(token)).status == 200
        await prefix.until(lambda: "events" in {query.table for query in prefix.heard(QueryFinished)})
    queries = {(query.table, query.operation) for query in prefix.heard(QueryFinished)}
    assert {("keys", "insert"), ("events", "insert"), ("accounts", "upsert")} <= queries
    assert all(query.latency_s > 0 for query in prefix.heard(QueryFinished))
    changes = prefix.heard(ConnectionsChanged)
    for kind in ("db", "provider"):
        assert [change.change for change in changes if change.kind == kind].count(1) > 0
        assert sum(change.change for change in changes if change.kind == kind) == 0


def test_a_trial_ends(tmp_path):
    """After fourteen days a trial is over, and is counted as such; a subscription is not."""
    now = [0.0]
    clock = RuleClock(1, monotonic=lambda: now[0], wall=lambda: now[0])
    events: list = []
    with closing(AccountStore(tmp_path / "a.db", unmeasured)) as store:
        book = AccountBook(store, clock, events.append)
        book.open("ann")
        book.put(
            Account(
                user="bob", plan="subscribed", credits=Decimal(1), requests_per_minute=1, trial_ends_s=0.0
            )
        )
        now[0] = TRIAL_S
        book.count()
    assert events[-1] == AccountsCounted(trials_active=0, trials_expired=1, subscriptions=1)
