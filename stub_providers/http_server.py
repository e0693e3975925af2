"""HTTP servers of aiohttp, each held to the same promises.

- A refusal is in the server's own shape, whether a handler, aiohttp or the parser of HTTP refuses.
- What a client sent is neither logged nor sent back: a malformed request may have a token in it.
- A client that stops in the middle is not waited for longer than `Limits` say.
- The headers of a request are its own: see `_Server`.

The stub providers, which import nothing of ours, have this very file too; a test holds the two together.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

PARSED = "gzip, deflate"
"""The encodings of bodies that are understood."""
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_MALFORMED = "The request is not well-formed HTTP."
_BROKEN = "The server failed to answer this request."
_log = logging.getLogger("http")

Refuse = Callable[[web.BaseRequest, int, str], web.Response]
"""Makes a server's refusal of a request, of a status and a sentence for the client.

Of a request that is not HTTP nothing is known but who sent it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a client may keep its connection without getting on, in seconds of wall time.

    `idle_s` is for the whole header of a request, from the connection's start or the last answer's end;
    `body_s` for the whole body, from when it is read; `unread_s` for what is left of a body that was answered
    before it had arrived. How long an answer takes is not limited.

    `connections` bounds how many there are at once, if it is stated: the first request of one that is too
    many is refused with 503, and of those there are `SURPLUS` at most, for further ones are closed unasked.
    """

    idle_s: float = 120.0
    body_s: float = 30.0
    unread_s: float = 2.0
    connections: int | None = None


LIMITS = Limits()
SURPLUS = 128
_OWN_LIMITS = web.AppKey("limits", Limits)


class HttpRunner(web.AppRunner):
    """Runs an application whose refusals are made by `refuse`.

    `tell_surplus` is called for each connection that is one too many.
    """

    def __init__(
        self,
        app: web.Application,
        refuse: Refuse,
        *,
        limits: Limits = LIMITS,
        handler_cancellation: bool = False,
        tell_surplus: Callable[[], None] = lambda: None,
        shutdown_timeout: float,
    ) -> None:
        super().__init__(
            app,
            handler_cancellation=handler_cancellation,
            shutdown_timeout=shutdown_timeout,
            access_log=None,
        )
        app[_OWN_LIMITS] = limits
        self._refuse = refuse
        self._limits = limits
        self._tell_surplus = tell_surplus

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made, self._refuse, self._limits, self._tell_surplus)


class _Server(web.Server):
    """An application's server.

    It ends the connection after each chunked request: aiohttp 3.14.5 takes the fields of its trailer for
    headers of the next request on that connection, so a proxy that shares connections would lend one
    client's token to another.
    """

    def __init__(
        self, made: web.Server, refuse: Refuse, limits: Limits, tell_surplus: Callable[[], None]
    ) -> None:
        super().__init__(
            self._answer, request_factory=self._read_head, handler_cancellation=made.handler_cancellation
        )
        self._handler = made.request_handler
        self._factory = made.request_factory
        self._refuse = refuse
        self._most = limits.connections
        self._tell_surplus = tell_surplus
        self._counted: set[web.RequestHandler] = set()
        self._surplus: set[web.RequestHandler] = set()
        self._connect = partial(
            _Connection,
            self,
            refuse=refuse,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle_s,
            lingering_time=limits.unread_s,
            auto_decompress=False,  # `read_body` does, for who may ask
            access_log=None,
        )

    def __call__(self) -> web.RequestHandler:
        return self._connect()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection, as one that is answered or as one too many."""
        super().connection_made(handler, transport)
        if self._most is None:
            return
        if len(self._counted) < self._most:
            self._counted.add(handler)
            return
        self._tell_surplus()
        if len(self._surplus) < SURPLUS:
            self._surplus.add(handler)
        else:
            transport.abort()

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Make room for another."""
        super().connection_lost(handler, exc)
        self._counted.discard(handler)
        self._surplus.discard(handler)

    def _read_head(self, message: Any, *rest: Any) -> web.BaseRequest:
        if message.chunked:
            message = message._replace(should_close=True)
        return self._factory(message, *rest)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.protocol in self._surplus:
            response = self._refuse(request, 503, f"There are {self._most} connections already.")
            response.force_close()
            return response
        try:
            return await self._handler(request)
        except web.HTTPException as error:
            response = self._refuse(request, error.status, find_sentence(error))
            for name in ("Allow", "Accept-Encoding"):
                if name in error.headers:
                    response.headers[name] = error.headers[name]
            if error.keep_alive is False:
                response.force_close()
            return response


class _Connection(web.RequestHandler):
    __slots__ = ("_refuse",)

    def __init__(self, server: web.Server, *, refuse: Refuse, **options: Any) -> None:
        super().__init__(server, **options)
        self._refuse = refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - quotes the request
    ) -> web.StreamResponse:
        """Refuse what aiohttp could not read or what a handler failed at, and end the connection."""
        if status < 500:
            _log.warning("a request from %s is not well-formed HTTP and was refused", request.remote)
        elif exc is not None and not isinstance(exc, ConnectionError):
            _log.error("a request from %s could not be answered", request.remote, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun and cannot be replaced")
        response = self._refuse(request, status, _MALFORMED if status < 500 else _BROKEN)
        response.force_close()
        return response


def find_sentence(error: web.HTTPException) -> str:
    """Return what an error of aiohttp says to the client."""
    text = error.text or ""
    return error.reason if not text or text.startswith(f"{error.status}: ") else text


async def read_body(request: web.Request) -> bytes:
    """Return a request's body, decoded.

    Raises web.HTTPException: 400 (it is not what the headers say), 408 (it does not arrive in time), 413 (it
    is longer than the application's bound) or 415 (its encoding is not understood).
    """
    encoding = ", ".join(request.headers.getall("Content-Encoding", ())).strip().lower()
    if encoding not in ("", "identity", *_WINDOWS):
        headers = {"Accept-Encoding": PARSED}
        raise web.HTTPUnsupportedMediaType(
            text=f"Content-Encoding must be one of {PARSED} and identity.", headers=headers
        )
    raw = await _receive(request)
    return _decode(raw, _WINDOWS[encoding], request.client_max_size) if encoding in _WINDOWS else raw


async def _receive(request: web.Request) -> bytes:
    limit_s = request.app.get(_OWN_LIMITS, LIMITS).body_s
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(limit_s):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"The body did not arrive within {limit_s:g} s.") from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest(text="The body is not what the headers say, or not whole.") from None


def _decode(raw: bytes, window: int, most_bytes: int) -> bytes:
    unpacked = zlib.decompressobj(window)
    try:
        decoded = unpacked.decompress(raw, most_bytes + 1)
    except zlib.error:
        raise web.HTTPBadRequest(text="The body is not in its Content-Encoding.") from None
    if len(decoded) > most_bytes:
        raise web.HTTPRequestEntityTooLarge(most_bytes)
    if not unpacked.eof or unpacked.unused_data:
        raise web.HTTPBadRequest(text="The body is not one whole piece of its Content-Encoding.")
    return decoded
