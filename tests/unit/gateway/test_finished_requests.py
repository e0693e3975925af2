"""RequestFinished: one for every client's request, whatever became of it."""

from __future__ import annotations

import asyncio

import pytest
from support.fake_providers import STREAMED, TEXT_LINES, break_after, hold, wait_to_be_left

from alertdrill.gateway.events import RequestFinished

CHAT = "/v1/chat/completions"
MESSAGES = {"messages": [{"role": "user", "content": "hi"}]}
BEARER = {"Authorization": "Bearer the-admin-token"}


async def test_a_good_request_is_told_with_its_callers_identity(gateway):
    """A call tells its method, endpoint, status, key, user and team, and no failure."""
    token = await gateway.issue(id="k1", user="ada", team="red")
    assert (await gateway.chat(token)).status == 200
    (event,) = gateway.heard(RequestFinished)
    assert (event.method, event.endpoint, event.status, event.failure) == ("POST", CHAT, 200, None)
    assert (event.key_id, event.user, event.team) == ("k1", "ada", "red")


async def test_the_operators_requests_have_no_identity(gateway):
    """With the admin token there is no key, no user and no team."""
    await gateway.client.get("/v1/models", headers=BEARER)
    (event,) = gateway.heard(RequestFinished)
    assert (event.method, event.endpoint) == ("GET", "/v1/models")
    assert (event.key_id, event.user, event.team) == (None, None, None)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "endpoint", "failure"),
    [
        ("POST", CHAT, {}, MESSAGES, 401, CHAT, "missing_token"),
        ("POST", CHAT, {"Authorization": "Bearer x"}, MESSAGES, 401, CHAT, "invalid_token"),
        ("GET", "/v1/models", {"Authorization": "Basic x"}, None, 401, "/v1/models", "missing_token"),
        ("POST", CHAT, BEARER, {}, 400, CHAT, "invalid_value"),
        ("POST", CHAT, BEARER, MESSAGES | {"model": "gpt-99"}, 404, CHAT, "model_not_found"),
        ("POST", CHAT, BEARER, [], 400, CHAT, "invalid_request_error"),
        ("GET", CHAT, BEARER, None, 405, "unknown", "no_such_route"),
        ("GET", "/v1/nothing", BEARER, None, 404, "unknown", "no_such_route"),
        ("GET", "/", {}, None, 404, "unknown", "no_such_route"),
    ],
)
async def test_a_refusal_is_told_by_its_code(gateway, method, path, headers, body, status, endpoint, failure):
    """Each refusal has the code that the client reads, and the pattern of the route it took."""
    response = await gateway.client.request(method, path, headers=headers, json=body)
    document = await response.json()
    (event,) = gateway.heard(RequestFinished)
    assert (response.status, event.status, event.endpoint, event.failure) == (
        status,
        status,
        endpoint,
        failure,
    )
    assert (document["error"]["code"] or document["error"]["type"]) == failure


@pytest.mark.parametrize("raw", [b"BREW / HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET //one/v1/models HTTP/1.1"])
async def test_odd_requests_are_the_clients_fault(gateway, raw):
    """A request without a path, or with a made-up method, is refused, and its method becomes no label."""
    reader, writer = await asyncio.open_connection(gateway.client.host, gateway.client.port)
    writer.write(raw + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    assert status[:1] == b"4"
    assert {event.method for event in gateway.heard(RequestFinished)} <= {"OPTIONS", "GET"}


async def test_a_revoked_keys_request_is_nobodys(gateway):
    """A key that is not accepted any more identifies nobody."""
    token = await gateway.issue(id="k1", team="red")
    await gateway.client.post("/admin/keys/k1/revoke", headers=BEARER)
    await gateway.chat(token)
    (event,) = gateway.heard(RequestFinished)
    assert (event.status, event.failure, event.key_id, event.team) == (401, "key_revoked", None, None)


async def test_a_used_up_quota_is_told_with_its_key(gateway):
    """Who is refused for a quota was admitted before, and is known."""
    token = await gateway.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    assert [(await gateway.chat(token)).status for _ in range(2)] == [200, 429]
    last = gateway.heard(RequestFinished)[-1]
    assert (last.status, last.failure, last.key_id) == (429, "insufficient_quota", "k1")


@pytest.mark.parametrize(
    ("error_class", "status", "failure"),
    [
        ("network", 503, "network"),
        ("server_error", 502, "server_error"),
        ("rate_limit", 429, "rate_limit"),
        ("auth", 503, "auth"),
        ("unknown", 502, "unknown"),
        ("context_overflow", 400, "context_length_exceeded"),
        ("invalid_request", 400, "invalid_request"),
    ],
)
async def test_a_failure_upstream_is_told_by_its_class(gateway, providers, error_class, status, failure):
    """When nobody answers, the request's failure is that of the first attempt."""
    providers["openai"].fail(error_class)
    providers["ollama"].fail("server_error")
    await gateway.chat("the-admin-token", model="gpt-4o")
    (event,) = gateway.heard(RequestFinished)
    assert (event.status, event.failure) == (status, failure)


async def test_a_fallback_that_answers_is_a_success(gateway, providers):
    """A request that the second provider answers has not failed."""
    providers["openai"].fail("server_error")
    await gateway.chat("the-admin-token", model="gpt-4o")
    (event,) = gateway.heard(RequestFinished)
    assert (event.status, event.failure) == (200, None)


async def test_a_stream_is_finished_when_it_ends(start_gateway, providers):
    """The latency of a stream runs to its last byte, in rule time, and it is one request."""
    gateway = await start_gateway(speed=100)
    gate = asyncio.Event()
    pieces = STREAMED["openai"]
    providers["openai"].script.append(hold(gate, pieces[:2], pieces[2:]))
    call = asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o", stream=True))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    asyncio.get_running_loop().call_later(0.2, gate.set)
    assert (await call).status == 200
    (event,) = gateway.heard(RequestFinished)
    assert (event.status, event.failure, 15 < event.latency_s < 100) == (200, None, True)


async def test_a_stream_that_breaks_is_a_failure_with_status_200(gateway, providers):
    """The status went out before the break; the failure's class tells."""
    pieces = STREAMED["openai"][: TEXT_LINES["openai"]]
    providers["openai"].script.append(break_after(pieces))
    response = await gateway.chat("the-admin-token", model="gpt-4o", stream=True)
    (event,) = gateway.heard(RequestFinished)
    assert (response.status, event.status, event.failure) == (200, 200, "network")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_has_made_a_request(gateway, providers, stream):
    """It is told once, as 499, which is no failure of the gateway."""
    left = asyncio.Event()
    providers["openai"].script.append(wait_to_be_left(left, STREAMED["openai"][:2] if stream else None))
    body = MESSAGES | {"model": "gpt-4o", "stream": stream}
    call = asyncio.create_task(gateway.client.post(CHAT, headers=BEARER, json=body))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    if stream:
        response = await call
        await response.content.readline()
        response.close()
    call.cancel()
    await asyncio.wait_for(left.wait(), 10)
    await gateway.until(lambda: len(gateway.heard(RequestFinished)) == 1)
    (event,) = gateway.heard(RequestFinished)
    assert (event.status, event.failure) == (499, "client_left")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/one", "/healthz", "/admin/keys"])
async def test_operators_and_scrapes_are_no_clients(gateway, path):
    """What Prometheus and operators ask is not told."""
    assert (await gateway.client.get(path, headers=BEARER)).status == 200
    assert gateway.heard(RequestFinished) == []
