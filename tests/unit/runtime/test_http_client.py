"""Tests of asking a component: what is sent, what is believed, and that no secret is said."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.patience import PATIENCE_S

from alertdrill.errors import ComponentFailed, LimitReached, RequestRefused
from alertdrill.runtime import http_client as api_room
from alertdrill.runtime.http_client import Api, Series

SECRET = "s3cret"
HEADERS = {"X-Api-Key": SECRET, "X-Scope-OrgID": "acme", "Authorization": f"Bearer {SECRET}-of-many"}
EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def ask(aiohttp_server: Any, handle: Handle, base: str = "", **params: str) -> list[Series]:
    """Ask a server that answers everything with `handle`."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    server: TestServer = await aiohttp_server(app)
    api = Api("the store", str(server.make_url(base)), headers=HEADERS, params={"nocache": "1"})
    return await asyncio.to_thread(api.query, "/api/v1/query", query="up", **params)


async def test_every_query_has_the_headers_and_parameters_below_the_base_path(aiohttp_server: Any) -> None:
    """The path of the address is kept, with a slash at its end or without."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response(EMPTY)

    for base in ("", "/prometheus", "/select/0/prometheus/"):
        assert await ask(aiohttp_server, handle, base, time="1.5") == []
    assert [request.path for request in seen] == [
        "/api/v1/query",
        "/prometheus/api/v1/query",
        "/select/0/prometheus/api/v1/query",
    ]
    for request in seen:
        assert dict(request.query) == {"nocache": "1", "query": "up", "time": "1.5"}
        assert HEADERS.items() <= dict(request.headers).items()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({**EMPTY, "isPartial": True}, "gave an incomplete answer: isPartial"),
        ({**EMPTY, "warnings": ["store b is\nunreachable"]}, "incomplete answer: store b is unreachable"),
        ({"status": "error"}, "something that is not an answer of Prometheus's HTTP API"),
        ({"data": {"result": [{"metric": {}}]}}, "not an answer of Prometheus's HTTP API"),
        (["log in"], "not an answer of Prometheus's HTTP API"),
    ],
)
async def test_what_is_no_whole_answer_is_not_believed(aiohttp_server: Any, answer: Any, says: str) -> None:
    """An answer that says that it is incomplete, or is none, raises ComponentFailed, in one line."""

    async def handle(_: web.Request) -> web.Response:
        return web.json_response(answer)

    with pytest.raises(ComponentFailed, match=says) as caught:
        await ask(aiohttp_server, handle)
    assert "\n" not in str(caught.value)


async def test_a_warning_about_the_expression_is_none_about_the_data(aiohttp_server: Any) -> None:
    """Prometheus 3 says in the same place what it thinks of an expression."""

    async def handle(_: web.Request) -> web.Response:
        return web.json_response({**EMPTY, "warnings": ["PromQL warning: a bucket label is missing"]})

    assert await ask(aiohttp_server, handle) == []


async def test_no_message_repeats_a_secret(aiohttp_server: Any) -> None:
    """A server that echoes what it was sent cannot make us say it."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=403, text=f"not with\n{request.headers['X-Api-Key']}")

    with pytest.raises(ComponentFailed) as caught:
        await ask(aiohttp_server, handle)
    assert str(caught.value).endswith("answered 403 to /api/v1/query: not with …")


async def test_no_message_repeats_a_secret_without_its_scheme(aiohttp_server: Any) -> None:
    """Of `Bearer TOKEN`, a server may echo the token alone."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=403, text=f"no {request.headers['Authorization'].split()[1]} here")

    with pytest.raises(ComponentFailed) as caught:
        await ask(aiohttp_server, handle)
    assert str(caught.value).endswith("answered 403 to /api/v1/query: no … here")


async def test_a_redirect_does_not_take_the_headers_elsewhere(aiohttp_server: Any) -> None:
    """What answers with another address is an error, and that address is not asked."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    with pytest.raises(ComponentFailed, match="answered 302"):
        await ask(aiohttp_server, handle)
    assert asked == ["/api/v1/query"]


