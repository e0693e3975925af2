"""Streamed answers: shape, usage, fallback, breaks and clients that leave."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest
from aiohttp import web
from support.fake_providers import (
    STREAMED,
    TEXT_LINES,
    WHOLE,
    break_after,
    read_events,
    stream,
    wait_to_be_left,
)

from alertdrill.gateway.events import CallFinished

MODELS = {
    "openai": "gpt-4o",
    "anthropic": "claude-opus-4-1",
    "ollama": "ollama:qwen3",
    "google": "gemini-2.5-flash",
}
DIALECTS = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama", "google": "gemini"}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


@pytest.mark.parametrize("provider", MODELS)
async def test_stream_is_openai_shaped(gateway, provider):
    """Whatever the dialect, the client sees chunks with a role, text, a finish reason and the end."""
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider], stream=True)
    *chunks, end = read_events(await response.text())
    assert (response.status, response.content_type, end) == (200, "text/event-stream", "[DONE]")
    assert response.headers["X-Gateway-Provider"] == provider
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"]["role"] == "assistant"
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "Hello there"
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["stop"]


@pytest.mark.parametrize("provider", MODELS)
async def test_usage_is_sent_when_asked_for_and_accounted_for_always(gateway, provider):
    """`include_usage` adds one chunk without choices; the costs are known either way."""
    token = await gateway.issue()
    for options in ({}, {"stream_options": {"include_usage": True}}):
        response = await gateway.chat(token, model=MODELS[provider], stream=True, **options)
        *chunks, _ = read_events(await response.text())
        usages = [chunk["usage"] for chunk in chunks if not chunk["choices"]]
        assert usages == ([USAGE] if options else [])
    used = [(call.status, call.prompt_tokens, call.completion_tokens) for call in gateway.heard(CallFinished)]
    assert used == [("ok", 1000, 200)] * 2


async def test_openai_is_always_asked_for_the_usage(gateway, providers):
    """OpenAI states a stream's usage only when asked to, and the costs need it."""
    await gateway.chat(await gateway.issue(), model="gpt-4o", stream=True)
    assert providers["openai"].asked[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_stream_that_breaks_before_its_text_falls_back(gateway, providers, provider):
    """Until the first byte to the client, another provider takes over unseen."""
    silent = STREAMED[DIALECTS[provider]][: TEXT_LINES[DIALECTS[provider]] - 1]
    providers[provider].script.append(break_after(silent))
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider], stream=True)
    assert (response.status, response.headers["X-Gateway-Provider"]) == (200, "ollama")
    calls = [(call.provider, call.status) for call in gateway.heard(CallFinished)]
    assert calls == [(provider, "network"), ("ollama", "ok")]


@pytest.mark.parametrize("provider", MODELS)
async def test_stream_that_breaks_later_ends_with_an_error(gateway, providers, provider):
    """After the first text a lost connection is an error event, no [DONE], and one failed call."""
    providers[provider].script.append(
        break_after(STREAMED[DIALECTS[provider]][: TEXT_LINES[DIALECTS[provider]]])
    )
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider], stream=True)
    events = read_events(await response.text())
    assert events[0]["choices"][0]["delta"]["content"] == "Hello "
    assert events[-1]["error"]["type"] == "network"
    assert [call.status for call in gateway.heard(CallFinished)] == ["network"]


@pytest.mark.parametrize("provider", MODELS)
async def test_stream_that_ends_too_soon_is_a_network_failure(gateway, providers, provider):
    """A stream that ends in good order but without its end marker is not an answer."""
    pieces = STREAMED[DIALECTS[provider]][:-1]
    providers[provider].script.append(lambda request: stream(request, pieces))
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider], stream=True)
    assert read_events(await response.text())[-1]["error"]["type"] == "network"


