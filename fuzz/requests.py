"""Requests with something wrong in them, in plain bytes, to every server of ours.

None is answered with 5xx, none leaves a traceback in a log, and each ends within the server's limits.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from alertdrill.runtime.http_server import Limits
from fuzz.finding import Finding, Tried
from fuzz.mutations import change, dump_json

ROOT = Path(__file__).resolve().parents[1]
# The tests know how each server is run, and what it takes.
sys.path.append(str(ROOT / "tests"))
from support.served import SERVERS, WAIT_S, Served, read_to_the_end, run  # noqa: E402

REQUESTS = 100
"""Of one round."""
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
    b"//",
    b"/../",
    b"?a=%ff&a=\x01",
    b"Content-Type: text/plain; charset=utf-7\r\n",
    b"Content-Type: application/json; charset=no-such\r\n",
    b"Range: bytes=0-1\r\n",
    b"Accept-Encoding: *;q=x\r\n",
    b"traceparent: 00-\xff-00-00\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "x")
ALL_HAVE = (
    "/",
    "/healthz",
    "/metrics",
    "*",
    "http://x/",
    "/%2e%2e/%00",
    "/" + "a" * 9000,
    "//x",
    "/?" + "a&" * 2000,
)
ROUTES: Mapping[str, Sequence[str]] = {
    "gateway": (
        *("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/responses/x", "/v1/models"),
        *("/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens", "/v1/models/x"),
        *("/readyz", "/metrics/gateway"),
        *("/v1/predict", "/v1/infer", "/v1/jobs", "/v1/jobs/1", "/v1/credits", "/v1/workspaces/w"),
        *("/v1/sessions", "/v1/sessions/1", "/v1/sessions/1/turns", "/v1/sessions/1/evaluations"),
        *("/admin/keys", "/admin/keys/1/rotate", "/admin/limits/user/u", "/admin/accounts/u"),
        *(
            "/analytics/cost",
            "/analytics/by_key",
            "/metrics/metis",
            "/metis/v1/chat/completions",
            "/aside/v1/x",
        ),
    ),
    "guard": (
        *(
            "/containers/json",
            "/containers/x/json",
            "/containers/x/pause",
            "/containers/x/stop",
            "/v1.41/info",
        ),
        *("/networks", "/networks/drills_front/disconnect", "/events", "/containers/x/kill?signal=KILL"),
    ),
    "pager": (
        *(
            "/notices",
            "/incidents",
            "/incidents/1/acknowledge",
            "/control/receivers/r",
            "/control/heartbeats/r",
        ),
    ),
    "inbox": ("/v2/enqueue", "/v2/alerts", "/v2/alerts/k/close", "/page/0", "/webhook/page/0"),
    "stub": (
        *(
            "/v1/models",
            "/health",
            "/v1/messages",
            "/api/chat",
            "/api/tags",
            "/v1beta/models/m:streamGenerateContent",
        ),
        *("/control/state", "/control/listening", "/control/models/a/b"),
    ),
}


def spoil(served: Served, rng: random.Random, routes: Sequence[str]) -> bytes:
    """Return a request with pieces put in, left out, changed or doubled, or for something else."""
    said = {}
    if rng.random() < 0.3:
        said["body"] = change(served.body, rng, json.loads, dump_json)
    if rng.random() < 0.4:
        said["path"] = rng.choice(routes)
        said["method"] = rng.choice(METHODS)
    data = bytearray(served.request(has_key=rng.random() < 0.7, chunked=rng.random() < 0.2, **said))
    for _ in range(rng.randint(0 if said else 1, 4)):
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


def list_routes(name: str) -> list[str]:
    """Return what may be asked of a server, and what may not."""
    return [*ALL_HAVE, *ROUTES[name.split()[0]]]


async def send(served: Served, data: bytes, rng: random.Random) -> bytes:
    """Send bytes on a connection of their own, in one piece or several; return what comes until it is closed.

    Raises TimeoutError if it is not closed.
    """
    async with served.connect() as (reader, writer):
        at = rng.randrange(len(data)) if rng.random() < 0.2 else len(data)
        writer.write(data[:at])
        if data[at:]:
            await asyncio.sleep(0)
            writer.write(data[at:])
        return await read_to_the_end(reader)


def is_failure(received: bytes) -> bool:
    """Whether a server says that it failed itself."""
    return b"HTTP/1.1 5" in received or b"HTTP/1.0 5" in received


async def try_all(served: Served, rng: random.Random, count: int, routes: Sequence[str]) -> list[str]:
    """Send so many requests, some at once; return what is wrong with their answers."""
    wrong = []

    async def try_one(data: bytes) -> None:
        try:
            received = await send(served, data, rng)
        except TimeoutError:
            wrong.append(f"no end, of {data!r}")
            return
        if is_failure(received):
            wrong.append(f"{received[:300]!r}, of {data!r}")

    for _ in range(count // AT_ONCE):
        await asyncio.gather(*(try_one(spoil(served, rng, routes)) for _ in range(AT_ONCE)))
    return wrong


def fuzz(seed: int) -> Tried:
    """Try requests to one of the servers."""
    name = SERVERS[seed % len(SERVERS)]
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    tracebacks = Tracebacks()
    logging.getLogger().addHandler(tracebacks)
    try:
        wrong = asyncio.run(_try_server(name, rng))
    finally:
        logging.getLogger().removeHandler(tracebacks)
    wrong += [f"a traceback in the log: {said}" for said in tracebacks.said]
    return Tried(
        outcomes=(f"{name}",) * REQUESTS, findings=tuple(Finding(what=f"{name}: {what}") for what in wrong)
    )


async def _try_server(name: str, rng: random.Random) -> list[str]:
    limits = Limits(idle_s=WAIT_S, body_s=WAIT_S, unread_s=WAIT_S)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        async with run(name, Path(folder), limits) as served:
            return await try_all(served, rng, REQUESTS, list_routes(name))


class Tracebacks(logging.Handler):
    """Takes the tracebacks that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record that has one."""
        if record.exc_info and record.exc_info[0] is not None:
            self.said.append(logging.Formatter().format(record)[-1500:])
