"""Limits, flaws, paces and spells as clients meet them, in every dialect."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from support.patience import PATIENCE_S

from stub_providers.dialects.openai.limits import write_duration

ALWAYS = {"every": 1}
streamed_or_not = pytest.mark.parametrize("stream", [False, True])


async def read_arrivals(client: Any, model: str, *, stream: bool) -> tuple[float, list[tuple[float, bytes]]]:
    """Ask, and return when the headers and when each part of the body came, in rule time."""
    path, fields = client.stub.split(client.stub.body(model, stream=stream))
    url, begun_s = f"http://{client.stub.listen}{path}", time.monotonic()
    parts = []
    async with client.session.post(url, json=fields, headers=client.stub.headers()) as response:
        headers_s = time.monotonic() - begun_s
        async for part in response.content.iter_any():
            parts.append(((time.monotonic() - begun_s) * 100.0, part))
    return headers_s * 100.0, parts


async def test_a_limit_answers_with_the_providers_headers(openai: Any) -> None:
    """OpenAI says what is left of requests and of tokens, and what is refused says when to try again."""
    limits = {"requests": 2, "tokens": 5_000, "per_s": 6_000}
    await openai.tell("limited", limits=limits, prompt_tokens=100)
    status, headers, _ = await openai.ask("limited")
    assert status == 200
    shown = {name: headers[f"x-ratelimit-{name}"] for name in ("limit-requests", "remaining-requests")}
    assert shown == {"limit-requests": "2", "remaining-requests": "1"}
    assert (headers["x-ratelimit-limit-tokens"], headers["x-ratelimit-remaining-tokens"]) == ("5000", "4836")
    await openai.ask("limited")
    status, headers, text = await openai.ask("limited")
    error = json.loads(text)["error"]
    assert (status, error["type"], error["code"]) == (429, "requests", "rate_limit_exceeded")
    assert headers["x-ratelimit-remaining-requests"] == "0"
    # 3000 s of rule time for a request are 30 s of the client's.
    assert 25 <= int(headers["Retry-After"]) <= 30
    assert 25_000 <= int(headers["retry-after-ms"]) <= 30_000
    assert re.fullmatch(r"(29|5\d)(\.\d+)?s|1m0s", headers["x-ratelimit-reset-requests"])
    await openai.counts_become("limited", {"ok": 2, "rate_limit": 1})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0ms"), (0.006, "6ms"), (1, "1s"), (1.5, "1.5s"), (360, "6m0s"), (3_600.25, "1h0m0.25s")],
)
def test_durations_are_written_as_openai_does(seconds: float, text: str) -> None:
    """As Go prints them."""
    assert write_duration(seconds) == text


async def test_a_limit_of_tokens_refuses_in_anthropics_words(anthropic: Any) -> None:
    """Prompts and answers have limits of their own, which headers show with the instant of their reset."""
    limits = {"input_tokens": 150, "output_tokens": 10_000, "per_s": 6_000}
    await anthropic.tell("limited", limits=limits, prompt_tokens=100)
    status, headers, _ = await anthropic.ask("limited")
    assert (status, headers["anthropic-ratelimit-input-tokens-remaining"]) == (200, "50")
    status, headers, text = await anthropic.ask("limited")
    assert (status, json.loads(text)["error"]["type"]) == (429, "rate_limit_error")
    assert "150 input tokens" in text
    assert 15 <= int(headers["Retry-After"]) <= 20
    reset_at = datetime.fromisoformat(headers["anthropic-ratelimit-input-tokens-reset"])
    assert 20 <= reset_at.timestamp() - time.time() <= 42


async def test_a_limit_of_googles_stands_in_the_body(gemini: Any) -> None:
    """The quota, and when to try again."""
    await gemini.tell("limited", limits={"requests": 1, "per_s": 3_000})
    await gemini.ask("limited")
    status, headers, text = await gemini.ask("limited")
    quota, retry = json.loads(text)["error"]["details"]
    assert (status, "Retry-After" in headers) == (429, False)
    assert quota["violations"][0]["quotaValue"] == "1"
    assert 25 <= int(retry["retryDelay"].removesuffix("s")) <= 30


async def test_a_limit_fills_up_again(client: Any) -> None:
    """Who comes later is let through."""
    await client.tell("refills", limits={"requests": 1, "per_s": 100})
    assert [(await client.ask("refills"))[0] for _ in range(2)] == [200, 429]
    async with asyncio.timeout(PATIENCE_S):
        while (await client.ask("refills"))[0] != 200:
            await asyncio.sleep(0.05)


async def read_beginning(client: Any, model: str, *, stream: bool) -> bytes:
    """Return what comes first, however late the machine is, and leave the rest."""
    path, fields = client.stub.split(client.stub.body(model, stream=stream))
    url, headers = f"http://{client.stub.listen}{path}", client.stub.headers()
    async with (
        asyncio.timeout(PATIENCE_S),
        client.session.post(url, json=fields, headers=headers) as response,
    ):
        first: bytes = await response.content.readany()
        return first


@streamed_or_not
async def test_a_stall_comes_in_the_middle(client: Any, stream: bool) -> None:
    """A part of the answer is there at once, the rest later, and then the answer is whole."""
    latency, model = {"kind": "constant", "s": 1}, f"stalls-{stream}"
    await client.tell(model, latency=latency, flaw={"kind": "stall", "after": 0.5, "for_s": 40, **ALWAYS})
    _, parts = await read_arrivals(client, model, stream=stream)
    assert parts[-1][0] >= 40
    for_ever = {"kind": "stall", "after": 0.5, "for_s": 10_000, **ALWAYS}
    await client.tell("lost", latency=latency, flaw=for_ever)
    assert await read_beginning(client, "lost", stream=stream)
    await client.tell("sound", latency=latency)
    _, sound = await read_arrivals(client, "sound", stream=stream)
    assert sum(len(part) for _, part in parts) == pytest.approx(sum(len(one) for _, one in sound), rel=0.1)
    await client.counts_become(model, {"ok": 1})


@streamed_or_not
async def test_a_drip_takes_its_time(openai: Any, stream: bool) -> None:
    """Byte by byte, as slowly as told, and whole in the end."""
    await openai.tell("drips", flaw={"kind": "drip", "after": 0.0, "bytes_per_s": 40, **ALWAYS})
    _, parts = await read_arrivals(openai, "drips", stream=stream)
    size = sum(len(part) for _, part in parts)
    assert parts[-1][0] >= size / 40
    await openai.tell("trickles", flaw={"kind": "drip", "after": 0.0, "bytes_per_s": 0.1, **ALWAYS})
    assert 0 < len(await read_beginning(openai, "trickles", stream=stream)) < size / 2
    assert b"smoke" in b"".join(part for _, part in parts)


async def read_until_end(client: Any, model: str, *, stream: bool) -> bytes:
    """Return all that comes on a connection of its own until it ends."""
    reader, writer = await asyncio.open_connection(*client.stub.address)
    writer.write(client.stub.raw_request(client.stub.body(model, stream=stream)))
    received = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while part := await reader.read(65_536):
                received += part
    except ConnectionResetError:
        received += b"RESET"
    writer.close()
    return received


@streamed_or_not
@pytest.mark.parametrize("kind", ["reset", "truncated"])
async def test_an_answer_that_breaks_off(client: Any, kind: str, stream: bool) -> None:
    """Half of it comes under status 200; then the connection is reset, or closed in order."""
    model = f"{kind}-{stream}"
    await client.tell(model, flaw={"kind": kind, "after": 0.5, **ALWAYS})
    received = await read_until_end(client, model, stream=stream)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"smoke" in received
    assert received.endswith(b"RESET") == (kind == "reset")
    assert not received.endswith(b"\r\n0\r\n\r\n")
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
        await client.ask(model, stream=stream)
    await client.counts_become(model, {kind: 2})


@streamed_or_not
async def test_a_malformed_answer_is_whole_but_no_json(client: Any, stream: bool) -> None:
    """Of a stream one event cannot be read, in its middle; HTTP is as it should be."""
    await client.tell(f"malformed-{stream}", flaw={"kind": "malformed", **ALWAYS})
    status, _, text = await client.ask(f"malformed-{stream}", stream=stream)
    assert status == 200
    if stream:
        before, _, after = text.partition("<html>")
        assert "moke" in before
        assert after.count("\n") > 2
    else:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
    await client.counts_become(f"malformed-{stream}", {"malformed": 1})


async def test_a_stream_has_the_pace_that_was_told(openai: Any) -> None:
    """The first token when it was told, a piece for each token, and the last when all are through."""
    await openai.tell(
        "paced",
        first_token={"kind": "constant", "s": 20},
        between_tokens={"kind": "constant", "s": 2},
        completion_tokens=30,
    )
    headers_s, parts = await read_arrivals(openai, "paced", stream=True)
    assert headers_s >= 20
    assert parts[-1][0] >= 78
    assert b"".join(part for _, part in parts).count(b'"delta":{"content":') == 30
    _, whole = await read_arrivals(openai, "paced", stream=False)
    assert whole[0][0] >= 78
    await openai.tell("slow", between_tokens={"kind": "constant", "s": 10_000}, completion_tokens=30)
    assert b'"delta"' in await read_beginning(openai, "slow", stream=True)


async def test_ollama_says_when_its_first_token_came(ollama: Any) -> None:
    """Its durations are what was told."""
    await ollama.tell("paced", latency={"kind": "constant", "s": 3}, first_token={"kind": "constant", "s": 1})
    _, _, text = await ollama.ask("paced")
    answer = json.loads(text)
    assert (answer["prompt_eval_duration"], answer["eval_duration"]) == (1_000_000_000, 2_000_000_000)


async def test_a_mix_has_errors_of_several_classes(openai: Any) -> None:
    """Each its own share."""
    await openai.tell(
        "mixed", latency={"kind": "constant", "s": 0}, errors={"mix": {"auth": 0.3, "server_error": 0.3}}
    )
    for _ in range(60):
        await openai.ask("mixed")
    counts = await openai.counts("mixed")
    assert counts.keys() == {"auth", "server_error", "ok"}
    assert all(8 <= count <= 36 for count in counts.values())


async def test_a_spell_passes(client: Any) -> None:
    """What fails in it is good again after it."""
    await client.tell("spell", spells=[{"for_s": 50, "errors": {"class": "server_error", "share": 1}}])
    assert (await client.ask("spell"))[0] >= 500
    async with asyncio.timeout(PATIENCE_S):
        while (await client.ask("spell"))[0] != 200:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("dialect", "path"), [("openai", "/v1/models"), ("gemini", "/v1beta/models"), ("ollama", "/api/tags")]
)
async def test_lookups_fail_where_they_are_told_to(start: Any, connect: Any, dialect: str, path: str) -> None:
    """And nowhere else: by themselves they are answered at once."""
    with start(dialect) as stub:
        client = connect(stub)

        async def look_up() -> int:
            async with client.session.get(f"http://{stub.listen}{path}", headers=stub.headers()) as response:
                await response.read()
                return response.status

        await client.tell("*", errors={"class": "server_error", "share": 1})
        assert await look_up() == 200
        await client.tell("*", errors={"class": "server_error", "share": 1}, lookups=True)
        assert await look_up() >= 500
        await client.tell("*", limits={"requests": 1, "per_s": 80_000}, lookups=True)
        assert [await look_up(), await look_up()] == [200, 429]
        await client.tell("*", errors={"class": "network", "share": 1}, lookups=True)
        with pytest.raises(aiohttp.ClientOSError):
            await look_up()
        counts = await client.counts("")
        assert counts.pop("network") >= 1  # the client asks once more
        assert counts == {"ok": 1, "rate_limit": 1, "server_error": 1}
