"""Starts a small server of ours: one aiohttp application at one address, until it is told to end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

import click
import uvloop
from aiohttp import web

SHUTDOWN_WALL_S = 0.5


def serve(app: web.Application, listen: str) -> None:
    """Serve at `HOST:PORT` until a signal ends the process; raises click.UsageError for another address."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    with _log_aside():
        web.run_app(
            app,
            host=host,
            port=int(port),
            loop=uvloop.new_event_loop(),
            access_log=None,
            print=lambda *_: None,
            shutdown_timeout=SHUTDOWN_WALL_S,
        )


@contextmanager
def _log_aside() -> Iterator[None]:
    """Have a thread write the log: a disk that is busy would hold up the answers."""
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    stream = logging.StreamHandler()
    stream.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[QueueHandler(lines)])
    listener = QueueListener(lines, stream)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
