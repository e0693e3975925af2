"""Serves a page that grows while its maker works: on loopback, read only, to who has its token.

The maker says what there is to show and goes on; whatever is slow is done in a thread of the server's own,
and only while somebody looks. A browser gets the whole page, then what differs from what it has, as
server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): one that reads slowly
misses steps between, and one that reads nothing is let go.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from alertdrill.runtime.http_server import HttpRunner, Limits

HOST = "127.0.0.1"
EVERY_WALL_S = 1.0
"""Between two events of a browser, at the least."""
RESTS = 20
"""How many times as long as making a document took the next one waits: the maker needs the machine."""
READ_WITHIN_WALL_S = 10.0
"""How long a browser may take to read one event."""
END_WITHIN_WALL_S = 0.5
"""How long browsers have to read the last event."""
ALIVE_EVERY_WALL_S = 15.0
TOKEN_BYTES = 24
"""As many as nobody guesses, and as few as leave the address whole on a line of 80 columns."""
MOST_WATCHERS = 8
MOST_CONNECTIONS = 32
LIMITS = Limits(idle_s=30.0)

Document = Mapping[str, Any]
"""What is shown, by part."""
Make = Callable[[], Document]


class PageServer:
    """A page at `url`, which has its token. `frame` draws a document whole."""

    def __init__(self, frame: Callable[[Document], str]) -> None:
        self._frame = frame
        self._token = secrets.token_urlsafe(TOKEN_BYTES)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._is_up = threading.Event()
        self._failed: Exception | None = None
        self._port = 0
        self._make: Make | None = None
        self._made: Make | None = None
        self._document: dict[str, Any] = {}
        self._texts: dict[str, tuple[int, str]] = {}
        self._version = 0
        self._next_at_s = 0.0
        self._watchers: set[asyncio.Transport] = set()
        self._over = asyncio.Event()

    @property
    def url(self) -> str:
        """Where a browser opens the page."""
        return f"http://{HOST}:{self._port}/?token={self._token}"

    def show(self, make: Make) -> None:
        """Let the page show from now on what `make` returns, which is called if somebody looks."""
        self._make = make

    def start(self) -> None:
        """Begin to serve. Raises OSError where no port can be had."""
        self._thread.start()
        self._is_up.wait()
        if self._failed is not None:
            raise self._failed

    def end(self) -> None:
        """Send what was shown last to who reads it now, and end."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(END_WITHIN_WALL_S * 4)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._failed = error
        finally:
            self._is_up.set()
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._check])
        app.router.add_get("/", self._send_page)
        app.router.add_get("/events", self._send_events)
        runner = _Runner(app, _refuse, limits=LIMITS, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, 0)
            await site.start()
            self._port = runner.addresses[0][1]
            self._is_up.set()
            await self._over.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(END_WITHIN_WALL_S):
                    while self._watchers:
                        await asyncio.sleep(0.01)
        finally:
            unread = tuple(self._watchers)
            await runner.cleanup()
            for transport in unread:
                transport.abort()
            await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token in the address, and from then on in a cookie, as Jupyter does."""
        cookie = f"alertdrill-{self._port}"
        if "token" in request.query and request.path == "/":
            if self._is_token(request.query["token"]):
                answer = web.Response(status=302, headers={"Location": "/", **_HEADERS})
                answer.set_cookie(cookie, self._token, httponly=True, samesite="Strict", path="/")
                return answer
        elif self._is_token(request.cookies.get(cookie, "")):
            return await handler(request)
        raise web.HTTPForbidden(text="The address that alertdrill printed has the token that is wanted here.")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._token.encode())

    async def _send_page(self, _request: web.Request) -> web.StreamResponse:
        self._refresh()
        if not self._document:
            raise web.HTTPServiceUnavailable(text="There is nothing to show yet. Load the page again.")
        page = self._frame({**self._document, "version": self._version})
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=_HEADERS)

    async def _send_events(self, request: web.Request) -> web.StreamResponse:
        if len(self._watchers) >= MOST_WATCHERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_WATCHERS} browsers watch already.")
        has = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
        seen = int(has) if has.isdecimal() and len(has) < 12 else 0
        answer = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        transport = request.transport
        if transport is None:
            return answer
        self._watchers.add(transport)
        try:
            await answer.prepare(request)
            await self._follow(answer, seen)
        except (TimeoutError, ConnectionError):
            transport.abort()
        finally:
            self._watchers.discard(transport)
        return answer

    async def _follow(self, answer: web.StreamResponse, seen: int) -> None:
        quiet_wall_s = 0.0
        while True:
            is_over = self._over.is_set()
            if is_over or time.monotonic() >= self._next_at_s:
                self._refresh()
            new = {name: text for name, (version, text) in self._texts.items() if version > seen}
            if new:
                seen = self._version
                data = ",".join(f"{json.dumps(name)}:{text}" for name, text in new.items())
                await _write(answer, f'id: {seen}\ndata: {{"data":{{{data}}}}}\n\n')
                quiet_wall_s = 0.0
            elif quiet_wall_s >= ALIVE_EVERY_WALL_S:
                await _write(answer, ": alive\n\n")
                quiet_wall_s = 0.0
            if is_over:
                await _write(answer, "event: over\ndata: {}\n\n")
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_WALL_S):
                    await self._over.wait()
            quiet_wall_s += EVERY_WALL_S

    def _refresh(self) -> None:
        """Make the document anew if there is another one, and note which parts differ."""
        make = self._make
        if make is None or make is self._made:
            return
        self._made = make
        began_s = time.monotonic()
        self._document = dict(make())
        texts = {
            name: json.dumps(part, allow_nan=False, separators=(",", ":"))
            for name, part in self._document.items()
        }
        ended_s = time.monotonic()
        self._next_at_s = ended_s + RESTS * (ended_s - began_s)
        changed = [name for name, text in texts.items() if self._texts.get(name, (0, ""))[1] != text]
        if changed:
            self._version += 1
        for name in changed:
            self._texts[name] = self._version, texts[name]


@contextmanager
def serve_page(frame: Callable[[Document], str]) -> Iterator[PageServer]:
    """Yield a server that ends with the block. Raises OSError where no port can be had."""
    log = logging.getLogger("http")
    quiet = logging.NullHandler()  # what strangers send is no line in the middle of the board
    log.addHandler(quiet)
    server = PageServer(frame)
    try:
        server.start()
        yield server
    finally:
        server.end()
        log.removeHandler(quiet)


_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def _write(answer: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(READ_WITHIN_WALL_S):
        await answer.write(text.encode())


def _refuse(_request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"{sentence}\n", headers=_HEADERS)


class _Runner(HttpRunner):
    """Takes so many connections, and closes any further one at once."""

    async def _make_server(self) -> web.Server:
        server: Any = await super()._make_server()
        connect = server._connect

        def connect_or_close() -> asyncio.Protocol:
            return connect() if len(server.connections) < MOST_CONNECTIONS else _Closed()

        server._connect = connect_or_close
        made: web.Server = server
        return made


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()
