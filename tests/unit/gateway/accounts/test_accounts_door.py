"""What stands in the way of calls under Gatewayz's prefix, and of no others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal

import pytest
from support.accounts_door import ADMIN, MODEL, Prefix, open_door
from support.fake_providers import STREAMED, WHOLE, hold

from alertdrill.gateway.accounts.book import TRIAL_CREDITS, TRIAL_S, Account, AccountBook
from alertdrill.gateway.accounts.events import (
    AccountsCounted,
    BalanceSet,
    CacheLookedUp,
    CreditsSpent,
    ProviderChecked,
    QueueChanged,
    RateLimitChecked,
)
from alertdrill.gateway.accounts.slots import SLOTS
from alertdrill.gateway.accounts.store import AccountStore
from alertdrill.gateway.events import CallFinished, ConnectionsChanged, QueryFinished
from alertdrill.gateway.meter import unmeasured
from alertdrill.gateway.timing import RuleClock

CALL_CREDITS = Decimal("0.32")
"""1000 prompt tokens of mistral-large at 2 USD per million and 200 at 6 USD are 0.0032 USD."""


@pytest.fixture
async def prefix(providers, tmp_path) -> AsyncIterator[Prefix]:
    """Yield a gateway with Gatewayz's prefix."""
    async with open_door(providers, tmp_path / "data") as opened:
        yield opened


async def test_a_call_is_charged_to_its_user(prefix):
    """100 credits are a dollar; the account is opened by the first call, as a trial with credits."""
    token = await prefix.issue(id="k1", user="ann")
    assert (await prefix.chat(token)).status == 200
    assert prefix.heard(BalanceSet) == [BalanceSet(user="ann", balance=TRIAL_CREDITS)]
    (spent,) = prefix.heard(CreditsSpent)
    assert (spent.user, spent.model, spent.credits) == ("ann", "mistral-large", CALL_CREDITS)
    assert spent.balance == TRIAL_CREDITS - CALL_CREDITS


async def test_streams_are_charged_too(prefix):
    """A stream costs what a whole answer costs; its text and its end arrive."""
    token = await prefix.issue(id="k1")
    text = await (await prefix.chat(token, stream=True)).text()
    assert '"content": "there"' in text.replace('":"', '": "')
    assert text.endswith("data: [DONE]\n\n")
    assert [spent.credits for spent in prefix.heard(CreditsSpent)] == [CALL_CREDITS]


@pytest.mark.parametrize("other", ["", "/metis"])
async def test_nothing_of_it_is_met_elsewhere(prefix, providers, other):
    """Under another prefix, or none: no charge, no limit, no cache, no 402, and no account."""
    token = await prefix.issue(id="k1")
    await prefix.put_account("k1", credits=0, requests_per_minute=1)
    for _ in range(3):
        assert (await prefix.chat(token, prefix=other, temperature=0)).status == 200
    assert len(providers["openrouter"].asked) == 3
    for kind in (CreditsSpent, RateLimitChecked, CacheLookedUp):
        assert prefix.heard(kind) == []


async def test_the_operator_has_no_account(prefix):
    """The operator's calls are answered, and charged to nobody."""
    assert (await prefix.chat("the-admin-token")).status == 200
    assert prefix.heard(CreditsSpent) == prefix.heard(RateLimitChecked) == []


async def test_without_credits_a_user_is_refused(prefix, providers):
    """402 at a balance of 0, until the operator tops it up; the provider is not asked."""
    token = await prefix.issue(id="k1")
    await prefix.put_account("k1", credits=0.3)
    assert (await prefix.chat(token)).status == 200  # it may overdraw, since nobody knows its cost before
    refused = await prefix.chat(token)
    assert refused.status == 402
    assert (await refused.json())["error"]["code"] == "insufficient_credits"
    assert len(providers["openrouter"].asked) == 1
    await prefix.put_account("k1", credits=10)
    assert (await prefix.chat(token)).status == 200


async def test_past_its_rate_a_key_is_refused(prefix, providers):
    """429 with the seconds to wait; another key goes on, and what is left is told."""
    one, two = await prefix.issue(id="one"), await prefix.issue(id="two")
    await prefix.put_account("one", requests_per_minute=1)
    assert (await prefix.chat(one)).status == 200
    refused = await prefix.chat(one, stream=True)
    assert refused.status == 429
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert (await refused.json())["error"]["code"] == "rate_limited"
    assert (await prefix.chat(two)).status == 200
    assert [(check.key_id, check.is_limited) for check in prefix.heard(RateLimitChecked)] == [
        ("one", False),
        ("one", True),
        ("two", False),
    ]
    assert len(providers["openrouter"].asked) == 2


