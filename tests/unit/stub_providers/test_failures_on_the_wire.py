"""Every error class in every dialect, plain and streamed, as a client meets it."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import aiohttp
import pytest
from support.patience import PATIENCE_S

SAID = {
    "openai": lambda error: (error["error"]["type"], error["error"]["code"]),
    "anthropic": lambda error: (error["type"], error["error"]["type"]),
    "gemini": lambda error: (error["error"]["code"], error["error"]["status"]),
    "ollama": lambda error: tuple(error),
}
ANSWERED = {
    ("openai", "rate_limit"): (429, ("requests", "rate_limit_exceeded")),
    ("openai", "auth"): (401, ("invalid_request_error", "invalid_api_key")),
    ("openai", "server_error"): (500, ("server_error", None)),
    ("openai", "context_overflow"): (400, ("invalid_request_error", "context_length_exceeded")),
    ("openai", "invalid_request"): (400, ("invalid_request_error", "invalid_value")),
    ("anthropic", "rate_limit"): (429, ("error", "rate_limit_error")),
    ("anthropic", "auth"): (401, ("error", "authentication_error")),
    ("anthropic", "server_error"): (529, ("error", "overloaded_error")),
    ("anthropic", "context_overflow"): (400, ("error", "invalid_request_error")),
    ("anthropic", "invalid_request"): (400, ("error", "invalid_request_error")),
    ("gemini", "rate_limit"): (429, (429, "RESOURCE_EXHAUSTED")),
    ("gemini", "auth"): (400, (400, "INVALID_ARGUMENT")),
    ("gemini", "server_error"): (503, (503, "UNAVAILABLE")),
    ("gemini", "context_overflow"): (400, (400, "INVALID_ARGUMENT")),
    ("gemini", "invalid_request"): (400, (400, "INVALID_ARGUMENT")),
    ("ollama", "rate_limit"): (429, ("error",)),
    ("ollama", "auth"): (401, ("error",)),
    ("ollama", "server_error"): (500, ("error",)),
    ("ollama", "context_overflow"): (400, ("error",)),
    ("ollama", "invalid_request"): (400, ("error",)),
}
OVERFLOW = {
    "openai": "maximum context length",
    "anthropic": "prompt is too long: ",
    "gemini": "exceeds the maximum number of tokens allowed",
    "ollama": "exceeds the available context size",
}
streamed_or_not = pytest.mark.parametrize("stream", [False, True])


async def fail_next(client: Any, error: str, stream: bool) -> str:
    """Tell a model of this test's own to fail once, slowly were it not an error; return its name."""
    model = f"{error}-{stream}"
    await client.tell(model, latency={"kind": "constant", "s": 10_000}, errors={"class": error, "next": 1})
    return model


@streamed_or_not
@pytest.mark.parametrize(("dialect", "error"), ANSWERED)
async def test_errors_with_an_answer_have_the_providers_own(
    stubs: Any, connect: Any, dialect: str, error: str, stream: bool
) -> None:
    """Status and body are the provider's own, come at once, and are in the ledger."""
    client = connect(stubs[dialect])
    model = await fail_next(client, error, stream)
    before = await client.counts(model)
    async with asyncio.timeout(PATIENCE_S):  # the latency would be 100
        status, headers, text = await client.ask(model, stream=stream)
    assert headers["Content-Type"].startswith("application/json")
    assert (status, SAID[dialect](json.loads(text))) == ANSWERED[dialect, error]
    said_when = '"retryDelay":"1s"' in text if dialect == "gemini" else headers.get("Retry-After") == "1"
    assert said_when == (error == "rate_limit")
    assert (OVERFLOW[dialect] in text) == (error == "context_overflow")
    await client.counts_become(model, before | {error: before.get(error, 0) + 1})


@streamed_or_not
async def test_a_network_error_is_a_reset(client: Any, stream: bool) -> None:
    """The client sees its connection reset without a byte of answer."""
    model = await fail_next(client, "network", stream)
    reader, writer = await asyncio.open_connection(*client.stub.address)
    writer.write(client.stub.raw_request(client.stub.body(model, stream=stream)))
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    writer.close()
    await client.counts_become(model, {"network": 1})


