"""The port that a provider is reached at: an outage closes it for real, recovery opens it again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from aiohttp import web

_BACKLOG = 1_024
_LINGER_NOT = struct.pack("ii", 1, 0)


class Door:
    """A port that can be shut and opened again.

    A second socket stays bound to the port without listening: while the door is shut connections are
    refused, yet the kernel does not hand the port to somebody's outgoing connection.
    """

    def __init__(self, host: str, port: int) -> None:
        """Reserve the port (0: any free one); raises OSError when it cannot be had."""
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self._family = family
        self._holder = _bound(family, address)
        self._address = self._holder.getsockname()
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Lock()

    @property
    def address(self) -> str:
        """`host:port`, with an IPv6 host in brackets."""
        host, port = self._address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    async def open(self, handlers: web.Server) -> None:
        """Accept connections for `handlers`; raises OSError when the port cannot be listened on."""
        async with self._turn:
            if self._server is None:
                listener = _bound(self._family, self._address)
                loop = asyncio.get_running_loop()
                try:
                    self._server = await loop.create_server(handlers, sock=listener, backlog=_BACKLOG)
                except OSError:
                    listener.close()
                    raise

    async def shut(self, handlers: web.Server) -> None:
        """Refuse new connections, and reset the open ones."""
        async with self._turn:
            if self._server is not None:
                self._server.close()
                self._server = None
            for connection in handlers.connections:
                reset(connection.transport)

    def release(self) -> None:
        """Give the port back."""
        self._holder.close()


def reset(transport: asyncio.Transport | None) -> None:
    """Abort a connection so that its client sees a reset and not an orderly end (SO_LINGER of 0)."""
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):  # the client was faster
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def _bound(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Lets holder and listener share the port: Linux allows it while no other socket listens there.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
