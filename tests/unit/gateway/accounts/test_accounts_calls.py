"""What stands in the way of calls under Gatewayz's prefix: credits, rates, the cache; and of no others."""

from __future__ import annotations

import json

import pytest
from support.accounts_prefix import CALL_CREDITS

from alertdrill.gateway.accounts.book import TRIAL_CREDITS
from alertdrill.gateway.accounts.events import (
    BalanceSet,
    CacheLookedUp,
    CreditsSpent,
    ProviderChecked,
    RateLimitChecked,
)


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
        (ann, {"temperature": 0, "response_format": {"type": "json_object"}}),
        (ann, {"temperature": 0, "seed": 7}),
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


async def test_no_token_is_in_an_event(prefix):
    """What surfaces and the trace hear has no token."""
    token = await prefix.issue(id="k1")
    await prefix.chat(token, temperature=0)
    assert token not in json.dumps([repr(event) for event in prefix.events])
