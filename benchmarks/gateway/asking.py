"""Asks a server as fast as it answers, over so many connections: each asks again once it is answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, cast

WARM_S = 1.0
LASTS_S = 4.0
AT_MOST_S = 30.0
ROUNDS = 2
"""A measurement goes on until each connection has been answered so often, on the average."""
ReadCpu = Callable[[], float]
"""Returns how many seconds of CPU a server has spent so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of it: answers a second, and in which time half and 99 of 100 came whole."""

    answers: int
    took_s: float
    p50_s: float
    p99_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answers / self.took_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU that the server spent on each, of its own and of the system's."""
        return self.cpu_s / self.answers * 1e6


def frame_call(host: str, token: str, body: Mapping[str, Any]) -> bytes:
    """Return a chat completion request as it is sent."""
    content = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection(asyncio.Protocol):
    """One connection; it notes how long each answer took, in `times_s`."""

    def __init__(self, call: bytes, times_s: list[float], over: asyncio.Future[None]) -> None:
        self._call, self._times_s, self._over = call, times_s, over
        self.ends = False
        self.is_idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = b""
        self._sent_s = 0.0
        self._body_at = self._length = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again, if that was the end of an answer."""
        self._buffer += data
        if self._body_at < 0 and not self._read_head():
            return
        if self._length >= 0:
            is_whole = len(self._buffer) >= self._body_at + self._length
        else:
            is_whole = self._buffer.endswith(b"\r\n0\r\n\r\n")
        if is_whole:
            self._times_s.append(time.perf_counter() - self._sent_s)
            if not self.ends:
                self._ask()
            elif not self.is_idle.done():
                self.is_idle.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits that a server closed the connection, which none has a reason to while asked."""
        if self.ends:
            if not self.is_idle.done():
                self.is_idle.set_result(None)
        elif not self._over.done():
            self._over.set_exception(error or ConnectionError("the server closed a connection"))

    def _ask(self) -> None:
        self._buffer, self._body_at, self._length = b"", -1, -1
        self._sent_s = time.perf_counter()
        self._transport.write(self._call)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._buffer[:end].lower()
        if not head.startswith(b"http/1.1 200") and not self._over.done():
            self._over.set_exception(ValueError(f"a call was refused: {self._buffer[:500]!r}"))
        self._body_at = end + 4
        _, stated, rest = head.partition(b"\r\ncontent-length:")
        if stated:
            self._length = int(rest.partition(b"\r\n")[0])
        return True


async def ask(address: tuple[str, int], call: bytes, connections: int, read_cpu_s: ReadCpu) -> Asked | None:
    """Ask for a few seconds, of which the first is not counted; None if hardly anything was answered.

    What is asked is answered before this returns, so that the next one finds a server at rest. Raises
    ValueError if a call is refused, and OSError if a connection breaks or nobody listens.
    """
    loop = asyncio.get_running_loop()
    times_s: list[float] = []
    over: asyncio.Future[None] = loop.create_future()
    made = [
        await loop.create_connection(lambda: Connection(call, times_s, over), *address)
        for _ in range(connections)
    ]
    try:
        await _wait(over, WARM_S)
        times_s.clear()
        begun_s, begun_cpu_s = time.perf_counter(), read_cpu_s()
        await _wait(over, LASTS_S)
        while len(times_s) < ROUNDS * connections and time.perf_counter() - begun_s < AT_MOST_S:
            await _wait(over, LASTS_S)
        took_s, cpu_s, answered = time.perf_counter() - begun_s, read_cpu_s() - begun_cpu_s, times_s[:]
        for _, connection in made:
            connection.ends = True
        await asyncio.wait([one.is_idle for _, one in made], timeout=AT_MOST_S)
    finally:
        if not over.done():
            over.set_result(None)
        for transport, _ in made:
            transport.abort()
    if len(answered) < 2:
        return None
    parts = quantiles(answered, n=100)
    return Asked(answers=len(answered), took_s=took_s, p50_s=parts[49], p99_s=parts[98], cpu_s=cpu_s)


async def _wait(over: asyncio.Future[None], seconds: float) -> None:
    """Wait so long; raises what went wrong meanwhile."""
    done, _ = await asyncio.wait([over], timeout=seconds)
    for future in done:
        future.result()
