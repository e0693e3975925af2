"""The server of a page that grows: who is let in, what a reader gets, and that nobody is waited for."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.patience import PATIENCE_S

from alertdrill.runtime import page_server
from alertdrill.runtime.page_server import Document, PageServer, serve_page


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """Serve a page of one part."""
    monkeypatch.setattr(page_server, "EVERY_WALL_S", 0.02)
    with serve_page(json.dumps) as running:
        running.show(lambda: {"part": 1})
        yield running


OPENED: list[HTTPConnection | HTTPResponse] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    """Close what a test opened."""
    yield
    while OPENED:
        OPENED.pop().close()


def connect(server: PageServer) -> HTTPConnection:
    """Return a connection to the server."""
    OPENED.append(connection := HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE_S))
    return connection


def enter(server: PageServer) -> dict[str, str]:
    """Return the header that lets in, as a browser has it of the address."""
    connection = connect(server)
    connection.request("GET", server.url.removeprefix(f"http://{urlsplit(server.url).netloc}"))
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return {"Cookie": cookie.partition(";")[0]}


def ask(server: PageServer, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    """Return the answer to one request."""
    connection = connect(server)
    connection.request(method, path, headers=headers)
    OPENED.append(answer := connection.getresponse())
    return answer


def follow(server: PageServer, after: int = 0) -> HTTPResponse:
    """Return the stream of events."""
    answer = ask(server, f"/events?after={after}", **enter(server))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    return answer


def read_event(stream: HTTPResponse) -> tuple[str, Any]:
    """Return the next event's id and data."""
    fields: dict[str, str] = {}
    while line := stream.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields.get("id", fields.get("event", "")), json.loads(fields["data"])


def test_the_address_stands_on_a_line_of_80_columns(server: PageServer) -> None:
    """It is copied from a terminal, which would break a longer one in its middle; ports have five digits."""
    port = urlsplit(server.url).port
    assert len(f"Watch it at {server.url}") + 5 - len(str(port)) < 80
    assert len(f"{'page':<14}{server.url}") + 5 - len(str(port)) < 80


@pytest.mark.parametrize("path", ["/", "/events", "/?token=", "/?token=x", "/?token=%ff", "/nothing"])
def test_without_the_token_nobody_is_let_in(server: PageServer, path: str) -> None:
    """Neither page nor events, and not to learn which addresses there are."""
    answer = ask(server, path)
    assert answer.status == 403
    assert b"part" not in answer.read()


def test_a_wrong_cookie_lets_nobody_in(server: PageServer) -> None:
    """A token of another server on this machine neither, whose cookie has another port in its name."""
    (cookie,) = enter(server).values()
    name, _, value = cookie.partition("=")
    assert ask(server, "/", Cookie=f"{name}=wrong").status == 403
    assert ask(server, "/", Cookie=f"alertdrill-1={value}").status == 403


def test_nothing_can_be_changed(server: PageServer) -> None:
    """Other methods than reading are refused, with the token, too."""
    allowed = enter(server)
    assert {ask(server, "/", method, **allowed).status for method in ("POST", "PUT", "DELETE")} == {405}


def test_events_are_what_is_new(server: PageServer) -> None:
    """First all, then only the parts that differ; the id is where to go on from."""
    stream = follow(server)
    assert read_event(stream) == ("1", {"data": {"part": 1}})
    server.show(lambda: {"part": 1, "other": 2})
    assert read_event(stream) == ("2", {"data": {"other": 2}})
    again = ask(server, "/events?after=0", **enter(server), **{"Last-Event-ID": "1"})
    assert read_event(again) == ("2", {"data": {"other": 2}})


def test_the_page_says_where_its_events_go_on(server: PageServer) -> None:
    """So nothing is lost between the two."""
    page = json.loads(ask(server, "/", **enter(server)).read())
    assert page == {"part": 1, "version": 1}


def test_nothing_is_made_that_nobody_looks_at() -> None:
    """What is shown costs the maker nothing."""
    calls = []

    def make() -> Document:
        calls.append(1)
        return {}

    with serve_page(json.dumps) as server:
        for _ in range(100):
            server.show(make)
        assert ask(server, "/").status == 403
    assert calls == []