async def test_the_same_question_is_answered_from_the_cache(prefix, providers):
    """Only at temperature 0 and unstreamed, only the same user's, and for nothing."""
    ann, bob = await prefix.issue(id="a", user="ann"), await prefix.issue(id="b", user="bob")
    first = await (await prefix.chat(ann, temperature=0)).json()
    again = await (await prefix.chat(ann, temperature=0)).json()
    assert first["choices"] == again["choices"]
    assert len(providers["openrouter"].asked) == len(prefix.heard(CreditsSpent)) == 1
    assert [look.is_hit for look in prefix.heard(CacheLookedUp)] == [False, True]
    for token, fields in (
        (bob, {"temperature": 0}),
        (ann, {"temperature": 0, "max_tokens": 7}),
        (ann, {"temperature": 0, "stream": True}),
        (ann, {"temperature": 1}),
        (ann, {}),
    ):
        asked = len(providers["openrouter"].asked)
        assert (await prefix.chat(token, **fields)).status == 200
        assert len(providers["openrouter"].asked) == asked + 1, fields


async def test_what_the_fallback_answered_is_not_kept(prefix, providers):
    """The wanted model is asked again once it is well."""
    token = await prefix.issue(id="k1")
    providers["openai"].fail("server_error")
    for model in ("mistral-nemo", "gpt-4"):
        answered = await (await prefix.chat(token, model="openai:gpt-4", temperature=0)).json()
        assert answered["model"] == model


async def test_calls_wait_for_a_slot(prefix, providers):
    """Eight calls of a model are upstream, the ninth waits until one is over; another model's does not."""
    gate = asyncio.Event()
    providers["openrouter"].script.extend([hold(gate, None, WHOLE["openai"])] * SLOTS)
    token = await prefix.issue(id="k1")
    calls = [asyncio.create_task(prefix.chat(token)) for _ in range(SLOTS + 1)]
    await prefix.until(lambda: prefix.heard(QueueChanged) and len(providers["openrouter"].asked) == SLOTS)
    assert [change.waiting for change in prefix.heard(QueueChanged)] == [1]
    assert (await prefix.chat(token, model="openrouter:codestral")).status == 200
    gate.set()
    assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * (SLOTS + 1)
    assert [change.waiting for change in prefix.heard(QueueChanged)] == [1, 0]


async def test_a_stream_holds_its_slot_to_its_end(prefix, providers):
    """Streams that have begun are calls in flight: the next one waits, until one of them is over."""
    gate = asyncio.Event()
    first, rest = STREAMED["openai"][:2], STREAMED["openai"][2:]
    providers["openrouter"].script.extend([hold(gate, first, rest)] * SLOTS)
    headers = {"Authorization": f"Bearer {await prefix.issue(id='k1')}"}
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    begun = [
        await prefix.client.post("/gatewayz/v1/chat/completions", headers=headers, json=body)
        for _ in range(SLOTS)
    ]
    assert prefix.heard(QueueChanged) == []
    next_one = asyncio.create_task(prefix.chat(headers["Authorization"].partition(" ")[2]))
    await prefix.until(lambda: bool(prefix.heard(QueueChanged)))
    assert not next_one.done()
    gate.set()
    assert (await next_one).status == 200
    for stream in begun:
        assert (await stream.text()).endswith("data: [DONE]\n\n")
    assert prefix.heard(QueueChanged)[-1].waiting == 0


async def test_a_stream_that_fails_gives_its_slot_back(prefix, providers):
    """More failures than there are slots leave no call waiting."""
    token = await prefix.issue(id="k1")
    for _ in range(SLOTS + 1):
        providers["openrouter"].fail("invalid_request")
        assert (await prefix.chat(token, stream=True)).status == 400
    assert (await prefix.chat(token, stream=True)).status == 200
    assert prefix.heard(QueueChanged) == []


async def test_an_unknown_model_is_refused_as_elsewhere(prefix):
    """404, by the calls themselves."""
    token = await prefix.issue(id="k1")
    for stream in (False, True):
        assert (await prefix.chat(token, model="gpt-99", stream=stream)).status == 404


async def test_every_call_tells_how_its_provider_does(prefix, providers):
    """Five calls that reach nobody make it unavailable; clients notice nothing, for they fall back."""
    token = await prefix.issue(id="k1")
    providers["ollama"].fail("network", 5)
    for _ in range(5):
        assert (await prefix.chat(token, model="ollama:codellama")).status == 200
    checks = [check for check in prefix.heard(ProviderChecked) if check.provider == "ollama"]
    assert [check.is_available for check in checks] == [True] * 4 + [False]
    assert checks[-1].error_ratio == 1


async def test_completions_are_legacy_text(prefix, providers):
    """A prompt is answered with text and usage, and is charged."""
    token = await prefix.issue(id="k1")
    answer = await prefix.ask("POST", "/v1/completions", token, {"model": MODEL, "prompt": "Say hello"})
    document = await answer.json()
    assert document["object"] == "text_completion"
    assert document["choices"] == [{"index": 0, "text": "Hello there", "finish_reason": "stop"}]
    assert document["usage"]["total_tokens"] == 1200
    assert providers["openrouter"].asked[0]["messages"] == [{"role": "user", "content": "Say hello"}]
    assert len(prefix.heard(CreditsSpent)) == 1


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/responses"])
async def test_text_endpoints_insist_on_their_model(prefix, providers, path):
    """Where a chat falls back, they fail."""
    token = await prefix.issue(id="k1")
    providers["openai"].fail("server_error", 2)
    assert (await prefix.chat(token, model="openai:gpt-4")).status == 200
    body = {"model": "openai:gpt-4", "prompt": "hi", "input": "hi"}
    assert (await prefix.ask("POST", path, token, body)).status == 502


