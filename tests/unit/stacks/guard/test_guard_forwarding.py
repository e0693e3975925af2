"""What the guard passes on is what it has checked, and an engine that fails is named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from alertdrill.stacks.guard.app import MAX_DESCRIPTION_BYTES, PROJECT_LABEL, SERVICE_LABEL, make_app

Client = TestClient[web.Request, web.Application]
CONNECT = "/networks/front/connect"
LABELS = {PROJECT_LABEL: "drills", SERVICE_LABEL: "prepare"}
OURS = json.dumps({"Config": {"Labels": LABELS}, "Labels": LABELS}).encode()
THEIRS = json.dumps({"Config": {"Labels": {PROJECT_LABEL: "theirs"}}}).encode()


@asynccontextmanager
async def serve_engine(socket: Path, answer: Callable[[bytes, bytes], bytes]) -> AsyncIterator[None]:
    """Answer every connection with the bytes that are made of a request's head and body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            _, _, length = head.lower().partition(b"content-length: ")
            body = await reader.readexactly(int(length.split(b"\r\n")[0])) if length else b""
            writer.write(answer(head, body))
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_unix_server(handle, socket)
    async with server:
        yield


def write_answer(body: bytes, status: str = "200 OK") -> bytes:
    """Return an answer of the engine."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def guard_before(folder: Path, answer: Callable[[bytes, bytes], bytes] | None) -> AsyncIterator[Client]:
    """Yield a client of a guard before such an engine, or before none."""
    socket = folder / "engine.sock"
    async with TestClient(TestServer(make_app("drills", str(socket)))) as client:
        if answer is None:
            yield client
            return
        async with serve_engine(socket, answer):
            yield client


Passed = tuple[Client, list[tuple[str, bytes]]]


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Passed]:
    """Return a client of a guard, and the request lines and bodies that the engine was asked to act on."""
    acted: list[tuple[str, bytes]] = []

    def answer(head: bytes, body: bytes) -> bytes:
        line = head.split(b"\r\n")[0].decode()
        method, path, _ = line.split()
        if method == "GET" and path in (
            "/containers/gateway/json",
            "/containers/prep/json",
            "/networks/front",
        ):
            return write_answer(OURS)
        if method == "GET" and path.startswith("/containers/database/"):
            return write_answer(THEIRS)
        acted.append((f"{method} {path}", body))
        return write_answer(b"{}")

    async with guard_before(tmp_path, answer) as client:
        yield client, acted


async def test_a_connection_is_passed_on_as_it_was_checked(asked: Passed) -> None:
    """What reaches the engine is written by the guard: the keys of the API's reference, each once."""
    client, acted = asked
    body = b'{ "EndpointConfig":{"Aliases":["gateway","drills-gateway-1"]},"Container":\t"gateway"}'
    assert (await client.post(CONNECT, data=body)).status == 200
    (passed,) = acted
    assert passed == (
        f"POST {CONNECT}",
        b'{"Container": "gateway", "EndpointConfig": {"Aliases": ["gateway", "drills-gateway-1"]}}',
    )
    assert (
        await client.post(
            CONNECT.replace("connect", "disconnect"), json={"Container": "gateway", "Force": True}
        )
    ).status == 200
    assert json.loads(acted[1][1]) == {"Container": "gateway", "Force": True}


@pytest.mark.parametrize(
    "body",
    [
        b'{"Container": "gateway", "container": "database"}',
        b'{"container": "database"}',
        b'{"Container": "gateway", "CONTAINER": "database"}',
        b'{"Container": "gateway", "Container": "database"}',
        '{"Container": "gateway", "\u0130": 1}'.encode(),
        b'{"Container": "gateway", "EndpointConfig": {"aliases": ["a"]}}',
        b'{"Container": "gateway", "EndpointConfig": {"Aliases": ["a"], "Aliases": ["b"]}}',
        b'{"Container": "gateway", "EndpointConfig": {"IPAMConfig": {"IPv4Address": "10.0.0.1"}}}',
        b'{"Container": "gateway", "EndpointConfig": {"Aliases": ["a b"]}}',
        b'{"Container": "gateway", "EndpointConfig": []}',
        b'{"Container": "gateway", "Force": "yes"}',
        b'{"Container": "../networks/x"}',
        b'{"Container": "gateway\\ud800"}',
        b'{"Container": "gateway\\n"}',
        b'{"Container": ""}',
        b'{"Container": ["gateway"]}',
        b'{"Container": "' + b"x" * 129 + b'"}',
        b"{}",
        b"",
        b"null",
        b'"no object"',
        b"\xff",
        b"[" * 100_000,
        b'{"Container": "gateway", "EndpointConfig": ' + b'{"a":' * 50_000,
        b'{"Container": "gateway", "x": "' + b"x" * 20_000 + b'"}',
    ],
    ids=range(25),
)
async def test_a_body_that_two_could_read_in_two_ways_is_refused(
    asked: Passed, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """Docker reads keys without regard to case and takes the last: such a body never gets there."""
    client, acted = asked
    answer = await client.post(CONNECT, data=body)
    assert answer.status == 400
    assert isinstance((await answer.json())["message"], str)
    assert acted == []
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_container_is_started_without_a_body(asked: Passed) -> None:
    """Old versions of the API take a whole configuration there."""
    client, acted = asked
    body = {"Binds": ["/:/host"]}
    assert (await client.post("/v1.23/containers/gateway/start", json=body)).status == 400
    assert acted == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/containers/gateway/start?checkpoint-dir=/etc", 400),
        ("/containers/gateway/kill?signal=HUP&signal=KILL", 400),
        ("/containers/gateway/kill?signal=%0d%0a", 400),
        ("/containers/gateway/kill?signal=" + "x" * 300, 400),
        ("/containers/gateway/kill?Signal=HUP", 400),
        ("/containers/gateway/kill?signal=HUP", 200),
        ("/containers/gateway/stop?t=3", 200),
    ],
)
async def test_parameters_are_held_to_those_that_are_known(asked: Passed, path: str, status: int) -> None:
    """Each comes once, and is plain text."""
    client, acted = asked
    assert (await client.post(path)).status == status
    assert [line for line, _ in acted] == ([f"POST {path}"] if status == 200 else [])