@streamed_or_not
async def test_a_timeout_never_answers(client: Any, stream: bool) -> None:
    """The client waits in vain, and its leaving ends the stalled request."""
    model = await fail_next(client, "timeout", stream)
    with pytest.raises(TimeoutError):
        await client.post(client.stub.body(model, stream=stream), timeout=aiohttp.ClientTimeout(total=0.5))
    await client.counts_become(model, {"timeout": 1})


async def test_a_timeout_is_bounded(start: Any, connect: Any) -> None:
    """After an hour of rule time a stalled request is cut."""
    with start("openai", speed=7_200) as stub:
        client = connect(stub)
        model = await fail_next(client, "timeout", False)
        with pytest.raises(aiohttp.ClientOSError):
            await client.ask(model)
        assert await client.counts(model) == {"timeout": 1}


@streamed_or_not
async def test_an_unknown_error_cannot_be_read(client: Any, stream: bool) -> None:
    """The status is 200 but the JSON is cut short, in a stream as in a plain answer."""
    model = await fail_next(client, "unknown", stream)
    status, headers, text = await client.ask(model, stream=stream)
    streamed = "application/x-ndjson" if client.stub.dialect == "ollama" else "text/event-stream"
    expected = streamed if stream else "application/json"
    assert (status, headers["Content-Type"].split(";")[0]) == (200, expected)
    if stream:
        assert text.endswith("\n")
    payload = text.strip().removeprefix("event: message_start\n").removeprefix("data: ")
    assert payload.startswith("{")
    with pytest.raises(json.JSONDecodeError):
        json.loads(payload)
    await client.counts_become(model, {"unknown": 1})


async def test_after_the_errors_answers_are_good_again(client: Any) -> None:
    """Once the told errors are spent the model answers, and the ledger has both."""
    await client.tell("spent", errors={"class": "server_error", "next": 2})
    statuses = [(await client.ask("spent"))[0] for _ in range(4)]
    assert statuses[0] == statuses[1] >= 500
    assert statuses[2:] == [200, 200]
    await client.counts_become("spent", {"server_error": 2, "ok": 2})


async def test_one_models_errors_are_not_anothers(client: Any) -> None:
    """A behaviour holds for its model alone."""
    await client.tell("sick", errors={"class": "server_error", "share": 1})
    assert (await client.ask("sick"))[0] >= 500
    assert (await client.ask("well"))[0] == 200


async def test_a_client_that_leaves_early_is_a_network_error(client: Any) -> None:
    """A good answer that found nobody is not counted as one."""
    await client.tell("left", latency={"kind": "constant", "s": 10_000})
    with pytest.raises(TimeoutError):
        await client.post(client.stub.body("left"), timeout=aiohttp.ClientTimeout(total=0.3))
    await client.counts_become("left", {"network": 1})


@pytest.mark.parametrize("key", ["wrong", "", "prov\u00edder-key"])
async def test_a_wrong_key_is_refused_as_the_provider_does(client: Any, key: str) -> None:
    """A wrong key is refused in the provider's own shape, which does not repeat the key."""
    before = (await client.counts("")).get("auth", 0)
    status, _, text = await client.post(client.stub.body("m"), headers=client.stub.headers(key))
    dialect = client.stub.dialect
    assert (status, SAID[dialect](json.loads(text))) == ANSWERED[dialect, "auth"]
    assert not key or key not in text
    assert (await client.counts(""))["auth"] == before + 1


async def test_each_dialect_has_its_own_key_header(client: Any) -> None:
    """The right key in another dialect's header is no key."""
    google, x_api_key = {"x-goog-api-key": "provider-key"}, {"x-api-key": "provider-key"}
    headers = google if client.stub.dialect == "anthropic" else x_api_key
    status, _, _ = await client.post(
        client.stub.body("m"), headers=headers | {"anthropic-version": "2023-06-01"}
    )
    assert status == ANSWERED[client.stub.dialect, "auth"][0]


