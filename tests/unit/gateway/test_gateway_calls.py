"""Calls through the whole gateway: what is sent upstream, what comes back, what is accounted for."""

from __future__ import annotations

import asyncio
import socket
from decimal import Decimal

import pytest
from aiohttp import web
from support.fake_providers import COMPLETION_TOKENS, PROMPT_TOKENS, WHOLE, wait_to_be_left
from support.patience import PATIENCE_S

from alertdrill.gateway.events import CallFinished, QuotaExceeded, RouteDecided

FALLING_BACK = ["network", "server_error", "rate_limit", "auth", "unknown"]
MODELS = {
    "openai": "openai:gpt-4o",
    "anthropic": "claude-opus-4-1",
    "ollama": "ollama:qwen3",
    "google": "gemini-2.5-flash",
}


async def test_openai_is_asked_in_its_dialect(gateway, providers):
    """An OpenAI call carries the bearer token, the bare model and the options."""
    await gateway.chat(
        await gateway.issue(), model="openai:gpt-4o", max_tokens=7, temperature=1.5, stop="END"
    )
    assert providers["openai"].headers[0]["Authorization"] == "Bearer the-provider-key"
    assert providers["openai"].asked == [
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Say hello"}],
            "max_completion_tokens": 7,
            "temperature": 1.5,
            "stop": ["END"],
        }
    ]


async def test_anthropic_is_asked_in_its_dialect(gateway, providers):
    """An Anthropic call has its own headers, the system text apart and always a token limit."""
    messages = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]
    await gateway.chat(await gateway.issue(), model="claude-3-opus", messages=messages, temperature=1.5)
    headers = providers["anthropic"].headers[0]
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("the-provider-key", "2023-06-01")
    assert providers["anthropic"].asked == [
        {
            "model": "claude-3-opus",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": "Hi"}],
            "system": "Be kind",
            "temperature": 1,
        }
    ]


async def test_gemini_is_asked_in_its_dialect(gateway, providers):
    """The model is in the path, system messages stand apart, and assistants are called models."""
    token = await gateway.issue()
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ]
    for stream in (False, True):
        response = await gateway.chat(
            token,
            model="google:gemini-2.5-flash",
            messages=messages,
            max_tokens=7,
            top_p=0.5,
            stop="x",
            stream=stream,
        )
        assert (response.status, response.headers["X-Gateway-Provider"]) == (200, "google")
    google = providers["google"]
    path = "/v1beta/models/gemini-2.5-flash"
    assert google.paths == [f"{path}:generateContent", f"{path}:streamGenerateContent?alt=sse"]
    assert google.headers[0]["x-goog-api-key"] == "the-provider-key"
    asked = {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello"}]},
            {"role": "user", "parts": [{"text": "Bye"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "generationConfig": {"maxOutputTokens": 7, "topP": 0.5, "stopSequences": ["x"]},
    }
    assert google.asked == [asked, asked]


async def test_ollama_is_asked_in_its_dialect(gateway, providers):
    """An Ollama call switches streaming off and puts its options apart."""
    await gateway.chat(await gateway.issue(), model="ollama:qwen3", max_tokens=7)
    assert providers["ollama"].headers[0]["Authorization"] == "Bearer the-provider-key"
    assert providers["ollama"].asked == [
        {
            "model": "qwen3",
            "messages": [{"role": "user", "content": "Say hello"}],
            "stream": False,
            "options": {"num_predict": 7},
        }
    ]


@pytest.mark.parametrize("provider", MODELS)
async def test_answer_is_openai_shaped_and_says_who_answered(gateway, provider):
    """Whatever the dialect, the client sees a chat completion, and who answered."""
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider])
    document = await response.json()
    name = MODELS[provider].rpartition(":")[2]
    assert response.status == 200
    assert (response.headers["X-Gateway-Provider"], response.headers["X-Gateway-Model"]) == (provider, name)
    assert (document["object"], document["provider"], document["model"]) == (
        "chat.completion",
        provider,
        name,
    )
    assert document["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Hello there"}, "finish_reason": "stop"}
    ]
    assert document["usage"] == {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


async def test_call_is_accounted_for_to_the_cent(gateway):
    """A call's tokens are priced exactly and put on its key."""
    await gateway.chat(await gateway.issue(id="k1"), model="openai:gpt-4o")
    (call,) = gateway.heard(CallFinished)
    assert (call.provider, call.model, call.key_id, call.status) == ("openai", "gpt-4o", "k1", "ok")
    assert (call.prompt_tokens, call.completion_tokens) == (PROMPT_TOKENS, COMPLETION_TOKENS)
    assert call.cost_usd == Decimal("0.0045")  # 1000 at 2.50 and 200 at 10.00 USD per million


async def test_operators_calls_belong_to_no_key(gateway):
    """The admin token may call, and its calls have no key."""
    assert (await gateway.chat("the-admin-token")).status == 200
    assert [call.key_id for call in gateway.heard(CallFinished)] == [None]


async def test_latency_is_rule_time(start_gateway, providers):
    """At speed 120, an answer held for 250 ms took at least 30 s."""
    gateway = await start_gateway(speed=120)

    async def slowly(_request):
        await asyncio.sleep(0.25)
        return web.json_response(WHOLE["openai"])

    providers["openai"].script.append(slowly)
    await gateway.chat(await gateway.issue(), model="gpt-4o")
    (call,) = gateway.heard(CallFinished)
    assert (call.status, 30 <= call.latency_s < 120) == ("ok", True)


@pytest.mark.parametrize("error_class", FALLING_BACK)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_failed_attempt_falls_back(gateway, providers, provider, error_class):
    """After a failure that another provider need not repeat, the fallback answers."""
    providers[provider].fail(error_class)
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider])
    assert (response.status, response.headers["X-Gateway-Model"]) == (200, "llama3.2")
    calls = [(call.provider, call.status) for call in gateway.heard(CallFinished)]
    assert calls == [(provider, error_class), ("ollama", "ok")]
    assert [route.slot for route in gateway.heard(RouteDecided)] == ["explicit_model", "fallback"]


