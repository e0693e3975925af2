"""The gateway's benchmark measures real servers, and its document says what was measured beside its goal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gateway import asking, scraping
from benchmarks.gateway.asking import Asked, ask, frame_call
from benchmarks.gateway.document import CONNECTIONS, NAMES, Case, Figures, write
from benchmarks.gateway.scraping import Scrape, measure_scrapes
from benchmarks.gateway.serving import HOST, TOKEN, Server, serve_gateway, serve_stub

CORES = os.sched_getaffinity(0)
BODY = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "x"}], "max_tokens": 16}
FIGURES = Figures(
    load=0.5,
    cores=2,
    asked={
        Case(name=name, connections=connections, stream=stream): Asked(
            answers=4 * per_s, took_s=4.0, p50_s=0.010 * cost, p99_s=0.030 * cost, cpu_s=4.0
        )
        for name, per_s, cost in (
            ("echo", 8_000, 1),
            ("stub", 5_000, 1),
            ("gateway", 2_000, 3),
            ("litellm", 50, 90),
        )
        for connections in CONNECTIONS
        for stream in (False, True)
    },
    scrapes=[Scrape(series=1_000, took_s=0.005, size=204_800)],
)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure for a moment."""
    monkeypatch.setattr(asking, "WARM_S", 0.05)
    monkeypatch.setattr(asking, "LASTS_S", 0.2)
    monkeypatch.setattr(asking, "AT_MOST_S", 10.0)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Server]:
    """Run the gateway before a stub."""
    with serve_stub(tmp_path, CORES) as stub, serve_gateway(tmp_path, CORES, stub) as server:
        yield server


def measure(server: Server, token: str = TOKEN, *, stream: bool = False) -> Asked | None:
    """Ask over two connections."""
    call = frame_call(f"{HOST}:{server.port}", token, {**BODY, "stream": stream})
    return asyncio.run(ask((HOST, server.port), call, 2, server.read_cpu_s))


@pytest.mark.usefixtures("short")
def test_a_gateway_is_measured_and_its_scrapes(gateway: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole answers and streams are counted and timed; who has no key is refused, and nothing is counted."""
    for stream in (False, True):
        asked = measure(gateway, stream=stream)
        assert asked is not None
        assert asked.answers >= 4
        assert 0 < asked.p50_s <= asked.p99_s < asked.took_s
        assert asked.cpu_us > 0
    with pytest.raises(ValueError, match=r"a call was refused: b'HTTP/1\.1 401"):
        measure(gateway, "nobody")
    monkeypatch.setattr(scraping, "SERIES", (1, 300))
    monkeypatch.setattr(scraping, "SCRAPES", 1)

    async def scrape() -> list[Scrape]:
        return [one async for one in measure_scrapes(gateway)]

    few, many = asyncio.run(scrape())
    assert many.series >= 300 > few.series
    assert many.size > few.size


@pytest.mark.usefixtures("short")
def test_a_server_that_closes_a_connection_ends_the_measurement() -> None:
    """What is measured has no reason to."""

    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def try_it() -> None:
        server = await asyncio.start_server(close, HOST, 0)
        async with server:
            await ask(server.sockets[0].getsockname(), b"GET / HTTP/1.1\r\n\r\n", 1, lambda: 0.0)

    with pytest.raises(ConnectionError):
        asyncio.run(try_it())


def test_the_document_has_every_case_and_goal() -> None:
    """Ratios are to the stub alone, over as many connections, in the same run."""
    text = "\n".join(write(FIGURES))
    for shown in NAMES.values():
        for connections in CONNECTIONS:
            assert text.count(f"| {shown} | {connections} |") == 2, "plain and streamed"
    assert "| gateway | 128 | 2,000 | 40% | 30.00 ms | 90.00 ms | 20.00 ms | 60.00 ms | 500 µs |" in text
    assert "| answers a second on one core, at its best (1 connections) | 2,500 | 2,000 |" in text
    assert "| 40% | 40%, 40%, 40%, 40% |" in text
    assert "| at most 5 times | 3.0 times |" in text
    assert "| 25 | 40, 40, 40, 40 |" in text
    assert "| 1,000 | 5.0 ms | 200 KiB | 5.0 µs |" in text


def test_the_document_says_what_is_missing() -> None:
    """Without LiteLLM there is neither a row nor a goal of it, and it is said how to get it."""
    without = {case: asked for case, asked in FIGURES.asked.items() if case.name != "litellm"}
    text = "\n".join(write(replace(FIGURES, asked=without)))
    assert "| LiteLLM |" not in text
    assert "LiteLLM is not in this run" in text
    assert "times what LiteLLM answers" not in text