@pytest.mark.parametrize(
    "filters",
    [
        "[" * 2_400,
        '{"":' * 600,
        '{"label": ["a"], "label": ["b"]}',
        '{"type": ["\\ud800"]}',
        '{"type": [1]}',
        '{"type": "container"}',
        "",
        "[1]",
    ],
    ids=range(8),
)
async def test_filters_are_held_to_what_filters_are(
    asked: Passed, caplog: pytest.LogCaptureFixture, filters: str
) -> None:
    """Deep, doubled or of another kind: 400, no failure, and nothing reaches the engine."""
    client, acted = asked
    for path in ("/containers/json", "/networks", "/events"):
        assert (await client.get(path, params={"filters": filters})).status == 400
    assert acted == []
    assert [record for record in caplog.records if record.exc_info] == []


async def test_filters_that_are_switches_are_understood(asked: Passed) -> None:
    """Older clients write them so; they are passed on as lists, with our label alone."""
    client, acted = asked
    filters = json.dumps({"type": {"container": True, "image": False}, "label": {"a": True}})
    assert (await client.get("/events", params={"filters": filters})).status == 200
    (line,) = [line for line, _ in acted]
    passed = parse_qs(urlsplit(line.split()[1]).query)
    assert json.loads(passed["filters"][0]) == {"type": ["container"], "label": [f"{PROJECT_LABEL}=drills"]}


GARBAGE = {
    "no HTTP": b"garbage\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": write_answer(OURS)[:-4],
    "no JSON": write_answer(b"<html>"),
    "a list": write_answer(b"[]"),
    "deep": write_answer(b"[" * 100_000),
    "labels of another kind": write_answer(b'{"Config": {"Labels": 7}}'),
    "config of another kind": write_answer(b'{"Config": "x"}'),
    "too much": write_answer(b" " * (MAX_DESCRIPTION_BYTES + 1)),
    "an error": write_answer(b"{}", "500 Internal Server Error"),
    "elsewhere": write_answer(b"", "302 Found\r\nLocation: http://127.0.0.1:1/"),
}


@pytest.mark.parametrize("garbage", [None, *GARBAGE])
async def test_an_engine_that_is_away_or_answers_garbage_is_502(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, garbage: str | None
) -> None:
    """It is said in a sentence, in the shape of the engine's own errors, and nothing of it is a failure."""
    answer = None if garbage is None else lambda _head, _body: GARBAGE[garbage]
    async with guard_before(tmp_path, answer) as client:
        said = await client.post("/containers/gateway/kill")
        assert said.status == 502
        assert "Docker engine" in (await said.json())["message"]
        if garbage in (None, "no HTTP", "nothing", "half a head"):
            assert (await client.get("/version")).status == 502
    assert [record for record in caplog.records if record.exc_info] == []


async def test_an_engine_that_breaks_off_is_not_taken_for_one_that_ends(tmp_path: Path) -> None:
    """The client's answer is broken off too."""
    async with guard_before(tmp_path, lambda _head, _body: write_answer(OURS)[:-4]) as client:
        answer = await client.get("/version")
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
            await answer.read()


async def test_a_redirect_of_the_engines_is_not_followed(tmp_path: Path) -> None:
    """Where it leads was not checked: it is passed on as it is."""
    asked: list[bytes] = []

    def answer(head: bytes, _body: bytes) -> bytes:
        asked.append(head.split(b" ")[1])
        return write_answer(b"{}", "302 Found\r\nLocation: http://engine/containers/database/json")

    async with guard_before(tmp_path, answer) as client:
        assert (await client.get("/version", allow_redirects=False)).status == 302
    assert asked == [b"/version"]
