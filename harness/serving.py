"""Starts a small server of ours: one aiohttp application at one address, until it is told to end."""

from __future__ import annotations

import logging

import click
import uvloop
from aiohttp import web

SHUTDOWN_WALL_S = 0.5


def serve(app: web.Application, listen: str) -> None:
    """Serve at `HOST:PORT` until a signal ends the process; raises click.UsageError for another address."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    web.run_app(
        app,
        host=host,
        port=int(port),
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=lambda *_: None,
        shutdown_timeout=SHUTDOWN_WALL_S,
    )