async def test_timeout_falls_back(start_gateway, providers):
    """A provider that does not answer in 120 s of rule time timed out, and the fallback answers."""
    gateway = await start_gateway(speed=200)
    providers["openai"].fail("timeout")
    response = await gateway.chat(await gateway.issue(), model="gpt-4o")
    assert (response.status, response.headers["X-Gateway-Provider"]) == (200, "ollama")
    first, second = gateway.heard(CallFinished)
    assert (first.status, second.status) == ("timeout", "ok")
    assert first.latency_s >= 119


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("error_class", ["context_overflow", "invalid_request"])
async def test_clients_fault_goes_back_to_the_client(gateway, providers, provider, error_class):
    """What any provider would refuse is answered with 400 and not tried again."""
    providers[provider].fail(error_class)
    response = await gateway.chat(await gateway.issue(), model=MODELS[provider])
    code = "context_length_exceeded" if error_class == "context_overflow" else "invalid_request"
    error = (await response.json())["error"]
    assert (response.status, error["code"]) == (400, code)
    assert error_class == "context_overflow" or "bad stop" in error["message"]
    assert [call.status for call in gateway.heard(CallFinished)] == [error_class]


@pytest.mark.parametrize(
    ("error_class", "status"),
    [("network", 503), ("server_error", 502), ("rate_limit", 429), ("auth", 503), ("unknown", 502)],
)
async def test_when_all_fail_the_first_failure_is_reported(gateway, providers, error_class, status):
    """The client learns the class of the wanted model's failure when the fallback fails too."""
    providers["openai"].fail(error_class)
    providers["ollama"].fail("server_error")
    response = await gateway.chat(await gateway.issue(), model="gpt-4o")
    error = (await response.json())["error"]
    assert (response.status, error["type"], error["code"]) == (status, error_class, error_class)
    assert [call.status for call in gateway.heard(CallFinished)] == [error_class, "server_error"]


async def test_when_all_time_out_the_client_sees_504(start_gateway, providers):
    """A timeout of all is a gateway timeout."""
    gateway = await start_gateway(speed=2000)
    providers["openai"].fail("timeout")
    providers["ollama"].fail("timeout")
    assert (await gateway.chat(await gateway.issue(), model="gpt-4o")).status == 504


