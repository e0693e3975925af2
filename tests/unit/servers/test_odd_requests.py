"""Good requests with something wrong in them: no server fails at one, or waits for ever."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from served import SERVERS, WAIT_S, Served, read_to_the_end, run

from harness.http_server import Limits

REQUESTS = 60
AT_ONCE = 20
PIECES = (
    b"\r\n",
    b"\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
    b"0\r\n\r\n",
    b"5\r\nabcde\r\n",
    b"GET / HTTP/1.1\r\n",
    b"HTTP/1.0",
    b"\x00",
    b"\xff\xfe",
    b"%",
    b"[" * 50,
    b"\\ud800",
    b" ",
    b":",
)


def spoil(served: Served, rng: random.Random) -> bytes:
    """Return a request with pieces put in, left out, changed or doubled."""
    data = bytearray(served.request(has_key=rng.random() < 0.7, chunked=rng.random() < 0.2))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at:at] = rng.choice(PIECES)
            case 1 if len(data) > 100:
                del data[at : at + rng.randint(1, 20)]
            case 2:
                data[at] = rng.randrange(256)
            case _:
                data += data[: rng.randint(0, 200)]
    return bytes(data)


@pytest.mark.parametrize("name", SERVERS)
async def test_odd_requests_are_answered_or_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Each ends within the limits, none with 5xx, none with a traceback."""
    rng = random.Random(name)  # noqa: S311 - repeatable, no secret
    async with run(name, tmp_path, Limits(idle_s=WAIT_S, body_s=WAIT_S, unread_s=WAIT_S)) as served:

        async def try_one(data: bytes) -> None:
            async with served.connect() as (reader, writer):
                writer.write(data)
                received = await read_to_the_end(reader)
            assert b"HTTP/1.1 5" not in received, data

        for _ in range(REQUESTS // AT_ONCE):
            await asyncio.gather(*(try_one(spoil(served, rng)) for _ in range(AT_ONCE)))
    assert [record for record in caplog.records if record.exc_info] == []
