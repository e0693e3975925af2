"""The port that an outage closes."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from stub_providers.door import Door


async def _ok(_request: web.BaseRequest) -> web.Response:
    return web.Response()


async def test_a_door_opened_many_times_at_once_is_open_once() -> None:
    """Concurrent opening neither fails nor leaves a socket that shutting forgets."""
    door, handlers = Door("127.0.0.1", 0), web.Server(_ok)
    await asyncio.gather(*(door.open(handlers) for _ in range(8)))
    host, _, port = door.address.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await door.shut(handlers)
    assert not door.is_open
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
    door.release()


async def test_an_address_of_version_6_is_written_in_brackets() -> None:
    """An IPv6 address can be told from its port."""
    door = Door("::1", 0)
    assert door.address.startswith("[::1]:")
    door.release()


def test_a_port_that_somebody_listens_on_cannot_be_had() -> None:
    """A taken port is an OSError and not a shared port."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Door("127.0.0.1", taken.getsockname()[1])