async def test_unknown_model_is_not_found(gateway):
    """A model that models.yml does not have is 404, and nothing is routed or called."""
    token = await gateway.issue()
    for model in ("gpt-99", "openai:llama3.2", "nobody:gpt-4o"):
        response = await gateway.chat(token, model=model)
        assert (response.status, (await response.json())["error"]["code"]) == (404, "model_not_found")
    assert gateway.heard(RouteDecided) + gateway.heard(CallFinished) == []


async def test_cooling_provider_is_passed_over_then_probed(start_gateway):
    """Five refused connections cool a provider down; 30 s of rule time later one probe brings it back."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gateway = await start_gateway(speed=60, openai=f"http://127.0.0.1:{closed.getsockname()[1]}")
        token = await gateway.issue()
        for _ in range(5):
            await gateway.chat(token, model="gpt-4o")
        cooled = await gateway.chat(token, model="gpt-4o")
        assert cooled.headers["X-Gateway-Provider"] == "ollama"
        slots = [route.slot for route in gateway.heard(RouteDecided)]
        assert slots == ["explicit_model", "fallback"] * 5 + ["provider_health"]
        async with asyncio.timeout(PATIENCE_S):
            while gateway.heard(RouteDecided)[-1].slot == "provider_health":
                await gateway.chat(token, model="gpt-4o")
        assert [route.slot for route in gateway.heard(RouteDecided)][-2:] == ["explicit_model", "fallback"]
        assert [call.status for call in gateway.heard(CallFinished)].count("network") == 6


async def test_key_pin_and_default_and_explicit_model_win_in_order(gateway):
    """A request's model beats its key's, which beats the default; `auto` leaves the choice open."""
    pinned, plain = await gateway.issue(model="anthropic:claude-haiku-4-5"), await gateway.issue()
    await gateway.chat(pinned, model="gpt-5")
    await gateway.chat(pinned)
    await gateway.chat(pinned, model="auto")
    await gateway.chat(plain, model="auto")
    assert [(route.slot, route.model) for route in gateway.heard(RouteDecided)] == [
        ("explicit_model", "gpt-5"),
        ("key_pin", "claude-haiku-4-5"),
        ("key_pin", "claude-haiku-4-5"),
        ("global_default", "gpt-4o-mini"),
    ]


async def test_exceeded_quota_stops_calls_before_the_provider(gateway, providers):
    """Once a key has used up its requests, it is refused and the provider hears nothing."""
    token = await gateway.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 2}])
    statuses = [(await gateway.chat(token)).status for _ in range(3)]
    refused = await gateway.chat(token)
    assert statuses == [200, 200, 429]
    error = (await refused.json())["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert len(providers["openai"].asked) == 2
    assert gateway.heard(QuotaExceeded) == [QuotaExceeded(kind="key", identity="k1")] * 2


async def test_a_client_that_leaves_takes_its_call_along(gateway, providers):
    """The provider sees the connection end, and a call that had not begun to be answered costs nothing."""
    left = asyncio.Event()
    providers["openai"].script.append(wait_to_be_left(left))
    token = await gateway.issue(id="k1")
    call = asyncio.create_task(gateway.chat(token, model="gpt-4o"))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await asyncio.wait_for(left.wait(), 10)
    (finished,) = gateway.heard(CallFinished)
    assert (finished.status, finished.key_id, finished.cost_usd) == ("cancelled", "k1", 0)


async def test_clients_that_leave_cool_no_provider(gateway, providers):
    """However many calls are given up, the provider goes on to be asked."""
    for asked in range(1, 8):
        left = asyncio.Event()
        providers["openai"].script.append(wait_to_be_left(left))
        call = asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o"))
        await gateway.until(lambda asked=asked: len(providers["openai"].asked) == asked)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.wait_for(left.wait(), 10)
    response = await gateway.chat("the-admin-token", model="gpt-4o")
    assert response.headers["X-Gateway-Provider"] == "openai"


async def test_providers_secret_and_reason_stay_inside(gateway, providers):
    """What a provider says about the gateway's own key does not reach the client."""

    async def leak(_request):
        body = {"error": {"message": "Incorrect API key: the-provider-key", "code": "invalid_api_key"}}
        return web.json_response(body, status=401)

    providers["openai"].script.append(leak)
    providers["ollama"].fail("auth")
    response = await gateway.chat(await gateway.issue(), model="gpt-4o")
    assert (response.status, "the-provider-key" in await response.text()) == (503, False)