async def test_a_response_runs_in_the_background(prefix, providers):
    """It is queued at once, completed later, and shown to its own key only."""
    gate = asyncio.Event()
    providers["openrouter"].script.append(hold(gate, None, WHOLE["openai"]))
    token, other = await prefix.issue(id="k1"), await prefix.issue(id="k2")
    body = {"model": MODEL, "input": "Say hello", "background": True}
    started = await (await prefix.ask("POST", "/v1/responses", token, body)).json()
    assert started["status"] == "queued"
    path = f"/v1/responses/{started['id']}"
    assert (await (await prefix.ask("GET", path, token)).json())["status"] == "queued"
    gate.set()
    await prefix.until(lambda: bool(prefix.heard(CreditsSpent)))
    shown = await (await prefix.ask("GET", path, token)).json()
    assert (shown["id"], shown["status"]) == (started["id"], "completed")
    assert shown["output"][0]["content"][0]["text"] == "Hello there"
    assert (await prefix.ask("GET", path, other)).status == 404


async def test_a_response_in_the_foreground(prefix):
    """Without `background` the answer comes at once."""
    token = await prefix.issue(id="k1")
    answer = await (await prefix.ask("POST", "/v1/responses", token, {"model": MODEL, "input": "hi"})).json()
    assert (answer["status"], answer["usage"]["output_tokens"]) == ("completed", 200)


async def test_a_response_that_fails_says_so(prefix, providers):
    """The error is what a client in the foreground would have got."""
    providers["openrouter"].fail("server_error")
    token = await prefix.issue(id="k1")
    body = {"model": MODEL, "input": "hi", "background": True}
    started = await (await prefix.ask("POST", "/v1/responses", token, body)).json()
    await prefix.until(lambda: bool(prefix.heard(CallFinished)))
    shown = await (await prefix.ask("GET", f"/v1/responses/{started['id']}", token)).json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", "server_error")


async def test_the_background_is_no_way_around_the_limits(prefix):
    """Rate and credits are looked at when a response is started."""
    token = await prefix.issue(id="k1")
    await prefix.put_account("k1", requests_per_minute=1)
    body = {"model": MODEL, "input": "hi", "background": True}
    statuses = [(await prefix.ask("POST", "/v1/responses", token, body)).status for _ in range(2)]
    assert statuses == [200, 429]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/completions", []),
        ("/v1/completions", {}),
        ("/v1/completions", {"prompt": ""}),
        ("/v1/completions", {"prompt": ["a", "b"]}),
        ("/v1/completions", {"prompt": "a", "max_tokens": 0}),
        ("/v1/completions", {"prompt": "a", "stream": True}),
        ("/v1/completions", {"prompt": "a", "temperature": 3}),
        ("/v1/responses", {"prompt": "a"}),
        ("/v1/responses", {"input": "a", "background": "yes"}),
        ("/v1/responses", {"input": "a", "model": "x" * 200}),
    ],
)
async def test_bad_requests_are_refused(prefix, path, body):
    """Status 400 in OpenAI's shape, before anything is charged."""
    token = await prefix.issue(id="k1")
    refused = await prefix.ask("POST", path, token, body)
    assert refused.status == 400
    assert (await refused.json())["error"]["message"]
    assert prefix.heard(CallFinished) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/completions"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/responses/r"),
        ("GET", "/v1/credits"),
    ],
)
async def test_nobody_gets_in_without_a_key(prefix, method, path):
    """Every route asks for a token."""
    assert (await prefix.ask(method, path, None, {} if method == "POST" else None)).status == 401


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
    async with open_door(providers, tmp_path / "data") as prefix:
        token = await prefix.issue(id="k1")
        await prefix.put_account("k1", plan="subscribed", requests_per_minute=7)
        assert (await prefix.chat(token)).status == 200
    async with open_door(providers, tmp_path / "data") as prefix:
        shown = await (await prefix.client.get("/admin/accounts/k1", headers=ADMIN)).json()
        assert (shown["plan"], shown["requests_per_minute"]) == ("subscribed", 7)
        assert Decimal(str(shown["credits"])) == TRIAL_CREDITS - CALL_CREDITS
        assert prefix.heard(BalanceSet) == [BalanceSet(user="k1", balance=TRIAL_CREDITS - CALL_CREDITS)]


async def test_databases_are_measured(providers, tmp_path):
    """Each statement on keys, accounts and trace is told with its table, and gives its connection back."""
    async with open_door(providers, tmp_path / "data") as prefix:
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


async def test_no_token_is_in_an_event(prefix):
    """What surfaces and the trace hear has no token."""
    token = await prefix.issue(id="k1")
    await prefix.chat(token, temperature=0)
    assert token not in json.dumps([repr(event) for event in prefix.events])