BAD_BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("openai", {"model": None}, "you must provide a model parameter"),
    ("openai", {"model": "x" * 201}, "you must provide a model parameter"),
    ("openai", {"messages": None}, "Missing required parameter: 'messages'."),
    ("openai", {"messages": []}, "empty array"),
    ("openai", {"messages": "hello"}, "Invalid type for 'messages'"),
    ("openai", {"messages": [{"content": "no role"}]}, "Invalid type for 'messages'"),
    ("openai", {"max_tokens": 0}, "max_tokens"),
    ("openai", {"max_completion_tokens": "5"}, "max_completion_tokens"),
    ("openai", {"stream": "yes"}, "stream"),
    ("openai", {"stream_options": {"include_usage": True}}, "only allowed when 'stream' is enabled"),
    ("openai", {"stream": True, "stream_options": {"include_usage": 1}}, "stream_options"),
    ("anthropic", {"model": None}, "model: Field required"),
    ("anthropic", {"max_tokens": None}, "max_tokens: Field required"),
    ("anthropic", {"max_tokens": 0}, "max_tokens: "),
    ("anthropic", {"max_tokens": True}, "max_tokens: "),
    ("anthropic", {"messages": None}, "messages: Field required"),
    ("anthropic", {"messages": []}, "messages: at least one message is required"),
    ("anthropic", {"messages": [{"role": "system", "content": "x"}]}, "messages: "),
    ("anthropic", {"messages": [{"role": "user"}]}, "messages: "),
    ("anthropic", {"stream": 1}, "stream: "),
    ("gemini", {"contents": None}, "contents is not specified"),
    ("gemini", {"contents": []}, "contents is not specified"),
    ("gemini", {"contents": [{"role": "system", "parts": []}]}, "use a valid role"),
    ("gemini", {"contents": [{"role": "user", "parts": "hello"}]}, "use a valid role"),
    ("gemini", {"systemInstruction": "Be brief"}, "system_instruction"),
    ("gemini", {"generationConfig": []}, "generation_config"),
    ("gemini", {"generationConfig": {"maxOutputTokens": 0}}, "max_output_tokens"),
    ("ollama", {"model": None}, "model is required"),
    ("ollama", {"messages": None}, "messages is required"),
    ("ollama", {"messages": {"role": "user"}}, "messages must be a list"),
    ("ollama", {"stream": "no"}, "stream"),
    ("ollama", {"options": []}, "options"),
    ("ollama", {"options": {"num_predict": 1.5}}, "num_predict"),
]


@pytest.mark.parametrize(("dialect", "change", "sentence"), BAD_BODIES)
async def test_bad_requests_are_refused_as_the_provider_does(
    stubs: Any, connect: Any, dialect: str, change: dict[str, Any], sentence: str
) -> None:
    """A bad field gets a 400 of the provider's shape that names it."""
    stub = stubs[dialect]
    status, _, text = await connect(stub).post(stub.body("bad-body") | change)
    error = json.loads(text)["error"]
    message = error if dialect == "ollama" else error["message"]
    assert status == 400
    assert sentence in message
    if dialect == "gemini":
        assert error["status"] == "INVALID_ARGUMENT"
    elif dialect != "ollama":
        assert error["type"] == "invalid_request_error"


async def test_gemini_streams_server_sent_events_only(gemini: Any) -> None:
    """Without alt=sse a stream is refused."""
    path, body = gemini.stub.split(gemini.stub.body("m", stream=True))
    url = f"http://{gemini.stub.listen}{path.removesuffix('?alt=sse')}"
    async with gemini.session.post(url, json=body, headers=gemini.stub.headers()) as response:
        assert response.status == 400
        assert "alt=sse" in await response.text()


async def test_refused_requests_are_in_the_ledger(client: Any) -> None:
    """A request refused by validation counts as invalid_request of the model that it named."""
    await client.ask("refused", messages=[], contents=[])
    assert await client.counts("refused") == {"invalid_request": 1}


async def test_anthropic_wants_its_version_header(anthropic: Any) -> None:
    """Without anthropic-version a request is refused."""
    status, _, text = await anthropic.post(anthropic.stub.body("m"), headers={"x-api-key": "provider-key"})
    assert status == 400
    assert "anthropic-version: header is required" in text


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(client: Any, raw: bytes) -> None:
    """Broken JSON, other JSON and bottomless nesting get a 400 of the provider's shape."""
    status, _, text = await client.post(None, json=None, data=raw)
    assert status == 400
    assert "error" in json.loads(text)


async def test_a_huge_body_is_refused(client: Any) -> None:
    """A body past the bound gets a 413 of the provider's shape."""
    status, _, text = await client.post(None, json=None, data=io.BytesIO(b" " * (9 * 1024 * 1024)))
    assert status == 413
    assert "error" in json.loads(text)
