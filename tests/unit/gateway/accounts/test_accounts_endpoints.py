"""Completions and responses under Gatewayz's prefix, in the foreground and in the background."""

from __future__ import annotations

import asyncio

import pytest
from support.accounts_prefix import MODEL
from support.fake_providers import WHOLE, hold

from alertdrill.gateway.accounts.events import (
    CreditsSpent,
)
from alertdrill.gateway.events import CallFinished


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
        ("/v1/completions", {"prompt": "a", "echo": True}),
        ("/v1/completions", {"prompt": "a", "seed": 0}),
        ("/v1/completions", {"prompt": "a", "n": 2}),
        ("/v1/completions", {"prompt": "a", "n": True}),
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


async def test_fields_that_ask_for_nothing_are_taken(prefix):
    """Clients send what they have as its default."""
    token = await prefix.issue(id="k1")
    nothing = {"echo": False, "n": 1, "best_of": 1, "presence_penalty": 0.0, "logit_bias": {}, "seed": None}
    body = {"model": MODEL, "prompt": "Say hello", **nothing}
    assert (await prefix.ask("POST", "/v1/completions", token, body)).status == 200


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
