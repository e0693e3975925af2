"""How long a scrape of the gateway takes, and how large it is, by the number of its series."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median

from aiohttp import ClientSession

from benchmarks.gateway.serving import HOST, TOKEN, Server

SERIES = (100, 1_000, 10_000)
SCRAPES = 9
AT_ONCE = 16
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """How many series there were, and what the scrape in the middle of nine took."""

    series: int
    took_s: float
    size: int


async def measure_scrapes(gateway: Server) -> AsyncIterator[Scrape]:
    """Issue keys, and call with each, until there are so many series; yield what scrapes come to.

    A gateway has more than a hundred before anybody calls: the first is of what it has then.
    """
    root = f"http://{HOST}:{gateway.port}"
    made = 0
    async with ClientSession(root) as session:
        for wanted in SERIES:
            scrape = await _scrape(session)
            while scrape.series < wanted:
                # At least one series is of each key; some more are, of its user and its team.
                missing = wanted - scrape.series
                more = max(1, missing // 4)
                await _call(session, range(made, made + more))
                made += more
                scrape = await _scrape(session)
            yield scrape


async def _scrape(session: ClientSession) -> Scrape:
    times_s, body = [], b""
    for _ in range(SCRAPES):
        begun_s = time.perf_counter()
        async with session.get("/metrics") as answer:
            body = await answer.read()
        times_s.append(time.perf_counter() - begun_s)
    series = sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))
    return Scrape(series=series, took_s=median(times_s), size=len(body))


async def _call(session: ClientSession, numbers: range) -> None:
    """Call once with each of new keys, whose users and teams are their own."""
    free = asyncio.Semaphore(AT_ONCE)

    async def call(number: int) -> None:
        async with free:
            owner = {"user": f"user-{number}", "team": f"team-{number}"}
            async with session.post("/admin/keys", headers=OPERATOR, json=owner) as issued:
                issued.raise_for_status()
                token = (await issued.json())["token"]
            body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post("/v1/chat/completions", headers=headers, json=body) as answer:
                answer.raise_for_status()
                await answer.read()

    await asyncio.gather(*map(call, numbers))