async def test_an_answer_is_bounded(aiohttp_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that does not end is not read to its end."""
    monkeypatch.setattr(api_room, "MAX_ANSWER_BYTES", 2 * 1024 * 1024)

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    with pytest.raises(ComponentFailed, match="answered more than 2 MiB to /api/v1/query"):
        await ask(aiohttp_server, handle)


async def test_an_answer_that_drips_is_given_up(aiohttp_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that keep coming do not make an answer take for ever."""
    monkeypatch.setattr(api_room, "ANSWER_WITHIN_S", 0.0)

    async def handle(_: web.Request) -> web.Response:
        return web.json_response(EMPTY)

    with pytest.raises(ComponentFailed, match="took more than 0 s to answer"):
        await ask(aiohttp_server, handle)


def test_a_limit_of_ours_is_not_said_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this process may open no more files, that is why nobody was reached."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("urllib3.util.connection.socket.socket", refuse)
    with pytest.raises(LimitReached, match=r"^prometheus at \S+ cannot be reached: .*(ulimit -n|open files)"):
        Api("prometheus", "http://127.0.0.1:9").get("/")


def test_a_server_that_is_not_there_is_no_finding() -> None:
    """An unreachable server raises ComponentFailed, naming it, with what the system says of it."""
    with pytest.raises(ComponentFailed, match=r"^prometheus at \S+ cannot be reached: Connection refused$"):
        Api("prometheus", "http://127.0.0.1:1").get("/api/v1/query")


@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b[31mRED\x1b]0;title\x07\0\r\n\r\n",
        b"HTTP/1.1 502 \x1b[31mRED\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 10\r\n\r\n\x1b[31mRED\0\x07",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\x1b[31mRED\0\x07",
    ],
    ids=["no HTTP", "reason", "error", "no answer of Prometheus"],
)
def test_a_server_s_control_characters_are_escaped(answer: bytes) -> None:
    """Whatever a server sends instead of an answer is quoted without what a terminal would obey."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once, args=(server, answer), daemon=True)
        thread.start()
        api = Api("the store", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ComponentFailed, match=r"\\x1b\[31mRED") as caught:
            api.query("/api/v1/query")
        thread.join(PATIENCE_S)
    assert str(caught.value).isprintable()


def answer_once(server: socket.socket, answer: bytes) -> None:
    """Give one client these bytes, whatever it asks."""
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)


async def test_an_answer_other_than_2xx_is_no_finding(aiohttp_server: Any) -> None:
    """A server that answers an error raises ComponentFailed with its status."""
    server: TestServer = await aiohttp_server(web.Application())
    api = Api("pager", str(server.make_url("")))
    with pytest.raises(ComponentFailed, match="answered 404 to /pages"):
        await asyncio.to_thread(api.get, "/pages")


async def test_a_document_is_sent_with_the_headers(aiohttp_server: Any) -> None:
    """POST and PUT send JSON, DELETE sends parameters, each with the same headers as a GET."""
    seen: list[tuple[str, str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        assert HEADERS.items() <= dict(request.headers).items()
        seen.append((request.method, request.path_qs, await request.text()))
        return web.json_response({"is": "done"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    server: TestServer = await aiohttp_server(app)
    api = Api("pager", str(server.make_url("/base/")), headers=HEADERS)
    assert (await asyncio.to_thread(api.post, "/a", [1])).json() == {"is": "done"}
    await asyncio.to_thread(api.put, "/b", {"k": 2})
    await asyncio.to_thread(lambda: api.delete("/c", integration="slack"))
    assert seen == [
        ("POST", "/base/a", "[1]"),
        ("PUT", "/base/b", '{"k": 2}'),
        ("DELETE", "/base/c?integration=slack", ""),
    ]


async def test_a_refused_document_says_why_without_secrets(aiohttp_server: Any) -> None:
    """A refused POST raises RequestRefused with the status, and repeats no header's value."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=401, text=f"{request.headers['X-Api-Key']} is unknown")

    app = web.Application()
    app.router.add_post("/a", handle)
    server: TestServer = await aiohttp_server(app)
    api = Api("pager", str(server.make_url("")), headers=HEADERS)
    with pytest.raises(RequestRefused, match=r"answered 401 to /a: … is unknown") as caught:
        await asyncio.to_thread(api.post, "/a", {})
    assert caught.value.status == 401


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_certificates_are_verified(
    aiohttp_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    """Over https a certificate that nobody vouches for is refused; SSL_CERT_FILE vouches."""
    certificate, key = tmp_path / "store.pem", tmp_path / "store.key"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=store"
    extras = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*make.split(), *extras], check=True, capture_output=True, timeout=60)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def handle(_: web.Request) -> web.Response:
        return web.json_response(EMPTY)

    app = web.Application()
    app.router.add_get("/api/v1/query", handle)
    server: TestServer = await aiohttp_server(app, ssl=context)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    store = Api("the store", f"https://127.0.0.1:{server.port}")
    if is_trusted:
        assert await asyncio.to_thread(store.query, "/api/v1/query") == []
    else:
        with pytest.raises(ComponentFailed, match="CERTIFICATE_VERIFY_FAILED"):
            await asyncio.to_thread(store.query, "/api/v1/query")


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 20", b"0"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n\x1f\x8b\x08", b"\0"),
    ],
    ids=["body", "chunks", "headers", "status", "gzip"],
)
def test_a_byte_now_and_then_does_not_hold_a_request(
    start: bytes, drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of an answer has a time, however steadily it comes; the connection is closed then."""
    monkeypatch.setattr(api_room, "ANSWER_WITHIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip_answer, args=(server, start, drip), daemon=True)
        thread.start()
        api = Api("the store", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ComponentFailed, match="took more than 0 s to answer /up"):
            api.get("/up")
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def drip_answer(server: socket.socket, start: bytes, drip: bytes) -> None:
    """Answer the first request a little at a time, until the client has left."""
    connection, _ = server.accept()
    with connection, suppress(ConnectionError):
        connection.recv(65536)
        connection.sendall(start)
        while True:
            connection.sendall(drip)
            time.sleep(0.02)