def test_steps_between_two_looks_are_left_out(server: PageServer) -> None:
    """Who reads slowly gets what is now, and not all that was."""

    def make(number: int) -> Document:
        return {"part": number}

    stream = follow(server)
    assert read_event(stream)[0] == "1"
    for number in range(2, 2000):
        server.show(partial(make, number))
    seen = [read_event(stream)[1]["data"]["part"]]
    while seen[-1] != 1999:
        seen.append(read_event(stream)[1]["data"]["part"])
    assert len(seen) < 1000


def read_nothing(server: PageServer) -> socket.socket:
    """Ask for events, and read none."""
    (cookie,) = enter(server).values()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = urlsplit(server.url).netloc.split(":")
    client.connect((host, int(port)))
    client.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
    return client


def await_that(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_who_reads_nothing_is_let_go_and_holds_nobody_up(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Showing waits for nothing, others get their events, and the place is free again."""
    monkeypatch.setattr(page_server, "READ_WITHIN_WALL_S", 0.3)
    long = "x" * 8_000_000
    with read_nothing(server):
        await_that(lambda: len(server._watchers) == 1)
        shown = threading.Event()
        server.show(lambda: {"part": long if shown.wait(PATIENCE_S) else ""})
        shown.set()
        server.show(lambda: {"part": long + "y"})
        await_that(lambda: not server._watchers)
        server.show(lambda: {"part": 3})
        stream = follow(server)
        await_that(lambda: read_event(stream)[1]["data"] == {"part": 3})


def test_the_end_waits_for_nobody_who_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is over when it is over, however long somebody may take to read."""
    monkeypatch.setattr(page_server, "READ_WITHIN_WALL_S", 10 * PATIENCE_S)
    with serve_page(json.dumps) as server:
        server.show(lambda: {"part": "x" * 8_000_000})
        with read_nothing(server):
            await_that(lambda: len(server._watchers) == 1)
            server.end()
            server._thread.join(PATIENCE_S)
            assert not server._thread.is_alive()


def test_who_reads_gets_the_last_event_before_the_end() -> None:
    """What is shown last is what was concluded, and then that it is over."""
    with serve_page(json.dumps) as server:
        server.show(lambda: {"part": 1})
        stream = follow(server)
        assert read_event(stream)[1] == {"data": {"part": 1}}
        server.show(lambda: {"part": "the end"})
        server.end()
        assert read_event(stream)[1] == {"data": {"part": "the end"}}
        assert read_event(stream) == ("over", {})


def test_so_many_watch_and_no_more(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is told so."""
    monkeypatch.setattr(page_server, "MOST_WATCHERS", 2)
    streams = [follow(server), follow(server)]
    refused = ask(server, "/events", **enter(server))
    assert refused.status == 503
    assert refused.read() == b"2 browsers watch already.\n"
    assert [read_event(stream)[0] for stream in streams] == ["1", "1"]


def test_so_many_connections_and_no_more(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is closed at once, token or not."""
    monkeypatch.setattr(page_server, "MOST_CONNECTIONS", 2)
    held = [connect(server), connect(server)]
    for one in held:
        one.request("GET", "/")
        assert one.getresponse().read()
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask(server, "/")
    held[0].close()
    await_that(lambda: _is_answered(server))


def _is_answered(server: PageServer) -> bool:
    try:
        return ask(server, "/").status == 403
    except (ConnectionError, http.client.RemoteDisconnected):
        return False


def test_it_listens_on_loopback_only(server: PageServer) -> None:
    """The address says so."""
    assert urlsplit(server.url).hostname == "127.0.0.1"


def test_what_takes_long_to_make_is_made_less_often(server: PageServer) -> None:
    """A twentieth of the time is the most, however many look: who makes it needs the machine."""
    made: list[float] = []

    def make(_number: int) -> Document:
        made.append(time.monotonic())
        until = made[-1] + 0.02
        while time.monotonic() < until:
            pass
        return {"part": len(made)}

    server.show(partial(make, 0))
    stream, _other = follow(server), follow(server)
    for number in range(1, 4):
        server.show(partial(make, number))
        read_event(stream)
    ways = [after - before for before, after in pairwise(made)]
    assert ways
    assert min(ways) >= 0.02 * page_server.RESTS