@pytest.mark.parametrize(
    ("provider", "piece", "error_class"),
    [
        ("openai", 'data: {"error":{"message":"m","code":429}}\n\n', "rate_limit"),
        ("openai", 'data: {"error":{"message":"m","type":"server_error"}}\n\n', "server_error"),
        (
            "anthropic",
            'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"m"}}\n\n',
            "server_error",
        ),
        (
            "google",
            'data: {"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}\r\n\r\n',
            "server_error",
        ),
        ("google", 'data: {"error":{"code":429,"message":"m"}}\r\n\r\n', "rate_limit"),
        ("google", "data: {broken\r\n\r\n", "unknown"),
        ("ollama", '{"error":"an error was encountered while running the model"}\n', "server_error"),
        ("openai", "data: {broken\n\n", "unknown"),
        ("anthropic", "event: message_start\ndata: {broken\n\n", "unknown"),
        ("ollama", "{broken\n", "unknown"),
        ("ollama", "x" * 300_000 + "\n", "unknown"),
    ],
)
async def test_error_within_a_stream_has_its_class(gateway, providers, provider, piece, error_class):
    """An error event in a running answer is classified by what it says."""
    pieces = [*STREAMED[DIALECTS[provider]][: TEXT_LINES[DIALECTS[provider]]], piece]
    providers[provider].script.append(lambda request: stream(request, pieces))
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider], stream=True)
    assert read_events(await response.text())[-1]["error"]["type"] == error_class
    assert [call.status for call in gateway.heard(CallFinished)] == [error_class]


async def test_broken_stream_costs_what_is_known(gateway, providers):
    """Anthropic states the prompt's tokens first, so a break afterwards still costs them."""
    providers["anthropic"].script.append(break_after(STREAMED["anthropic"][:4]))
    await gateway.chat(await gateway.issue(), model="claude-opus-4-1", stream=True)
    (call,) = gateway.heard(CallFinished)
    assert (call.status, call.prompt_tokens, call.cost_usd) == ("network", 1000, Decimal("0.015075"))


@pytest.mark.parametrize(
    ("provider", "prompt_tokens", "cost"),
    [("openai", 3, "0.0000275"), ("anthropic", 1000, "0.01515")],
    ids=["which states nothing before the end", "which states the prompt first"],
)
async def test_a_client_that_leaves_a_stream_is_charged_what_was_made(
    gateway, providers, provider, prompt_tokens, cost
):
    """The provider sees it leave; the call costs what was stated, and else what its text is taken for."""
    left = asyncio.Event()
    pieces = STREAMED[DIALECTS[provider]][: TEXT_LINES[DIALECTS[provider]]]
    providers[provider].script.append(wait_to_be_left(left, pieces))
    token = await gateway.issue(id="k1")
    response = await gateway.client.post(
        "/v1/chat/completions",
        headers={"Authorization": f"Bearer {token}"},
        json={
            "model": MODELS[provider],
            "stream": True,
            "messages": [{"role": "user", "content": "Say hello"}],
        },
    )
    assert b"Hello" in await response.content.readline()
    response.close()
    await asyncio.wait_for(left.wait(), 10)
    (call,) = gateway.heard(CallFinished)
    assert (call.status, call.key_id) == ("cancelled", "k1")
    assert (call.prompt_tokens, call.completion_tokens, call.cost_usd) == (prompt_tokens, 2, Decimal(cost))


async def test_client_that_reads_slowly_does_not_slow_the_call(gateway, providers):
    """A call is over when the provider is, even if its client has not read the answer."""
    text = "x" * 50_000
    piece = STREAMED["openai"][1].replace("Hello ", text)
    providers["openai"].script.append(lambda request: stream(request, [piece] * 60 + STREAMED["openai"][3:]))
    token = await gateway.issue()
    response = await gateway.client.post(
        "/v1/chat/completions",
        headers={"Authorization": f"Bearer {token}"},
        json={"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "x"}]},
    )
    await gateway.until(lambda: len(gateway.heard(CallFinished)) == 1)
    assert gateway.heard(CallFinished)[0].status == "ok"
    assert (await response.text()).count(text) == 60


async def test_failing_stream_request_is_a_plain_error(gateway, providers):
    """When no provider even starts to answer, the client gets a status and a JSON error."""
    providers["openai"].fail("server_error")
    providers["ollama"].fail("server_error")
    response = await gateway.chat(await gateway.issue(), model="gpt-4o", stream=True)
    assert (response.status, (await response.json())["error"]["code"]) == (502, "server_error")


async def test_endless_answer_is_cut_off(gateway, providers):
    """A whole answer beyond the bound is given up as unknown, good as it may be."""

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(5):
            await response.write(b" " * 2**20)
        await response.write(json.dumps(WHOLE["openai"]).encode())
        return response

    providers["openai"].script.append(flood)
    await gateway.chat(await gateway.issue(), model="gpt-4o")
    assert gateway.heard(CallFinished)[0].status == "unknown"
