"""Leads whoever asks for a service by name, through a proxy, back to the pager's own inboxes.

Alertmanager has some services' addresses compiled in. Its redirected config names the pager as the proxy to
them: Alertmanager asks it to CONNECT to the service, and speaks TLS through that connection, with the same
authority and name of an inbox as everywhere. So nobody is reached but the pager, whatever the address.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from alertdrill.alertmanager.receivers import RECEIVER_KINDS

CHUNK_BYTES = 64 * 1024
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def lead_back(request: web.Request) -> web.StreamResponse:
    """Join a connection to one of the pager's own, until either ends; raises web.HTTPForbidden.

    What is returned is written nowhere.
    """
    host, _, port = request.raw_path.rpartition(":")
    known = [name for kind in RECEIVER_KINDS.values() if kind.http for name in kind.http.hosts]
    if host not in known or port != "443":
        raise web.HTTPForbidden(text="the pager is a proxy to nobody but itself")
    transport = request.transport
    if transport is None:
        return web.Response(status=500)
    here: tuple[str, int] = transport.get_extra_info("sockname")[:2]
    reader, writer = await asyncio.open_connection(*here)
    try:
        transport.write(_ESTABLISHED)
        request.protocol.set_parser(_Onward(writer))  # type: ignore[arg-type] # has both methods that are called
        while data := await reader.read(CHUNK_BYTES):
            transport.write(data)
    finally:
        writer.close()
        transport.close()
    return web.Response(status=500)


class _Onward:
    """Takes what aiohttp received after the request, as a websocket's reader does."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Pass bytes on."""
        self._writer.write(data)
        return False, b""

    def feed_eof(self) -> None:
        """End the other connection too."""
        self._writer.close()
